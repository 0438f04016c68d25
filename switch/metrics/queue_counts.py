"""The figures of one queue, held so that its law cannot break.

For every interval: offered + waiting at the start = answered + abandoned + overflowed + ended otherwise +
waiting at the end. A visit is offered once and ends once, each in one call here; what is told twice changes
nothing.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from math import nan

from switch.calls.ending import Reason, Result
from switch.metrics.histogram import Histogram, SlidingRatio

VISIT_RESULTS = tuple(result for result in Result if result is not Result.COMPLETED)
"""A visit to a queue may end in any result but the one of calls that meant no queue."""

WAIT_BOUNDS_S = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1200.0)


@dataclass(frozen=True, slots=True)
class QueueTarget:
    """What the service level of a queue is measured by, and what it is to be."""

    within_s: float = 20.0
    short_abandon_s: float = 5.0
    ratio: float = 0.8


class QueueCounts:
    """Counters since the start of the switch, and who waits now."""

    def __init__(self, target: QueueTarget, bounds: Iterable[float] = WAIT_BOUNDS_S) -> None:
        self.target = target
        self.offered = self.answered = self.answered_within = 0
        self.abandoned = self.abandoned_short = self.overflowed = 0
        self.otherwise: Counter[Reason] = Counter()
        self.waits = {result: Histogram(bounds) for result in VISIT_RESULTS}
        self._waiting: dict[Hashable, int] = {}
        self._recent = SlidingRatio()

    def widen(self, bounds: Iterable[float]) -> None:
        """Add buckets to the histograms of waits."""
        for histogram in self.waits.values():
            histogram.widen(bounds)

    @property
    def waiting(self) -> int:
        """Visits that have not ended."""
        return len(self._waiting)

    def visit_started(self, visit: Hashable, since_us: int) -> bool:
        """A call joined the line; `since_us` is when its wait began. False: it is there already."""
        if visit in self._waiting:
            return False
        self._waiting[visit] = since_us
        self.offered += 1
        return True

    def visit_ended(
        self, visit: Hashable, result: Result, reason: Reason, wait_s: float, now_us: int
    ) -> bool:
        """A call left the line. False: it was not in it, and nothing is counted."""
        if self._waiting.pop(visit, None) is None:
            return False
        match result:
            case Result.ANSWERED:
                within = wait_s <= self.target.within_s
                self.answered += 1
                self.answered_within += within
                self._recent.add(within, now_us)
            case Result.ABANDONED:
                short = wait_s <= self.target.short_abandon_s
                self.abandoned += 1
                self.abandoned_short += short
                if not short:
                    self._recent.add(False, now_us)
            case Result.OVERFLOWED:
                self.overflowed += 1
            case _:
                self.otherwise[reason] += 1
        if result in self.waits:
            self.waits[result].observe(wait_s)
        return True

    def longest_wait_s(self, now_us: int) -> float:
        """How long the first in line has waited; 0 for an empty line."""
        return max(0, now_us - min(self._waiting.values(), default=now_us)) / 1e6

    def service_level(self, now_us: int) -> float:
        """Answered in time ÷ (answered + abandoned, short ones aside), over 30 minutes; NaN if 0 ÷ 0.

        Who already waits longer than the target counts as missed.
        """
        good, total = self._recent.counts(now_us)
        total += self.waiting_late(now_us)
        return good / total if total else nan

    def waiting_late(self, now_us: int) -> int:
        """How many wait for longer than the target already."""
        late_from = now_us - self.target.within_s * 1e6
        return sum(since < late_from for since in self._waiting.values())

    def reading(self, now_us: int) -> "QueueReading":
        """The figures of this moment."""
        return QueueReading(
            offered=self.offered,
            answered=self.answered,
            answered_within=self.answered_within,
            abandoned=self.abandoned,
            abandoned_short=self.abandoned_short,
            overflowed=self.overflowed,
            otherwise=self.otherwise.copy(),
            waiting=self.waiting,
            longest_wait_s=self.longest_wait_s(now_us),
            service_level=self.service_level(now_us),
            target=self.target.ratio,
            waits={result: histogram.copy() for result, histogram in self.waits.items()},
        )


@dataclass(frozen=True, slots=True)
class QueueReading:
    """The figures of a queue at one moment; `service_level` may be NaN."""

    offered: int
    answered: int
    answered_within: int
    abandoned: int
    abandoned_short: int
    overflowed: int
    otherwise: Counter[Reason]
    waiting: int
    longest_wait_s: float
    service_level: float
    target: float
    waits: dict[Result, Histogram]
