"""Tones in plain Python: the twin of the compiled kernels, sample for sample, and levels in dBm0.

The arithmetic is that of the kernels, operation by operation, so both builds give the same doubles.
"""

from collections.abc import Sequence
from math import acos, cos, log10, pi, sin
from typing import Final

from media.pcm import FRAME_SAMPLES, RATE, samples, saturated

FULL_SCALE: Final = 32768.0
OVERLOAD_DBM0: Final = 3.14
"""Level of a sine that just reaches full scale (G.711 section 4: 3.14 dBm0 for A-law, 3.17 for mu-law)."""

MILLIWATT_POWER: Final = FULL_SCALE**2 / 2 / 10 ** (OVERLOAD_DBM0 / 10)
"""Mean square of a sine of 0 dBm0."""

MOST_TONES: Final = 8
"""That `tone_powers` takes: as many as a digit's two groups have."""

SILENCE_DBM0: Final = -96.0
"""What `level_dbm0` says of no power at all: below the smallest sample."""


def tone(hz: float, level_dbm0: float, count: int) -> bytes:
    """PCM of a sine, so many samples, that starts at phase zero. ValueError if `count` is negative."""
    if count < 0:
        raise ValueError("a tone has no negative length")
    step = 2.0 * pi * hz / RATE
    step_x, step_y = cos(step), sin(step)
    amplitude = FULL_SCALE * 10.0 ** ((level_dbm0 - OVERLOAD_DBM0) / 20.0)
    x, y = 1.0, 0.0
    values: list[int] = []
    for number in range(count):
        if number % FRAME_SAMPLES == 0:  # one Newton step back to length 1 undoes the frame's rounding
            correction = 1.5 - 0.5 * (x * x + y * y)
            x *= correction
            y *= correction
        values.append(round(amplitude * y))
        x, y = x * step_x - y * step_y, x * step_y + y * step_x
    return saturated(values)


def tone_power(pcm: bytes, hz: float) -> float:
    """Mean square, in sample units, that a sine of `hz` has in `pcm` (Goertzel); 0.0 if empty.

    Exact for a whole number of periods; else neighbours leak in, 13 dB down and falling, as from any
    rectangular window. Any `hz` will do: it need not be a bin of the length.
    """
    values = samples(pcm)
    if not values:
        return 0.0
    turn = 2.0 * cos(2.0 * pi * hz / RATE)
    before = last = 0.0
    for value in values:
        before, last = last, value + turn * last - before
    return 2.0 * (last * last + before * before - turn * last * before) / (float(len(values)) * len(values))


def tone_powers(pcm: bytes, hz: Sequence[float]) -> list[float]:
    """`tone_power` of up to 8 tones. ValueError if there are more."""
    if len(hz) > MOST_TONES:
        raise ValueError(f"at most {MOST_TONES} tones at a time")
    return [tone_power(pcm, each) for each in hz]


def sine_fit(pcm: bytes) -> tuple[float, float]:
    """The sine that fits best: its frequency in Hz, and which share of the power it leaves, 0 to 1.

    A sine's neighbours add up to 2 cos(2 pi hz / 8000) times what stands between them; least squares finds
    that factor. Nothing at all, or only silence, is (0.0, 1.0).
    """
    values = samples(pcm)
    inner = range(1, len(values) - 1)
    centres = sum(values[i] * values[i] for i in inner)
    if centres == 0:
        return 0.0, 1.0
    sides = [values[i - 1] + values[i + 1] for i in inner]
    products = sum(values[i] * side for i, side in zip(inner, sides, strict=True))
    squares = sum(side * side for side in sides)
    half = min(max(float(products) / (2.0 * centres), -1.0), 1.0)
    residue = (float(squares) - 4.0 * half * products + 4.0 * half * half * centres) / (4.0 * centres)
    return acos(half) * RATE / (2.0 * pi), min(max(residue, 0.0), 1.0)


def power(pcm: bytes) -> float:
    """Mean square of all of `pcm`; 0.0 if empty."""
    values = samples(pcm)
    return sum(value * value for value in values) / len(values) if values else 0.0


def level_dbm0(mean_square: float) -> float:
    """The level of a mean square (of `power` or `tone_power`) in dBm0; SILENCE_DBM0 at the least."""
    if mean_square <= 0.0:
        return SILENCE_DBM0
    return max(10.0 * log10(mean_square / MILLIWATT_POWER), SILENCE_DBM0)
