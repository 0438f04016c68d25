"""The values of the configuration that are written on one line: durations, numbers, flags, shares, texts.

Each reader takes text (or, when the configuration is built in Python, the finished value, which it passes
through) and returns the value, or raises `ValueError` with a message for people. The text that a message
repeats is the text as it was written (`Text.written`), so that a message never shows what an environment
variable held.
"""

import re
import string
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from acd.recipe import Bound

DISPLAY_FIELDS = ("queue", "number", "name", "priority", "wait", "dialled")
"""What may stand in braces in a caller display."""
LARGEST_NUMBER = 2**32 - 1
"""In either direction: sums and products of what is configured stay within the 64 bits of the journal."""
ANNOUNCED_FACTS = ("{wait}", "{priority}")
"""What may stand beside prompts in what an agent hears of a caller."""

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_S = 366 * 86400.0
_NUMBER = re.compile(r"[+-]?[0-9]{1,100}")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?|\[?[0-9a-f:]+\]?")
_DIGITS = re.compile(r"[A-Za-z0-9+*#._-]*")
_RING = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_OPENS = ("answer", "intercom", "page", "paging")
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


class Text(str):
    """Text from a file, which still knows how it was written there.

    `written` is the text before environment variables were put in; `quote` is the sign it stood in: a
    quotation mark, `|` or `>` of a block, or nothing.
    """

    __slots__ = ("quote", "written")

    written: str
    quote: str

    def __new__(cls, value: str, written: str | None = None, quote: str = "") -> Self:
        self = super().__new__(cls, value)
        self.written = value if written is None else written
        self.quote = quote
        return self

    @property
    def is_null(self) -> bool:
        """Whether this is "none" where a value may be left out."""
        return not self.quote and self.written in ("", "~", "null", "Null", "NULL")

    @property
    def is_verbatim(self) -> bool:
        """Whether its characters stand in the file one after the other, from the quotation mark on."""
        return self == self.written and self.quote not in ("|", ">")


def shown(value: str) -> str:
    """`value` in quotes for a message, as it was written."""
    return f"'{value.written if isinstance(value, Text) else value}'"


def expected(value: object, what: str, example: str) -> ValueError:
    """The error for a `value` that is not `what`; `example` shows how that is written."""
    if not isinstance(value, str):
        return ValueError(f"expected {what} such as {example}")
    if not value:
        return ValueError(f"needs a value: {what} such as {example}")
    return ValueError(f"{shown(value)} is not {what}; write it as {example}")


def text(value: object) -> str:
    """Text as it stands, `null` included."""
    if not isinstance(value, str):
        raise ValueError("expected text")
    if isinstance(value, Text) and not value.quote and not value:
        raise ValueError("needs a value; an empty text is written ''")
    return str(value)


def secret(value: object) -> str:
    """A password of any length; messages never repeat it."""
    if not isinstance(value, str):
        raise ValueError("expected text")
    if not value:
        raise ValueError("is empty")
    return str(value)


def duration(value: object) -> float:
    """Seconds from `500ms`, `20s`, `5m`, `1h` or `0`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if value == "0":
        return 0.0
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise expected(value, "a duration", "500ms, 20s, 5m or 1h")
    seconds = round(float(match[1]) * _SECONDS[match[2]], 6)
    if seconds > _LONGEST_S:
        raise ValueError("is longer than a year")
    return seconds


def whole(value: object) -> int:
    """A whole number, in decimal digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise expected(value, "a whole number", "20")
    else:
        number = int(value)
    if abs(number) > LARGEST_NUMBER:
        written = shown(value) if isinstance(value, str) else str(number)
        raise ValueError(f"{written} is too large; at most {LARGEST_NUMBER}, or as much below 0")
    return number


def flag(value: object) -> bool:
    """True from `true` and `yes`, false from `false` and `no`."""
    if isinstance(value, bool):
        return value
    found = _FLAGS.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise expected(value, "a yes or no", "true or false")
    return found


def percent(value: object) -> float:
    """A share from 0 to 1 out of `80%`."""
    if isinstance(value, float):
        return value
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None or float(match[1]) > 100:
        raise expected(value, "a share", "80%")
    return float(match[1]) / 100


