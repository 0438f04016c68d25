"""Callers in the order of their priority, which grows while they wait, up to a cap.

A caller of priority p0 who was queued at q has at t the effective priority `min(cap, p0 + rate * (t - q))`;
one that is above the cap to begin with stays as it is. In whole numbers: a `POINT` of priority is as many as
there are microseconds in a minute, and the rate is points a minute.

The order is kept, not searched. Below the cap, who is before whom never changes: `rate * q - p0` decides. Who
reaches the cap is by then the first of that line, and moves on to the line of those whose priority does not
grow any more: once for each caller, when it is next asked for.
"""

from collections.abc import Iterator, Mapping
from heapq import heappop
from itertools import islice
from typing import TypeAlias

from acd.line import Line
from acd.queued_call import QueuedCall
from acd.settings import Aging

POINT = 60_000_000

# Minus the effective priority, in 1/POINT; queued at (UTC microseconds); arrival. The smallest goes first.
Place: TypeAlias = tuple[int, int, int]
# The place, the call, and which time that it waits: see `acd.line`.
CallKey: TypeAlias = tuple[int, int, int, str, int]


def place(call: QueuedCall, aging: Aging, now_us: int) -> Place:
    """The call's place among all who wait now, whatever line they are in."""
    own, cap = call.priority * POINT, aging.cap * POINT
    if own < cap:
        own += aging.per_minute * (now_us - call.queued_at_us)
        if own > cap:
            own = cap
    return (-own, call.queued_at_us, call.arrival)


class Waiting:
    """Calls of one profile of aging, the first first. Amortised O(log n) for each `put` and `first`."""

    __slots__ = ("_any_grown", "_cap", "_growing", "_grown", "_live", "_rate")

    def __init__(self, aging: Aging, live: Mapping[str, object]) -> None:
        self._rate = aging.per_minute
        self._cap = aging.cap * POINT
        self._live = live
        self._growing: Line[CallKey] = Line(live)  # its keys begin with rate * q - p0
        self._grown: Line[CallKey] = Line(live)
        self._any_grown = False  # True while that line may hold somebody

    def put(self, call: QueuedCall, token: int) -> None:
        """The call waits from now on; `live` holds its token."""
        own = call.priority * POINT
        rest = (call.queued_at_us, call.arrival, call.id, token)
        if self._rate and own < self._cap:
            self._growing.put((self._rate * call.queued_at_us - own, *rest))
        else:
            self._put_grown((-own, *rest))

    def first(self, now_us: int) -> CallKey | None:
        """The key of the first call, which stays, as of now; None if there is none."""
        growing = None
        heap = self._growing.heap
        while heap:
            behind, queued_at_us, arrival, name, token = heap[0]
            if self._live.get(name) == token:
                behind -= self._rate * now_us
                if behind > -self._cap:
                    growing = (behind, queued_at_us, arrival, name, token)
                    break
                self._put_grown((-self._cap, queued_at_us, arrival, name, token))
            heappop(heap)
        if self._any_grown:
            # They have reached the cap, or were above it: nobody who grows is before them.
            grown = self._grown.first()
            if grown is not None:
                return grown
            self._any_grown = False
        return growing

    def firsts(self, count: int, now_us: int) -> Iterator[str]:
        """The first calls in their order, so many at most. The line must not change meanwhile."""
        self.first(now_us)
        return islice((key[-2] for line in (self._grown, self._growing) for key in line.firsts(count)), count)

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return self._growing.first() is not None or self._grown.first() is not None

    def _put_grown(self, key: CallKey) -> None:
        self._grown.put(key)
        self._any_grown = True
