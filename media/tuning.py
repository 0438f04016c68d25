"""What a peer wants of the sound that is encoded for it, whatever the codec."""

from dataclasses import dataclass
from typing import Final

_LEAST_BITS_PER_S: Final = 6000
_LEAST_RATE_HZ: Final = 8000


@dataclass(frozen=True, slots=True)
class Tuning:
    """`fec`: each packet may say the one before it again; `dtx`: silences may be left out; `constant`: all
    packets have one length. `bits_per_s` is the most on average, `rate_hz` of samples it plays; 0 for any.
    """

    fec: bool = False
    dtx: bool = False
    constant: bool = False
    bits_per_s: int = 0
    rate_hz: int = 0


UNTUNED: Final = Tuning()
"""Nothing was wished for."""


def tuning(codec: str, parameters: str) -> Tuning:
    """By the format parameters (`a=fmtp`) of a description: those of OPUS, RFC 7587 section 6.1.

    What says nothing that could be meant says nothing.
    """
    if codec != "OPUS":
        return UNTUNED
    pairs = (each.partition("=") for each in parameters.split(";"))
    said = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Tuning(
        fec=said.get("useinbandfec") == "1",
        dtx=said.get("usedtx") == "1",
        constant=said.get("cbr") == "1",
        bits_per_s=_at_least(_LEAST_BITS_PER_S, said.get("maxaveragebitrate", "")),
        rate_hz=_at_least(_LEAST_RATE_HZ, said.get("maxplaybackrate", "")),
    )


def _at_least(least: int, text: str) -> int:
    """0 for what is no number."""
    return max(least, int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else 0