def compared(value: object) -> object:
    """A comparison with a whole number: `> 3`."""
    return _compared(value, r"[0-9]{1,9}", "a comparison", "'> 3'")


def compared_share(value: object) -> object:
    """A comparison with a share, in thousandths: `< 80%`."""
    return _compared(value, r"[0-9]{1,3}(?:\.[0-9]{1,6})?%", "a comparison with a share", "'< 80%'")


def _compared(value: object, number: str, what: str, example: str) -> object:
    if isinstance(value, Bound):
        return value
    match = re.fullmatch(rf"(<=|>=|==|!=|<|>)\s*({number})", value) if isinstance(value, str) else None
    if match is None:
        raise expected(value, what, example)
    of = match[2]
    return Bound(match[1], round(percent(of) * 1000) if of.endswith("%") else int(of))


def timezone(value: object) -> str:
    """A zone of the IANA database."""
    name = text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise expected(value, "a timezone of this machine (package tzdata)", "Europe/Madrid or UTC") from None
    return name


def database_url(value: object) -> str:
    """Where history is kept. Messages do not repeat it: it may hold a password."""
    url = text(value)
    scheme, _, rest = url.partition("://")
    if (
        not rest.strip("/")
        or scheme not in ("sqlite", "postgresql")
        or (scheme == "sqlite" and rest[0] != "/")
    ):
        raise ValueError("expected a database: sqlite:///centralita.db or postgresql://user@host/name")
    return url


def domain(value: object) -> str:
    """A host name or address, in small letters."""
    name = text(value).lower()
    if not _DOMAIN.fullmatch(name):
        raise expected(value, "a domain", "centralita.example")
    return name


def digits(value: object) -> str:
    """What a number may begin with; it may be empty."""
    number = text(value)
    if not _DIGITS.fullmatch(number):
        raise expected(value, "the beginning of a number", "+34")
    return number


def some(items: tuple[object, ...]) -> tuple[object, ...]:
    """A list that has items, each once."""
    if not items:
        raise ValueError("is empty")
    for i, item in enumerate(items):
        if item in items[:i]:
            raise ValueError(f"holds {item} twice")
    return items


def display(value: object) -> str:
    """What an agent's phone shows of a caller: text with fields such as {queue} and {number} in it."""
    written = text(value)
    try:
        fields = list(string.Formatter().parse(written))
    except ValueError:
        raise expected(value, "a caller display", "{queue} {number}; a brace itself is {{ or }}") from None
    for _, name, form, conversion in fields:
        if name is not None and (name not in DISPLAY_FIELDS or form or conversion):
            known = ", ".join(f"{{{field}}}" for field in DISPLAY_FIELDS)
            raise ValueError(f"{shown('{' + name + '}')} is not known; known are {known}")
    if not written.isprintable():
        raise ValueError("holds control characters")
    return written


def announced(value: object) -> str:
    """One part of what an agent hears of a caller: a prompt's name, or a fact such as {wait}."""
    written = text(value)
    if "{" in written and written not in ANNOUNCED_FACTS:
        raise ValueError(
            f"{shown(written)} is not known; known are {' and '.join(ANNOUNCED_FACTS)}, or a prompt"
        )
    return written


def ring(value: object) -> str:
    """The name of a ring, as phones are configured with it."""
    written = text(value)
    if not _RING.fullmatch(written):
        raise ValueError(
            f"{shown(written)} is not a ring's name: at most 32 letters of ASCII, digits and _ . -"
        )
    if any(word in written.lower() for word in _OPENS):
        raise ValueError(f"{shown(written)} would make phones answer; where that is meant, auto_answer: true")
    return written


def slots(value: object) -> object:
    """A list of numbers, or a range of them: `701-709`, both ends included, 100 at most."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"([0-9]{1,6})-([0-9]{1,6})", value)
    if match is None:
        return (value,)
    first, last = int(match[1]), int(match[2])
    if not 0 <= last - first < 100 or len(match[1]) != len(match[2]):
        raise expected(value, "a range of at most 100 numbers", "701-709")
    return tuple(Text(f"{number:0{len(match[1])}}") for number in range(first, last + 1))


def one_or_several(value: object) -> object:
    """A list, which may be written as its one item."""
    return (value,) if isinstance(value, str) else value
