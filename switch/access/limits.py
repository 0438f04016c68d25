"""How often somebody may ask: each token, and each address that comes without one of ours."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

_MOST: Final = 10_000
"""Who is remembered; whoever asked longest ago is forgotten first, and has a full bucket again."""


class Rate(NamedTuple):
    """So many at once, and then so many a second."""

    burst: float
    per_s: float


REQUESTS: Final = Rate(burst=1000, per_s=100)
"""Of one token."""
FAILURES: Final = Rate(burst=10, per_s=1 / 6)
"""To sign in, from one address. Who has a token is let in from there all the same."""


class Buckets:
    """A bucket of tokens for each key, filled at a rate. `now` is monotonic."""

    def __init__(self, rate: Rate, now: Callable[[], float]) -> None:
        self._rate = rate
        self._now = now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """What was left, and when."""

    def take(self, key: str) -> float:
        """0.0 for whoever may ask now; else the seconds after which he may."""
        now = self._now()
        left, at = self._left.pop(key, (self._rate.burst, now))
        left = min(self._rate.burst, left + (now - at) * self._rate.per_s)
        wait_s = 0.0 if left >= 1 else (1 - left) / self._rate.per_s
        self._left[key] = (left if wait_s else left - 1, now)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
        return wait_s
