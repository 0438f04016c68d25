"""The header fields of a message: an ordered multi-map of names and raw values."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from sip.syntax.grammar import TOKEN, writable
from sip.syntax.kernels import split_list
from sip.syntax.limits import MAX_LIST_ITEMS, exceeded, refused
from sip.syntax.malformed import Fault

_TOKEN = re.compile(rf"{TOKEN}\Z")

_COMPACT: Final = {  # IANA registry of SIP header fields
    "a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition",
    "e": "Content-Encoding", "f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported",
    "l": "Content-Length", "m": "Contact", "n": "Identity-Info", "o": "Event", "r": "Refer-To",
    "s": "Subject", "t": "To", "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity",
}  # fmt: skip

_LISTS: Final = frozenset({  # headers whose grammar is 1#(value), RFC 3261 section 25 and the extensions' own
    "Accept", "Accept-Contact", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events",
    "Call-Info", "Contact", "Content-Encoding", "Content-Language", "Diversion", "Error-Info",
    "History-Info", "In-Reply-To", "P-Asserted-Identity", "P-Preferred-Identity", "Path", "Privacy",
    "Proxy-Require", "Reason", "Record-Route", "Reject-Contact", "Remote-Party-ID", "Request-Disposition",
    "Require", "Route", "Security-Client", "Security-Server", "Security-Verify", "Service-Route",
    "Supported", "Unsupported", "Via", "Warning",
})  # fmt: skip

# Lists of plain tokens: an empty place between commas, which some phones leave, does no harm there.
_TOKENS: Final = frozenset(
    (
        "Allow",
        "Allow-Events",
        "In-Reply-To",
        "Privacy",
        "Proxy-Require",
        "Require",
        "Supported",
        "Unsupported",
    )
)

_OTHERS: Final = (
    "Authorization", "CSeq", "Content-Disposition", "Date", "Expires", "Max-Forwards", "MIME-Version",
    "Min-Expires", "Min-SE", "Organization", "Priority", "Proxy-Authenticate", "Proxy-Authorization",
    "RAck", "RSeq", "Refer-Sub", "Replaces", "Reply-To", "Retry-After", "SIP-ETag", "SIP-If-Match",
    "Server", "Subscription-State", "Target-Dialog", "Timestamp", "User-Agent", "WWW-Authenticate",
)  # fmt: skip


def _spellings() -> dict[str, str]:
    known = {name: name for name in (*_COMPACT.values(), *_LISTS, *_OTHERS)}
    lower = {name.lower(): name for name in known}
    return known | lower | _COMPACT | {short.upper(): name for short, name in _COMPACT.items()}


NAMES: Final = _spellings()
"""Header names as written, in lower case and compact, to the spelling that we use."""


def canonical(name: str) -> str:
    """The one spelling of a header's name: `v` is `Via`, `x-foo` `X-Foo`. ValueError when it is no token."""
    known = NAMES.get(name) or NAMES.get(name.lower())
    if known:
        return known
    if not _TOKEN.match(name):
        raise ValueError(f"not a header name: {name!r}")
    return name.title()


class Headers:
    """Header names and raw values in order; names in any case or compact form, written in their long form.

    Values are text without line ends; bytes from the network that are not UTF-8 stand in it as surrogates and
    are written as they came. `add`, `set` and `prepend` raise ValueError for a value that holds a line end,
    which would become a header of its own, or another control character.
    """

    __slots__ = ("_names", "_values")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._names: list[str] = []
        self._values: list[str] = []
        for name, value in fields:
            self.add(name, value)

    @classmethod
    def scanned(cls, names: list[str], values: list[str]) -> "Headers":
        """Take over what the scanner split: canonical names, clean values."""
        headers = cls.__new__(cls)
        headers._names = names
        headers._values = values
        return headers

    def get(self, name: str) -> str | None:
        """The first value, None when there is no such header."""
        key = NAMES.get(name) or canonical(name)
        return self._values[self._names.index(key)] if key in self._names else None

    def lines(self, name: str) -> list[str]:
        """The raw value of each line of that name, comma lists whole."""
        key = NAMES.get(name) or canonical(name)
        match self._names.count(key):
            case 0:
                return []
            case 1:
                return [self._values[self._names.index(key)]]
        return [value for known, value in self if known == key]

    def all(self, name: str) -> list[str]:
        """Every value in order, comma lists split where the header's grammar allows them; Malformed(400)."""
        key = canonical(name)
        lines = self.lines(key)
        if key not in _LISTS:
            return lines
        if key in _TOKENS:
            if sum(line.count(",") + 1 for line in lines) > MAX_LIST_ITEMS:
                raise exceeded(Fault.TOO_MANY_VALUES, where=key)
            return [token for line in lines for text in line.split(",") if (token := text.strip(" \t"))]
        try:
            return [value for line in lines for value in split_list(line)]
        except (ValueError, OverflowError) as error:
            raise refused(error, key) from None

    def count(self, name: str) -> int:
        """How many lines have that name."""
        return self._names.count(canonical(name))

    def add(self, name: str, value: str) -> None:
        """Append a header, after others of the same name."""
        key, value = canonical(name), _clean(value)
        self._names.append(key)
        self._values.append(value)

    def prepend(self, name: str, value: str) -> None:
        """Put a header before all others (Via, Record-Route: RFC 3261 16.6)."""
        key, value = canonical(name), _clean(value)
        self._names.insert(0, key)
        self._values.insert(0, value)

    def set(self, name: str, value: str) -> None:
        """Replace every header of that name by one, at the place of the first; else append it."""
        key = canonical(name)
        value = _clean(value)
        if key not in self._names:
            self._names.append(key)
            self._values.append(value)
            return
        place = self._names.index(key)
        self.remove(key)
        self._names.insert(place, key)
        self._values.insert(place, value)

    def remove(self, name: str) -> None:
        """Take out every header of that name."""
        key = canonical(name)
        if key in self._names:
            kept = [field for field in self if field[0] != key]
            self._names = [field[0] for field in kept]
            self._values = [field[1] for field in kept]

    def copy(self) -> "Headers":
        """The same headers, apart from now on."""
        return Headers.scanned(self._names.copy(), self._values.copy())

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return zip(self._names, self._values, strict=True)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: str) -> bool:
        return (NAMES.get(name) or canonical(name)) in self._names

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return self._names == other._names and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({list(self)!r})"


def _clean(value: str) -> str:
    return writable(value).strip(" \t")
