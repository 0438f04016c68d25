"""SIP messages: bytes to Request or Response and back (RFC 3261 section 7).

`parse` splits; what a header means is found out when it is asked for, and remembered.
"""

import re
from dataclasses import replace
from typing import ClassVar, Final, cast

from sip.syntax.fields import NAMES, Headers
from sip.syntax.grammar import TOKEN
from sip.syntax.header_access import DEFAULT_MAX_FORWARDS, MISSING, Message, is_tagged
from sip.syntax.kernels import scan
from sip.syntax.limits import (
    MAX_BODY_DIGITS,
    MAX_CONTACTS,
    MAX_MESSAGE_BYTES,
    MAX_ROUTES,
    MAX_URI_CHARS,
    MAX_VIAS,
    exceeded,
    refused,
)
from sip.syntax.malformed import Fault, Malformed, Partial
from sip.syntax.status import phrase
from sip.syntax.uri import Uri

__all__ = [
    "DEFAULT_MAX_FORWARDS",
    "Fault",
    "Headers",
    "Malformed",
    "Message",
    "Partial",
    "Request",
    "Response",
    "content_length",
    "is_keepalive",
    "parse",
    "salvage",
]

_URI: Final = r"[!#-;=?-~]++"
_REQUEST_LINE = re.compile(rf"({TOKEN}) ({_URI}) [Ss][Ii][Pp]/([0-9]++\.[0-9]++)\Z")
_STATUS_LINE = re.compile(r"[Ss][Ii][Pp]/([0-9]++\.[0-9]++) ([1-6][0-9]{2})(?: (.*+))?+\Z", re.DOTALL)
_METHOD = re.compile(rf"{TOKEN}\Z")
_WRITTEN_URI = re.compile(rf"{_URI}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SALVAGE = re.compile(rf"({TOKEN})[ \t]*+:[ \t]*+(.*+)\Z", re.DOTALL)

_COPIED: Final = ("From", "To", "Call-ID", "CSeq")
_NEEDED: Final = frozenset(MISSING)
# Single values that somebody here reads (RFC 3261 7.3.1: only lists may come in several lines).
_AT_MOST_ONCE: Final = frozenset({
    *_COPIED, "Content-Disposition", "Content-Length", "Content-Transfer-Encoding", "Content-Type", "Event",
    "Expires", "Max-Forwards", "Min-SE", "RAck", "RSeq", "Refer-To", "Referred-By", "Replaces",
    "Session-Expires",
})  # fmt: skip
_SCHEMES: Final = ("sip", "sips", "tel")


class Request(Message):
    """A request; `method` is case-sensitive, `uri` the Request-URI as written."""

    __slots__ = ("method", "uri")

    _most: ClassVar = {
        "Via": (MAX_VIAS, Fault.TOO_MANY_VIAS),
        "Route": (MAX_ROUTES, Fault.TOO_MANY_ROUTES),
        "Record-Route": (MAX_ROUTES, Fault.TOO_MANY_ROUTES),
        "Contact": (MAX_CONTACTS, Fault.TOO_MANY_CONTACTS),
    }

    def __init__(self, method: str, uri: str, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri = uri

    @property
    def target(self) -> Uri:
        """The Request-URI; Malformed: 414 when too long, 416 for a scheme but sip, sips and tel."""
        if len(self.uri) > MAX_URI_CHARS:
            raise exceeded(Fault.REQUEST_URI_TOO_LONG, self.partial())
        known = self._read.get("Request-URI")
        if known is None or known[0] != self.uri:
            known = self._read["Request-URI"] = (self.uri, self._attempt(Uri.parse, self.uri))
        uri = cast(Uri, known[1])
        if uri.headers:  # RFC 3261 19.1.1
            raise self.malformed(Fault.HEADERS_IN_REQUEST_URI)
        if uri.scheme not in _SCHEMES:
            raise self.malformed(Fault.UNSUPPORTED_SCHEME, 416)
        return uri

    def partial(self) -> Partial:
        """The raw identifying headers, the method too."""
        return replace(super().partial(), method=self.method)

    def check(self) -> None:
        """Read every header that routing and dialogs depend on; raises Malformed for the first bad one."""
        super().check()
        if self.cseq.method != self.method:
            raise self.malformed(Fault.CSEQ_OF_ANOTHER_METHOD)
        _ = self.max_forwards, self.expires, self.routes, self.target
        for name in ("Require", "Proxy-Require"):
            if name in self.headers and not all(map(_METHOD.match, self.headers.all(name))):
                raise self.malformed(Fault.MALFORMED_OPTION_TAG, where=name)
        if "Supported" in self.headers:
            self.headers.all("Supported")
        if self.content_type == "":
            raise self.malformed(Fault.MALFORMED_CONTENT_TYPE)

    def encode(self) -> bytes:
        """The bytes on the wire, with Content-Length; ValueError when they would not be one request."""
        if not _METHOD.match(self.method) or not _WRITTEN_URI.match(self.uri):
            raise ValueError(f"no request line: {self.method!r} {self.uri!r}")
        return self._encode(f"{self.method} {self.uri} SIP/2.0")

    def answer(self, status: int, reason: str | None = None, to_tag: str | None = None) -> "Response":
        """A response with the headers that RFC 3261 8.2.6.2 copies; `to_tag` goes on a To without one."""
        return Response.for_request(self.partial(), status, reason, to_tag)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Request):
            return NotImplemented
        same_line = (self.method, self.uri) == (other.method, other.uri)
        return same_line and self.headers == other.headers and self.body == other.body

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Request({self.method!r}, {self.uri!r}, {self.headers!r}, {self.body!r})"


class Response(Message):
    """A response; `reason` is for people."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason

    @classmethod
    def for_request(
        cls, request: Partial, status: int, reason: str | None = None, to_tag: str | None = None
    ) -> "Response":
        """Answer what could be read of a request (RFC 3261 8.2.6.2); what is missing is left out."""
        headers = Headers(("Via", via) for via in request.vias)
        to = request.to
        if to is not None and to_tag is not None and not is_tagged(to):
            to = f"{to};tag={to_tag}"
        for name, value in zip(_COPIED, (request.from_, to, request.call_id, request.cseq), strict=True):
            if value is not None:
                headers.add(name, value)
        return cls(status, phrase(status) if reason is None else reason, headers)

    def encode(self) -> bytes:
        """The bytes on the wire, with Content-Length; ValueError when they would not be one response."""
        if not 100 <= self.status <= 699:
            raise ValueError(f"no status: {self.status}")
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Response):
            return NotImplemented
        same_line = (self.status, self.reason) == (other.status, other.reason)
        return same_line and self.headers == other.headers and self.body == other.body

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Response({self.status}, {self.reason!r}, {self.headers!r}, {self.body!r})"


def is_keepalive(data: bytes) -> bool:
    """Whether a datagram only keeps a NAT open: line ends (RFC 5626 4.4.1), or the NULs of some phones."""
    return len(data) <= 64 and not data.strip(b"\r\n\0")


def parse(data: bytes) -> Request | Response:
    """One message: a datagram, or what the framer cut from a stream.

    What follows Content-Length is dropped; less is an error (RFC 3261 18.3), none means up to the end. Raises
    Malformed; headers are only counted here: `check` and typed access read them.
    """
    try:
        return _parse(data)
    except Malformed as error:
        raise Malformed(error.status, error.fault, salvage(data), error.where) from None


def _parse(data: bytes) -> Request | Response:
    if len(data) > MAX_MESSAGE_BYTES:
        raise exceeded(Fault.MESSAGE_TOO_LARGE)
    if data.startswith(b"\r\n"):
        data = data.lstrip(b"\r\n")  # RFC 3261 7.5
    try:
        start, names, values, offset = scan(data, NAMES)
    except (ValueError, OverflowError) as error:
        raise refused(error) from None
    message = _start(start, Headers.scanned(names, values))
    _count(names)
    message.body = _body(data, offset, message.headers)
    return message


def _start(line: str, headers: Headers) -> Request | Response:
    match = _REQUEST_LINE.match(line)
    if match is not None:
        if match[3] != "2.0":
            raise Malformed(505, Fault.VERSION_NOT_SUPPORTED)
        return Request(match[1], match[2], headers)
    match = _STATUS_LINE.match(line)
    if match is None:
        raise Malformed(400, Fault.MALFORMED_START_LINE)
    if match[1] != "2.0":
        raise Malformed(505, Fault.VERSION_NOT_SUPPORTED)
    return Response(int(match[2]), match[3] or "", headers)


def _count(names: list[str]) -> None:
    """RFC 3261 8.1.1 and 7.3.1: what must be there, and what must not be there twice."""
    present = set(names)
    if not present >= _NEEDED:
        raise Malformed(400, next(fault for name, fault in MISSING.items() if name not in present))
    if len(names) - len(present) != names.count("Via") - 1:
        for name in sorted(present & _AT_MOST_ONCE):
            if names.count(name) > 1:
                raise Malformed(400, Fault.REPEATED_HEADER, where=name)


def _body(data: bytes, offset: int, headers: Headers) -> bytes:
    length = content_length(headers.lines("Content-Length"))
    if length is None:
        return data[offset:]
    if length > len(data) - offset:
        raise Malformed(400, Fault.BODY_TOO_SHORT)
    return data[offset : offset + length]


def content_length(values: list[str]) -> int | None:
    """What the one Content-Length says, None when there is none; Malformed(400), 413 when absurd.

    Two are an error even where they agree: the next hop may read another one of them than we.
    """
    if not values:
        return None
    if len(values) > 1:
        raise Malformed(400, Fault.REPEATED_HEADER, where="Content-Length")
    text = values[0]
    if not text.isascii() or not text.isdigit():
        raise Malformed(400, Fault.MALFORMED_CONTENT_LENGTH)
    digits = text.lstrip("0") or "0"
    if len(digits) > MAX_BODY_DIGITS:  # int() of thousands of digits would fail
        raise exceeded(Fault.ENTITY_TOO_LARGE)
    return int(digits)


def salvage(data: bytes) -> Partial:
    """Read what can be read of a message that `parse` refuses, line by line."""
    raw = data[:MAX_MESSAGE_BYTES].lstrip(b"\r\n").partition(b"\r\n\r\n")[0]
    head = _CONTROL.sub("", raw.decode("utf-8", "surrogateescape"))
    start, *lines = re.sub(r"\r?\n[ \t]++", " ", head).replace("\r", "").split("\n")
    found: dict[str, list[str]] = {}
    for line in lines:
        match = _SALVAGE.match(line)
        if match is not None:
            name = NAMES.get(match[1]) or NAMES.get(match[1].lower())
            found.setdefault(name or "", []).append(match[2].strip(" \t"))
    method = start.partition(" ")[0]
    first = {name: values[0] for name, values in found.items()}
    return Partial(
        method if _METHOD.match(method) else None,
        found.get("Via", []),
        first.get("From"), first.get("To"), first.get("Call-ID"), first.get("CSeq"),
    )  # fmt: skip
