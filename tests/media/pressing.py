"""Digits as they sound (ITU-T Q.23), and which of them can be found in a sound, for the tests alone."""

import numpy as np

from tests.peers.audio import RATE, Pcm, level_dbfs, tone

ROWS_HZ = (697.0, 770.0, 852.0, 941.0)
COLUMNS_HZ = (1209.0, 1336.0, 1477.0, 1633.0)
KEYS = ("123A", "456B", "789C", "*0#D")
PIECE_S, STEP_S = 0.03, 0.01
AUDIBLE_DBFS = -45.0
"""Far below what any receiver of digits takes (ITU-T Q.24: about -29 dBm0)."""


def pressed(digit: str, seconds: float, level_dbfs: float = -13.0) -> Pcm:
    """The two tones of a key, each at the level."""
    row = next(row for row, keys in enumerate(KEYS) if digit in keys)
    low = tone(ROWS_HZ[row], seconds, level_dbfs)
    high = tone(COLUMNS_HZ[KEYS[row].index(digit)], seconds, level_dbfs)
    return (low.astype(np.int32) + high).astype(np.int16)


def digits_in(sound: Pcm) -> str:
    """Every key of which 30 ms can be found anywhere, each once; a faint one too."""
    found = set()
    size, step = round(PIECE_S * RATE), round(STEP_S * RATE)
    for start in range(0, len(sound) - size + 1, step):
        piece = sound[start : start + size]
        rows = [level_dbfs(piece, hz) for hz in ROWS_HZ]
        columns = [level_dbfs(piece, hz) for hz in COLUMNS_HZ]
        if all(_stands_out(group) for group in (rows, columns)):
            found.add(KEYS[int(np.argmax(rows))][int(np.argmax(columns))])
    return "".join(sorted(found))


def _stands_out(levels: list[float]) -> bool:
    """One tone of the group, and not the spectrum of a click."""
    first, second, *_ = sorted(levels, reverse=True)
    return first > AUDIBLE_DBFS and first > second + 6.0
