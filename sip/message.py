"""SIP messages: bytes to Request or Response and back (RFC 3261 section 7).

`parse` splits; what a header means is found out when it is asked for, and remembered.
"""

import re
from collections.abc import Callable
from typing import Final, Literal, TypeVar, cast

from sip.fields import NAMES, Headers
from sip.grammar import TOKEN, writable
from sip.headers import STAR, CSeq, NameAddr, Star, Via, is_token_parameter, parse_seconds
from sip.kernels import parameters, scan, split_address
from sip.limits import (
    MAX_BODY_DIGITS,
    MAX_CONTACTS,
    MAX_LIST_ITEMS,
    MAX_MESSAGE_BYTES,
    MAX_ROUTES,
    MAX_URI_CHARS,
    MAX_VIAS,
    exceeded,
    refused,
)
from sip.malformed import Fault, Malformed, Partial
from sip.status import phrase
from sip.uri import Uri

__all__ = [
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

T = TypeVar("T")

_URI: Final = r"[!#-;=?-~]++"
_REQUEST_LINE = re.compile(rf"({TOKEN}) ({_URI}) [Ss][Ii][Pp]/([0-9]++\.[0-9]++)\Z")
_STATUS_LINE = re.compile(r"[Ss][Ii][Pp]/([0-9]++\.[0-9]++) ([1-6][0-9]{2})(?: (.*+))?+\Z", re.DOTALL)
_METHOD = re.compile(rf"{TOKEN}\Z")
_WRITTEN_URI = re.compile(rf"{_URI}\Z")
_WORD: Final = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?{}]++"
_CALL_ID = re.compile(rf"{_WORD}(?:@{_WORD})?+\Z")
_MEDIA_TYPE = re.compile(rf"({TOKEN})[ \t]*+/[ \t]*+({TOKEN})[ \t]*+(?:;|\Z)")
_REASON = re.compile(rf"({TOKEN})[ \t]*+(?=;|\Z)")
_CAUSE = re.compile(r"[0-9]{1,3}+\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SALVAGE = re.compile(rf"({TOKEN})[ \t]*+:[ \t]*+(.*+)\Z", re.DOTALL)

_ONCE: Final = {
    "From": Fault.FROM_MISSING,
    "To": Fault.TO_MISSING,
    "Call-ID": Fault.CALL_ID_MISSING,
    "CSeq": Fault.CSEQ_MISSING,
}
_MISSING: Final = {**_ONCE, "Via": Fault.VIA_MISSING}
_NEEDED: Final = frozenset(_MISSING)
# Single values that somebody here reads (RFC 3261 7.3.1: only lists may come in several lines).
_AT_MOST_ONCE: Final = frozenset({
    *_ONCE, "Content-Disposition", "Content-Length", "Content-Transfer-Encoding", "Content-Type", "Event",
    "Expires", "Max-Forwards", "Min-SE", "RAck", "RSeq", "Refer-To", "Referred-By", "Replaces",
    "Session-Expires",
})  # fmt: skip
_MOST: Final = {
    "Via": (MAX_VIAS, Fault.TOO_MANY_VIAS),
    "Route": (MAX_ROUTES, Fault.TOO_MANY_ROUTES),
    "Record-Route": (MAX_ROUTES, Fault.TOO_MANY_ROUTES),
    "Contact": (MAX_CONTACTS, Fault.TOO_MANY_CONTACTS),
}
_MOST_IN_RESPONSES: Final = {"Record-Route": _MOST["Record-Route"]}
_ANY: Final = (MAX_LIST_ITEMS, Fault.TOO_MANY_VALUES)
_SCHEMES: Final = ("sip", "sips", "tel")

DEFAULT_MAX_FORWARDS: Final = 70
"""What a request without the header counts as having (RFC 3261 8.1.1.6); RFC 2543 did not know it."""


class Message:
    """What requests and responses share: headers, body, and the meaning of both.

    Typed access raises Malformed(400), with the partial reading, for a header that is missing or unreadable.
    """

    __slots__ = ("_read", "body", "headers")

    def __init__(self, headers: Headers, body: bytes = b"") -> None:
        self.headers = headers
        self.body = body
        self._read: dict[str, tuple[object, object]] = {}

    @property
    def call_id(self) -> str:
        """The Call-ID, compared byte by byte (RFC 3261 20.8)."""
        return self._required("Call-ID")

    @property
    def cseq(self) -> CSeq:
        """The sequence number and method; a request's must be its own method (RFC 3261 8.1.1.5)."""
        return self._typed("CSeq", CSeq.parse)

    @property
    def from_(self) -> NameAddr:
        """Who sends."""
        return self._typed("From", NameAddr.parse)

    @property
    def to(self) -> NameAddr:
        """Whom it is meant for, which need not be who gets it."""
        return self._typed("To", NameAddr.parse)

    @property
    def from_tag(self) -> str | None:
        """The tag of From, without looking at its URI."""
        return self._typed("From", _tag, "From tag")

    @property
    def to_tag(self) -> str | None:
        """The tag of To, without looking at its URI; None outside of dialogs."""
        return self._typed("To", _tag, "To tag")

    @property
    def top_via(self) -> Via:
        """The hop that handed us a request; the rest is not looked at."""
        return self._typed("Via", lambda line: Via.parse(self.headers.all("Via")[0] if "," in line else line))

    @property
    def vias(self) -> list[Via]:
        """Every hop, the last one first."""
        return self._list("Via", Via.parse)

    @property
    def contacts(self) -> list[NameAddr] | Literal[Star.STAR]:
        """Every contact; STAR for `*`, which must stand alone (RFC 3261 10.2.2)."""
        if any("*" in line for line in self.headers.lines("Contact")):
            values = self._values("Contact")
            if len(values) > 1 and "*" in values:
                raise self.malformed(Fault.MIXED_STAR)
            if "*" in values:
                return STAR
        return self._list("Contact", NameAddr.parse)

    @property
    def routes(self) -> list[NameAddr]:
        """The hops still to be taken, the next one first."""
        return self._list("Route", NameAddr.parse_route)

    @property
    def record_routes(self) -> list[NameAddr]:
        """The proxies that want to stay on the path, as written."""
        return self._list("Record-Route", NameAddr.parse_route)

    @property
    def max_forwards(self) -> int:
        """Hops left, 0 to 255; 70 when not given."""
        text = self.headers.get("Max-Forwards")
        if text is None:
            return DEFAULT_MAX_FORWARDS
        digits = text if len(text) < 4 else text.lstrip("0") or "0"
        if not digits.isascii() or not digits.isdigit() or len(digits) > 3 or int(digits) > 255:
            raise self.malformed(Fault.MALFORMED_MAX_FORWARDS)
        return int(digits)

    @property
    def expires(self) -> int | None:
        """Seconds of the Expires header, at most 2**32-1; None when not given."""
        return None if "Expires" not in self.headers else self._typed("Expires", parse_seconds)

    @property
    def content_type(self) -> str | None:
        """Type and subtype in lower case, `application/sdp`; None when not given, "" when unreadable."""
        text = self.headers.get("Content-Type")
        if text is None or text == "application/sdp":
            return text
        match = _MEDIA_TYPE.match(text)
        return f"{match[1]}/{match[2]}".lower() if match else ""

    @property
    def q850(self) -> int | None:
        """The Q.850 cause of the Reason header (RFC 3326); None when not given or not a number below 128.

        Never raises: a Reason is a remark, and nothing fails because of it.
        """
        try:
            for value in self.headers.all("Reason"):
                protocol = _REASON.match(value)
                if protocol is not None and protocol[1].upper() == "Q.850":
                    return _cause(parameters(value[protocol.end() :]).get("cause"))
        except (Malformed, ValueError, OverflowError):
            return None
        return None

    def partial(self) -> Partial:
        """The raw identifying headers, as a Malformed carries them."""
        get = self.headers.get
        method = self.method if isinstance(self, Request) else None
        return Partial(method, self.headers.lines("Via"), get("From"), get("To"), get("Call-ID"), get("CSeq"))

    def malformed(self, fault: Fault, status: int = 400, where: str = "") -> Malformed:
        """The peer's fault in this message, to be raised."""
        return Malformed(status, fault, self.partial(), where)

    def check(self) -> None:
        """Read every header that routing and dialogs depend on; raises Malformed for the first bad one."""
        for read in _CHECKED_IN_REQUESTS if isinstance(self, Request) else _CHECKED_IN_RESPONSES:
            read(self)

    def _encode(self, start: str) -> bytes:
        lines = [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        head = "\r\n".join([writable(start), *lines, f"Content-Length: {len(self.body)}\r\n\r\n"])
        return head.encode("utf-8", "surrogateescape") + self.body

    def _required(self, name: str) -> str:
        value = self.headers.get(name)
        if not value:
            raise self.malformed(_MISSING.get(name, Fault.HEADER_MISSING))
        return value

    def _typed(self, name: str, read: Callable[[str], T], key: str = "") -> T:
        """The meaning of the first value, read again only when the raw value has changed."""
        raw = self._required(name)
        known = self._read.get(key or name)
        if known is not None and known[0] is raw:
            return cast(T, known[1])
        value = self._attempt(read, raw)
        self._read[key or name] = (raw, value)
        return value

    def _list(self, name: str, read: Callable[[str], T]) -> list[T]:
        lines = self.headers.lines(name)
        if not lines:
            return []
        known = self._read.get(f"{name} list")
        if known is not None and known[0] == lines:
            return list(cast(tuple[T, ...], known[1]))
        alone = len(lines) == 1 and lines[0] and "," not in lines[0]
        values = [self._attempt(read, value) for value in (lines if alone else self._values(name))]
        self._read[f"{name} list"] = (lines, tuple(values))
        return values

    def _values(self, name: str) -> list[str]:
        """No more than the limit of a list header, which for most is a request's only."""
        most, fault = (_MOST if isinstance(self, Request) else _MOST_IN_RESPONSES).get(name, _ANY)
        try:
            values = self.headers.all(name)
        except Malformed as error:
            if error.fault is not Fault.TOO_MANY_VALUES:
                raise self.malformed(error.fault, error.status, error.where) from None
            raise exceeded(fault, self.partial(), name) from None
        if len(values) > most:
            raise exceeded(fault, self.partial(), name)
        return values

    def _attempt(self, read: Callable[[str], T], text: str) -> T:
        try:
            return read(text)
        except Malformed as error:
            raise self.malformed(error.fault, error.status, error.where) from None


class Request(Message):
    """A request; `method` is case-sensitive, `uri` the Request-URI as written."""

    __slots__ = ("method", "uri")

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
        if to is not None and to_tag is not None and not _is_tagged(to):
            to = f"{to};tag={to_tag}"
        for name, value in zip(_ONCE, (request.from_, to, request.call_id, request.cseq), strict=True):
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
        raise Malformed(400, next(fault for name, fault in _MISSING.items() if name not in present))
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


def _is_tagged(text: str) -> bool:
    try:
        return _tag(text) is not None
    except Malformed:
        return False


def _cause(text: str | None) -> int | None:
    return int(text) if text and _CAUSE.match(text) and int(text) < 128 else None


def _tag(text: str) -> str | None:
    """RFC 3261 25.1, tag-param: a token, which has no quotes."""
    try:
        written = split_address(text)[2]
        params = parameters(written)
    except (ValueError, OverflowError) as error:
        raise refused(error) from None
    if not is_token_parameter("tag", params, written):
        raise Malformed(400, Fault.MALFORMED_TAG)
    return params.get("tag")


def _check_call_id(message: Message) -> None:
    if not _CALL_ID.match(message.call_id):
        raise message.malformed(Fault.MALFORMED_CALL_ID)


def _check_method(message: Message) -> None:
    if isinstance(message, Request) and message.cseq.method != message.method:
        raise message.malformed(Fault.CSEQ_OF_ANOTHER_METHOD)


def _check_target(message: Message) -> None:
    if isinstance(message, Request):
        _ = message.target


def _check_option_tags(message: Message) -> None:
    for name in ("Require", "Proxy-Require"):
        if name in message.headers and not all(map(_METHOD.match, message.headers.all(name))):
            raise message.malformed(Fault.MALFORMED_OPTION_TAG, where=name)


def _check_content_type(message: Message) -> None:
    if message.content_type == "":
        raise message.malformed(Fault.MALFORMED_CONTENT_TYPE)


_CHECKED_IN_RESPONSES: Final[tuple[Callable[[Message], object], ...]] = (
    lambda message: message.vias,
    lambda message: message.from_,
    lambda message: message.from_tag,
    lambda message: message.to,
    lambda message: message.to_tag,
    _check_call_id,
    lambda message: message.cseq,
    lambda message: message.contacts,
    lambda message: message.record_routes,
)
_CHECKED_IN_REQUESTS: Final = (
    *_CHECKED_IN_RESPONSES,
    _check_method,
    lambda message: message.max_forwards,
    lambda message: message.expires,
    lambda message: message.routes,
    _check_target,
    _check_option_tags,
    _check_content_type,
)
