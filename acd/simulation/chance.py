"""Chance made of a seed: every draw has a name, so that changing one thing in a day changes nothing else in
it.

Two policies that are compared meet the same callers with the same patience and the same talks (common random
numbers), however differently they serve them. A draw is SplitMix64's finaliser (Steele, Lea, Flood: Fast
splittable pseudorandom number generators, 2014) over the seed and the name.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_NORMAL = NormalDist()


class Chance:
    """Numbers between 0 and 1 by name. The same seed and name always give the same number."""

    def __init__(self, seed: int) -> None:
        self._seed = _mix((seed + _GOLDEN) & _MASK)

    def uniform(self, *name: int) -> float:
        """A number evenly spread over the open interval from 0 to 1."""
        state = self._seed
        for part in name:
            state = _mix((state + (part + 1) * _GOLDEN) & _MASK)
        return ((state >> 12) + 0.5) * 2.0**-52


def _mix(state: int) -> int:
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
    return state ^ state >> 31


class Duration(Protocol):
    """A distribution of times."""

    def quantile(self, share: float) -> float:
        """Seconds that this share (between 0 and 1) of all does not exceed; infinite where it never ends."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same."""

    seconds: float

    def quantile(self, share: float) -> float:
        return self.seconds


@dataclass(frozen=True, slots=True)
class Exponential:
    """Without memory: what Erlang's formulas assume."""

    mean_s: float

    def quantile(self, share: float) -> float:
        return -self.mean_s * math.log1p(-share)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """What handling times look like; `variation` is the standard deviation divided by the mean."""

    mean_s: float
    variation: float

    def quantile(self, share: float) -> float:
        variance = math.log1p(self.variation**2)
        return self.mean_s * math.exp(math.sqrt(variance) * _NORMAL.inv_cdf(share) - variance / 2)


@dataclass(frozen=True, slots=True)
class Weibull:
    """Patience: with a `shape` below 1 who has waited long waits on, with one above 1 he gives up sooner."""

    scale_s: float
    shape: float

    def quantile(self, share: float) -> float:
        return self.scale_s * float((-math.log1p(-share)) ** (1 / self.shape))


@dataclass(frozen=True, slots=True)
class Never:
    """It does not end: callers who never give up."""

    def quantile(self, share: float) -> float:
        return math.inf


AT_ONCE = Constant(0.0)
NEVER = Never()
