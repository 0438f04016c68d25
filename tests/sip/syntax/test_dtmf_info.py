"""Digits in the two kinds of INFO body, as devices write them."""

import pytest

from sip.syntax.dtmf_info import DIGITS, Kind, Pressed, read, write

RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"


@pytest.mark.parametrize(
    ("content_type", "body", "pressed"),
    [
        (RELAY, b"Signal=5\r\nDuration=160\r\n", Pressed("5", 160)),
        (RELAY, b"Signal= *\r\nDuration= 250", Pressed("*", 250)),
        (RELAY, b"signal = #\nduration = 90\n", Pressed("#", 90)),
        (RELAY, b"Duration=200\r\nSignal=d\r\n", Pressed("D", 200)),
        (RELAY, b"Signal=1\r\n", Pressed("1", 100)),
        (RELAY, b"Signal=10\r\nDuration=100\r\n", Pressed("*", 100)),
        (RELAY, b"Signal=11\r\nDuration=0\r\n", Pressed("#", 100)),
        ("Application/DTMF-Relay", b"Signal=7\r\nVolume=10\r\n", Pressed("7", 100)),
        (PLAIN, b"5", Pressed("5", 100)),
        (PLAIN, b" #\r\n", Pressed("#", 100)),
        (PLAIN, b"a", Pressed("A", 100)),
        (PLAIN, b"Signal=3\r\nDuration=120\r\n", Pressed("3", 120)),
        (RELAY, b"", None),
        (RELAY, b"5", None),
        (RELAY, b"Signal=16\r\n", None),
        (RELAY, b"Signal=E\r\n", None),
        (RELAY, "Signal=\N{FULLWIDTH DIGIT FIVE}".encode(), None),
        (RELAY, b"Signal=12345678\r\n", None),
        (RELAY, b"Signal=5" + b"\r\n" * 200, None),
        (PLAIN, b"55", None),
        (PLAIN, b"", None),
        (PLAIN, b"\xb2", None),
        ("application/sdp", b"5", None),
        ("text/plain", b"Signal=5", None),
    ],
)
def test_what_a_body_says(content_type: str, body: bytes, pressed: Pressed | None) -> None:
    assert read(content_type, body) == pressed


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("digit", DIGITS)
def test_what_we_write_reads_back(kind: Kind, digit: str) -> None:
    duration_ms = 250 if kind is Kind.RELAY else 100
    assert read(kind.value, write(kind, Pressed(digit, duration_ms))) == Pressed(digit, duration_ms)


def test_the_octets() -> None:
    assert write(Kind.RELAY, Pressed("5", 160)) == b"Signal=5\r\nDuration=160\r\n"
    assert write(Kind.PLAIN, Pressed("#")) == b"#"
