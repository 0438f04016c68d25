"""What we answer by ourselves because no application could do better (RFC 3261 section 8.2)."""

from collections.abc import Collection

from sip.expiry import MIN_SE_S, too_small
from sip.message import Request
from sip.screen import Refuse
from sip.status import phrase

EXTENSIONS = ("timer",)
"""Option tags that work here; the value of our Supported."""


def refusal(request: Request, allow: Collection[str]) -> Refuse | None:
    """Why a request, other than ACK, CANCEL and BYE, cannot be served, in the order of section 8.2."""
    if request.method not in allow:
        if request.method == "SUBSCRIBE":
            return _refuse(489)  # RFC 6665 section 4.2.1.1: there is no event package here
        return _refuse(405, ("Allow", ", ".join(allow)))
    unknown = [tag for tag in request.headers.all("Require") if tag.lower() not in EXTENSIONS]
    if unknown:
        return _refuse(420, ("Unsupported", ", ".join(unknown)))
    return _invite_refusal(request) if request.method == "INVITE" else None


def _invite_refusal(request: Request) -> Refuse | None:
    if request.body and request.content_type != "application/sdp" and not _optional(request):
        return _refuse(415, ("Accept", "application/sdp"))
    if "Content-Encoding" in request.headers and request.headers.get("Content-Encoding") != "identity":
        return _refuse(415, ("Accept-Encoding", "identity"))
    if too_small(request):
        return _refuse(422, ("Min-SE", str(MIN_SE_S)))
    return None


def _optional(request: Request) -> bool:
    disposition = request.headers.get("Content-Disposition") or ""
    return "handling=optional" in disposition.replace(" ", "").lower()


def _refuse(status: int, *headers: tuple[str, str]) -> Refuse:
    return Refuse(status, phrase(status), headers)
