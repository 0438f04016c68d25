"""Comfort noise in plain Python: the twin of the compiled kernel, sample for sample; RFC 3389's levels."""

from math import log10, sqrt
from typing import Final

from media.pcm import saturated
from media.tones import FULL_SCALE, OVERLOAD_DBM0

OVERLOAD_DBOV: Final = 10 * log10(2)
"""How far a square wave of full scale, which is 0 dBov, lies above a sine of full scale."""


def noise(level_dbm0: float, count: int, seed: int) -> bytes:
    """PCM of white noise, so many samples, the same for the same seed. ValueError if `count` is negative."""
    if count < 0:
        raise ValueError("noise has no negative length")
    state = seed & 0xFFFFFFFF or 1
    scale = FULL_SCALE * 10.0 ** ((level_dbm0 - OVERLOAD_DBM0) / 20.0) * sqrt(1.5) / 2147483648.0
    values: list[int] = []
    for _ in range(count):  # xorshift32
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        values.append(round((state - (state >> 31 << 32)) * scale))
    return saturated(values)


def comfort_noise_dbm0(level: int) -> float:
    """The level of RFC 3389's first octet, 0 to 127: so many dB under overload (section 3.1)."""
    return OVERLOAD_DBM0 + OVERLOAD_DBOV - level


def comfort_noise_level(level_dbm0: float) -> int:
    """The octet that says this level, the quietest for all that is below it."""
    return min(max(round(OVERLOAD_DBM0 + OVERLOAD_DBOV - level_dbm0), 0), 127)
