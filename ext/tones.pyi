"""Tones made and found, and the power of a sound, compiled: the twin of media.tones. `pcm` is 16-bit linear
samples in native byte order; ValueError if its length is odd. Import it through `media.kernels`.
"""

from collections.abc import Sequence

__pyx_capi__: dict[str, object]
"""What other compiled modules cimport (tones.pxd)."""

def tone(hz: float, level_dbm0: float, count: int) -> bytes:
    """PCM of a sine, so many samples, that starts at phase zero. ValueError if `count` is negative."""

def tone_power(pcm: bytes, hz: float) -> float:
    """Mean square, in sample units, that a sine of `hz` has in `pcm` (Goertzel); 0.0 if empty."""

def tone_powers(pcm: bytes, hz: Sequence[float]) -> list[float]:
    """`tone_power` of up to 8 tones, in one pass. ValueError if there are more."""

def sine_fit(pcm: bytes) -> tuple[float, float]:
    """The sine that fits best: its frequency in Hz, and which share of the power it leaves, 0 to 1.

    Nothing at all, or only silence, is (0.0, 1.0).
    """

def power(pcm: bytes) -> float:
    """Mean square of all of `pcm`; 0.0 if empty."""
