"""Digits in INFO: the two bodies that carriers and phones send, application/dtmf-relay and application/dtmf.

Neither has an RFC. The first is Cisco's, one header a line ("Signal=5", "Duration=160"); the second is the
digit alone, though some write the first one's lines under its name. RFC 6086 keeps both alive as legacy INFO
without an Info-Package.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DIGITS: Final = "0123456789*#ABCD"
_LONGEST_BODY: Final = 256
_DURATION_MS: Final = 100
_LINE: Final = re.compile(rb"[ \t]*(signal|duration)[ \t]*=[ \t]*([0-9A-Da-d*#]{1,5})[ \t]*\Z", re.IGNORECASE)
_NUMBERED: Final = {"10": "*", "11": "#"}  # event codes of RFC 4733, as a few gateways write them


class Kind(StrEnum):
    """Content types, as we write them."""

    RELAY = "application/dtmf-relay"
    PLAIN = "application/dtmf"


@dataclass(frozen=True, slots=True)
class Pressed:
    """One digit, and for how long it was pressed; 100 ms where the body does not say."""

    digit: str
    duration_ms: int = _DURATION_MS


def read(content_type: str, body: bytes) -> Pressed | None:
    """The digit of an INFO; None where it is of another kind or says nothing that we understand."""
    if content_type.lower() not in tuple(Kind) or len(body) > _LONGEST_BODY:
        return None
    lines = body.replace(b"\r", b"\n").split(b"\n")
    found = {match[1].lower(): match[2].decode() for line in lines if (match := _LINE.match(line))}
    if b"signal" in found:
        digit = _digit(found[b"signal"])
        return None if digit is None else Pressed(digit, _duration_ms(found.get(b"duration", "")))
    alone = body.strip(b" \t\r\n")
    if content_type.lower() != Kind.PLAIN or not alone.isascii():
        return None
    digit = _digit(alone.decode())
    return None if digit is None else Pressed(digit)


def write(kind: Kind, pressed: Pressed) -> bytes:
    """The body of our own INFO."""
    if kind is Kind.PLAIN:
        return pressed.digit.encode()
    return f"Signal={pressed.digit}\r\nDuration={pressed.duration_ms}\r\n".encode()


def _digit(text: str) -> str | None:
    text = _NUMBERED.get(text, text).upper()
    return text if len(text) == 1 and text in DIGITS else None


def _duration_ms(text: str) -> int:
    return int(text) if text.isdigit() and int(text) > 0 else _DURATION_MS
