"""Counts of observations in buckets, as Prometheus means them, and a ratio over a sliding window."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from itertools import accumulate
from typing import Self


class Histogram:
    """Observations by upper bound. The last count is that of observations above every bound."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Iterable[float]) -> None:
        self.bounds = sorted(set(bounds))
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count `value` in the first bucket whose bound is not below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def widen(self, bounds: Iterable[float]) -> None:
        """Add bounds. What was counted so far counts as above a new one, so that rates stay right."""
        for bound in bounds:
            at = bisect_left(self.bounds, bound)
            if at == len(self.bounds) or self.bounds[at] != bound:
                self.bounds.insert(at, bound)
                self.counts.insert(at, 0)

    def copy(self) -> Self:
        """The same figures, apart from what comes later."""
        twin = type(self)(())
        twin.bounds, twin.counts, twin.total = self.bounds.copy(), self.counts.copy(), self.total
        return twin

    def buckets(self) -> list[tuple[str, float]]:
        """(le, cumulative count) as text formats want them, `+Inf` last."""
        names = [*(repr(float(bound)) for bound in self.bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self.counts)), strict=True))


class SlidingRatio:
    """How many of the last `window_us` microseconds' outcomes were good, in bins of `bin_us`."""

    __slots__ = ("_bin_us", "_bins", "_good", "_total", "_window_us")

    def __init__(self, window_us: int = 1_800_000_000, bin_us: int = 1_000_000) -> None:
        self._window_us = window_us
        self._bin_us = bin_us
        self._bins: deque[list[int]] = deque()
        self._good = 0
        self._total = 0

    def add(self, good: bool, now_us: int) -> None:
        """One outcome, now."""
        start = now_us - now_us % self._bin_us
        if not self._bins or self._bins[-1][0] < start:
            self._bins.append([start, 0, 0])
        newest = self._bins[-1]
        newest[1] += good
        newest[2] += 1
        self._good += good
        self._total += 1
        self._forget(now_us)

    def counts(self, now_us: int) -> tuple[int, int]:
        """(good, all) of the window that ends now."""
        self._forget(now_us)
        return self._good, self._total

    def _forget(self, now_us: int) -> None:
        oldest = now_us - self._window_us
        while self._bins and self._bins[0][0] + self._bin_us <= oldest:
            _, good, total = self._bins.popleft()
            self._good -= good
            self._total -= total
