"""Silence at the ends of speech, which would part the words of a sentence that is put together."""

from typing import Final

from media.kernels import power
from media.pcm import RATE

WINDOW: Final = RATE // 100
"""Samples of 10 ms, by which is measured and cut."""

SILENT_DB: Final = -45.0
"""So far below the loudest 10 ms it is silent: 10 dB under the weakest sound of speech, the f of fin."""

KEPT_BEFORE: Final = 1
KEPT_AFTER: Final = 2
"""Windows of silence that stay: with the rest of the last frame, 30 to 50 ms between two words."""


def trim(pcm: bytes) -> bytes:
    """`pcm` without the silence before and after its sound; as it is where it has no sound at all."""
    octets = 2 * WINDOW
    powers = [power(pcm[start : start + octets]) for start in range(0, len(pcm), octets)]
    silent = max(powers, default=0.0) * 10 ** (SILENT_DB / 10)
    heard = [number for number, each in enumerate(powers) if each > silent]
    if not heard:
        return pcm
    return pcm[max(0, heard[0] - KEPT_BEFORE) * octets : (heard[-1] + 1 + KEPT_AFTER) * octets]
