"""What the body of a message says: the session description in it, and whether all of it can be read."""

import re
from typing import Final

from sip.syntax.kernels import parameters
from sip.syntax.malformed import Fault, Malformed
from sip.syntax.message import Message
from sip.syntax.multipart import Part, read_body

ACCEPT: Final = "application/sdp, multipart/mixed, multipart/alternative"
"""The value of our Accept (RFC 5621 section 3.3)."""

_SDP: Final = "application/sdp"
_FIRST_COUNTS: Final = ("multipart/related", "multipart/signed")
"""Their other parts only serve the first one (RFC 2387, RFC 1847)."""
_RANGES: Final = {"*/*": 1, "application/*": 2, _SDP: 3}
_ZERO = re.compile(r"0(?:\.0{0,3}+)?\Z")
_SAYING_MORE: Final = ("Content-Disposition", "Content-Encoding", "Content-Transfer-Encoding")
_TELLING: Final = ("Content-Type", *_SAYING_MORE)


def session_description(message: Message) -> bytes | None:
    """The SDP that the session is about, alone or in a multipart body; None when there is none.

    Never raises: `is_readable` has said before whether the body can be understood.
    """
    if not message.body:
        return None
    if _is_plain(message):
        return message.body
    try:
        found = _descriptions(_read(message))
    except Malformed:
        return None
    return found[0] if len(found) == 1 else None


def is_readable(message: Message) -> bool:
    """Whether we understand all that we must of the body (RFC 5621 section 8), else 415; Malformed(400)."""
    if not message.body or _is_plain(message):
        return True
    body = _read(message)
    if len(_descriptions(body)) > 1:
        raise message.malformed(Fault.TWO_SESSION_DESCRIPTIONS)
    return _is_understood(body)


def accepts_description(message: Message) -> bool:
    """Whether we may answer with SDP (RFC 3261 20.1): the narrowest range of Accept decides, if there is any.

    Raises Malformed(400).
    """
    if "Accept" not in message.headers:
        return True
    narrowest, accepted = 0, False
    for value in message.headers.all("Accept"):
        media_range, semicolon, rest = value.partition(";")
        width = _RANGES.get(media_range.replace(" ", "").replace("\t", "").lower(), 0)
        if width > narrowest:
            narrowest, accepted = width, not _has_quality_0(semicolon + rest)
    return accepted


def _has_quality_0(written: str) -> bool:
    try:
        return _ZERO.match(parameters(written).get("q") or "1") is not None
    except (ValueError, OverflowError):
        return False


def _is_plain(message: Message) -> bool:
    """A session description and nothing else, as nearly every body is."""
    return message.content_type == _SDP and not any(name in message.headers for name in _SAYING_MORE)


def _read(message: Message) -> Part:
    telling = {name: value for name, value in message.headers if name in _TELLING}
    try:
        return read_body(telling, message.body)
    except Malformed as error:
        raise message.malformed(error.fault, error.status) from None


def _descriptions(part: Part) -> list[bytes]:
    name = part.media_type.name
    if not part.parts:
        return [part.content] if _is_description(part) else []
    if name == "multipart/alternative":  # the last one that we understand is the best (RFC 2046 5.1.4)
        return next((found for each in reversed(part.parts) if (found := _descriptions(each))), [])
    parts = part.parts[:1] if name in _FIRST_COUNTS else part.parts
    return [found for each in parts for found in _descriptions(each)]


def _is_understood(part: Part) -> bool:
    name = part.media_type.name
    if not part.required:
        return True
    if not part.parts:
        return _is_description(part)
    if name == "multipart/alternative":
        return any(_is_understood(each) for each in part.parts)
    return all(_is_understood(each) for each in (part.parts[:1] if name in _FIRST_COUNTS else part.parts))


def _is_description(part: Part) -> bool:
    return part.media_type.name == _SDP and part.disposition == "session" and not part.encoded
