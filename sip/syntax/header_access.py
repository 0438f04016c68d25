"""What the headers of a message mean: each is read when it is asked for, and the meaning kept."""

import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal, TypeVar, cast

from sip.syntax.fields import Headers
from sip.syntax.grammar import TOKEN, writable
from sip.syntax.headers import STAR, CSeq, NameAddr, Star, Via, is_token_parameter, parse_seconds
from sip.syntax.kernels import parameters, split_address
from sip.syntax.limits import MAX_LIST_ITEMS, MAX_ROUTES, exceeded, refused
from sip.syntax.malformed import Fault, Malformed, Partial

T = TypeVar("T")

_WORD: Final = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?{}]++"
_CALL_ID = re.compile(rf"{_WORD}(?:@{_WORD})?+\Z")
_MEDIA_TYPE = re.compile(rf"({TOKEN})[ \t]*+/[ \t]*+({TOKEN})[ \t]*+(?:;|\Z)")
_REASON = re.compile(rf"({TOKEN})[ \t]*+(?=;|\Z)")
_CAUSE = re.compile(r"[0-9]{1,3}+\Z")

MISSING: Final = {
    "From": Fault.FROM_MISSING,
    "To": Fault.TO_MISSING,
    "Call-ID": Fault.CALL_ID_MISSING,
    "CSeq": Fault.CSEQ_MISSING,
    "Via": Fault.VIA_MISSING,
}
"""What every message has (RFC 3261 8.1.1), and the fault of lacking it."""

_ANY: Final = (MAX_LIST_ITEMS, Fault.TOO_MANY_VALUES)

DEFAULT_MAX_FORWARDS: Final = 70
"""What a request without the header counts as having (RFC 3261 8.1.1.6); RFC 2543 did not know it."""


class Message:
    """What requests and responses share: headers, body, and the meaning of both.

    Typed access raises Malformed(400), with the partial reading, for a header that is missing or unreadable.
    """

    __slots__ = ("_read", "body", "headers")

    _most: ClassVar[Mapping[str, tuple[int, Fault]]] = {"Record-Route": (MAX_ROUTES, Fault.TOO_MANY_ROUTES)}
    """How many values a list header may have, where that is fewer than any may have."""

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
    def retry_after_s(self) -> int | None:
        """Seconds of Retry-After (RFC 3261 20.33), at most 2**32-1; None when not given or not a number."""
        text = (self.headers.get("Retry-After") or "").partition(";")[0].partition("(")[0].strip()
        return parse_seconds(text) if text.isascii() and text.isdigit() else None

    def has_option(self, tag: str, *names: str) -> bool:
        """Whether an option tag stands in one of the headers `names`: Supported, Require (RFC 3261 19.2)."""
        return any(each.lower() == tag for name in names for each in self.headers.all(name))

    def allows(self, method: str) -> bool:
        """Whether Allow names a method (RFC 3261 20.5); False when not given."""
        lines = self.headers.lines("Allow")
        return any(method in map(str.strip, line.split(",")) for line in lines if method in line)

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
        return Partial(None, self.headers.lines("Via"), get("From"), get("To"), get("Call-ID"), get("CSeq"))

    def malformed(self, fault: Fault, status: int = 400, where: str = "") -> Malformed:
        """The peer's fault in this message, to be raised."""
        return Malformed(status, fault, self.partial(), where)

    def check(self) -> None:
        """Read every header that routing and dialogs depend on; raises Malformed for the first bad one."""
        _ = self.vias, self.from_, self.from_tag, self.to, self.to_tag
        if not _CALL_ID.match(self.call_id):
            raise self.malformed(Fault.MALFORMED_CALL_ID)
        _ = self.cseq, self.contacts, self.record_routes

    def _encode(self, start: str) -> bytes:
        lines = [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        head = "\r\n".join([writable(start), *lines, f"Content-Length: {len(self.body)}\r\n\r\n"])
        return head.encode("utf-8", "surrogateescape") + self.body

    def _required(self, name: str) -> str:
        value = self.headers.get(name)
        if not value:
            raise self.malformed(MISSING.get(name, Fault.HEADER_MISSING))
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
        if alone:
            values = [self._typed(name, read)]
        else:
            values = [self._attempt(read, value) for value in self._values(name)]
        self._read[f"{name} list"] = (lines, tuple(values))
        return values

    def _values(self, name: str) -> list[str]:
        """Every value of a list header, no more than its limit."""
        most, fault = self._most.get(name, _ANY)
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


def is_tagged(text: str) -> bool:
    """Whether a From or To has a tag that can be read."""
    try:
        return _tag(text) is not None
    except Malformed:
        return False
