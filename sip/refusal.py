"""What we answer by ourselves because no application could do better (RFC 3261 section 8.2)."""

from collections.abc import Collection

from sip.counters import method_label
from sip.dialogs.session_interval import MIN_SE_S, too_small
from sip.screen import Refuse
from sip.syntax.body import ACCEPT, accepts_description, is_readable
from sip.syntax.message import Request
from sip.syntax.status import phrase

EXTENSIONS = ("timer", "100rel", "replaces", "path", "outbound", "eventlist", "norefersub", "tdialog")
"""Option tags that work here; the value of our Supported."""

_OFFERING = ("INVITE", "UPDATE", "PRACK")
"""Requests that may make an offer."""


def refusal(request: Request, allow: Collection[str]) -> Refuse | None:
    """Why a request, other than ACK, CANCEL and BYE, cannot be served, in the order of section 8.2."""
    if request.method not in allow:
        if request.method == "SUBSCRIBE":
            return _refuse(489)  # RFC 6665 section 4.2.1.1: there is no event package here
        status = 501 if method_label(request.method) == "other" else 405  # sections 8.2.1 and 21.5.2
        return _refuse(status, ("Allow", ", ".join(allow)))
    unknown = [tag for tag in request.headers.all("Require") if tag.lower() not in EXTENSIONS]
    if unknown:
        return _refuse(420, ("Unsupported", ", ".join(unknown)))
    return _offer_refusal(request) if request.method in _OFFERING else None


def _offer_refusal(request: Request) -> Refuse | None:
    if (request.headers.get("Content-Encoding") or "identity").lower() != "identity":
        return _refuse(415, ("Accept-Encoding", "identity"))
    if not is_readable(request):
        return _refuse(415, ("Accept", ACCEPT))
    if not accepts_description(request):
        return _refuse(406)
    if too_small(request):
        return _refuse(422, ("Min-SE", str(MIN_SE_S)))
    return None


def _refuse(status: int, *headers: tuple[str, str]) -> Refuse:
    return Refuse(status, phrase(status), headers)
