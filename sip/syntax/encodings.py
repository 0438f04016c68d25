"""Encodings of telephone audio in session descriptions: RFC 3389, RFC 3551, RFC 4733 and RFC 7587."""

from dataclasses import dataclass
from typing import Final

EVENT: Final = "TELEPHONE-EVENT"
EVENT_48: Final = "TELEPHONE-EVENT/48000"
"""The same for streams whose clock has 48 kHz (RFC 4733 section 2.1)."""

COMFORT_NOISE: Final = "CN"

DYNAMIC: Final = range(96, 128)
"""RFC 3551 section 3."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """`payload_type` is the static one, or the one that nearly everybody uses; `fmtp` what we always say;
    `ptimes_ms` the lengths of packets that there are, up to 60 ms.
    """

    name: str
    rtpmap: str
    payload_type: int
    fmtp: str | None = None
    ptimes_ms: tuple[int, ...] = (10, 20, 30, 40, 60)


ENCODINGS: Final = {
    encoding.name: encoding
    for encoding in (
        Encoding("PCMU", "PCMU/8000", 0),
        Encoding("PCMA", "PCMA/8000", 8),
        Encoding("G722", "G722/8000", 9),  # it has 16 kHz, and says so nowhere (RFC 3551 section 4.5.2)
        Encoding("G729", "G729/8000", 18, "annexb=no"),  # else yes is meant (RFC 4856 section 2.1.9)
        # Mono is two channels as well, and no frames make up 30 ms (RFC 7587 sections 4.1 and 4.2).
        Encoding("OPUS", "opus/48000/2", 111, "useinbandfec=1", (10, 20, 40, 60)),
        Encoding(COMFORT_NOISE, "CN/8000", 13),
        Encoding(EVENT, "telephone-event/8000", 101, "0-16"),
        Encoding(EVENT_48, "telephone-event/48000", 110, "0-16"),
    )
}
"""All that we know, by our names for them."""

STATIC: Final = {each.payload_type: name for name, each in ENCODINGS.items() if each.payload_type < 96}
"""Names of payload types that need no rtpmap."""

_BY_RTPMAP: Final = {encoding.rtpmap.upper(): name for name, encoding in ENCODINGS.items()}


def encoding_named(rtpmap: str) -> str:
    """Our name for `PCMA/8000`, whatever its case; empty for what we do not know."""
    return _BY_RTPMAP.get(rtpmap.upper().removesuffix("/1"), "")


def noise_beside(codec: str) -> tuple[str, ...]:
    """Comfort noise, for codecs without a way of their own to tell of silence (RFC 3389 section 1)."""
    return (COMFORT_NOISE,) if codec in ("PCMA", "PCMU", "G722") else ()


def events_beside(codec: str) -> tuple[str, ...]:
    """The encodings of events that go with a codec, the better one first: phones offer Opus with either."""
    return (EVENT_48, EVENT) if codec == "OPUS" else (EVENT,)
