"""16-bit linear PCM as Python sees it: bytes in native byte order."""

from __future__ import annotations  # memoryview takes no parameters at run time before 3.14

from array import array
from collections.abc import Iterable
from typing import Final

RATE: Final = 8000
"""Samples a second of everything that is sent: telephone speech."""

FRAME_SAMPLES: Final = 160
"""Samples, and in G.711 octets, of one 20 ms frame."""


def samples(pcm: bytes) -> memoryview[int]:
    """The samples, -32768 to 32767, without copying. ValueError if the number of octets is odd."""
    if len(pcm) % 2:
        raise ValueError("16-bit PCM has an even number of octets")
    return memoryview(pcm).cast("h")


def saturated(values: Iterable[int]) -> bytes:
    """PCM of these values, each held within 16 bits."""
    return array("h", [32767 if v > 32767 else -32768 if v < -32768 else v for v in values]).tobytes()
