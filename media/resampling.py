"""Sample rates: a linear-phase low-pass and the plain Python twin of the kernel that runs it."""

from array import array
from functools import cache
from math import gcd, pi, sin, sqrt
from operator import mul
from typing import Final

from media.pcm import samples, saturated

TAP_BITS: Final = 24
"""Filter taps are integers scaled by 2**24: sums are exact, so both builds agree to the last bit."""

PASS_HZ: Final = 3400.0
STOP_HZ: Final = 4000.0
"""At a target of 8 kHz: telephone speech passes whole, nothing above half the target's rate comes back."""

STOP_DB: Final = 70.0
"""How far down the stop band is: under the noise of G.711 at any level."""


@cache
def low_pass(source_rate: int, target_rate: int) -> tuple[bytes, int, int]:
    """Taps, `up` and `down` for `resample`, of a Kaiser-windowed sinc between two rates in hertz.

    The band edges are PASS_HZ and STOP_HZ where the lower of the two rates is 8 kHz, and scale with it.
    """
    common = gcd(source_rate, target_rate)
    up, down = target_rate // common, source_rate // common
    rate = source_rate * up
    scale = min(source_rate, target_rate) / 8000
    width = 2 * pi * (STOP_HZ - PASS_HZ) * scale / rate
    half = int((STOP_DB - 7.95) / (2.285 * width) / 2) + 1  # Kaiser's estimate of the order
    cutoff = (PASS_HZ + STOP_HZ) * scale / rate  # in half cycles a sample
    ideal = [_sinc(cutoff * n) * _kaiser(n / half) for n in range(-half, half + 1)]
    gain = up * 2**TAP_BITS / sum(ideal)
    return array("i", [round(gain * tap) for tap in ideal]).tobytes(), up, down


def resample(pcm: bytes, taps: bytes, up: int, down: int) -> bytes:
    """PCM at up/down times its rate, through an FIR low-pass designed at `up` times the rate.

    `taps` are an odd number of native 32-bit integers, scaled by 2**24; they sum to `up`, so scaled. The
    filter's delay is taken out: output sample n is the sound at input sample n * down / up.
    ValueError if the taps are even in number or the ratio is not of positive integers.
    """
    coefficients = memoryview(taps).cast("i").tolist()
    if up < 1 or down < 1 or len(coefficients) % 2 == 0:
        raise ValueError("resampling needs an odd number of taps and a ratio of positive integers")
    width = -(-len(coefficients) // up)
    coefficients += [0] * (width * up - len(coefficients))
    phases = [coefficients[phase::up][::-1] for phase in range(up)]
    source = samples(pcm).tolist()
    wanted = -(-len(source) * up // down)
    padded = [0] * width + source + [0] * width
    delay = (len(taps) // 4 - 1) // 2
    values: list[int] = []
    for position in range(delay, delay + wanted * down, down):
        newest, phase = divmod(position, up)
        window = padded[newest + 1 : newest + 1 + width]
        values.append(sum(map(mul, phases[phase], window), 1 << TAP_BITS - 1) >> TAP_BITS)
    return saturated(values)


def _sinc(x: float) -> float:
    return sin(pi * x) / (pi * x) if x else 1.0


def _kaiser(x: float) -> float:
    """Kaiser's window at x from -1 to 1."""
    beta = 0.1102 * (STOP_DB - 8.7)
    return _bessel_i0(beta * sqrt(max(1.0 - x * x, 0.0))) / _bessel_i0(beta)


def _bessel_i0(x: float) -> float:
    """The modified Bessel function of the first kind and order 0, by its power series."""
    term = total = 1.0
    k = 0
    while term > 1e-12 * total:
        k += 1
        term *= (x / 2 / k) ** 2
        total += term
    return total
