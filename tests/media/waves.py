"""Sounds that tests play, made by a formula and not by the code under test."""

from array import array
from math import pi, sin

from hypothesis import strategies as st


def sine(hz: float, level_dbm0: float, rate: int = 8000, seconds: float = 1.0) -> bytes:
    """16-bit PCM of a sine; 0 dBm0 is 3.14 dB below full scale."""
    peak = 32768 * 10 ** ((level_dbm0 - 3.14) / 20)
    turn = 2 * pi * hz / rate
    return array("h", [round(peak * sin(turn * n)) for n in range(int(seconds * rate))]).tobytes()


def pcm_of(most: int) -> st.SearchStrategy[bytes]:
    """Any 16-bit PCM of at most so many samples."""
    return st.binary(max_size=2 * most).filter(lambda pcm: len(pcm) % 2 == 0)
