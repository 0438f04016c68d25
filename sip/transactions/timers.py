"""Every timer of an endpoint behind one deadline.

Nearly all timers of SIP have one of a few constant lengths, and `now` never runs backwards: each such length
has a queue that is in order by itself, so starting and stopping cost the same however many timers run. The
rest share a heap. A stopped timer stays where it is, emptied, until it comes to the front.
"""

from collections import deque
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Protocol

_COMPACT_ABOVE = 64


class TimerOwner(Protocol):
    """Whoever starts a timer."""

    def expired(self, kind: str, now: float) -> None:
        """The timer `kind` ran out."""
        ...


class Timer:
    """One running timer; `owner` is None once it has run out or was stopped."""

    __slots__ = ("heaped", "kind", "order", "owner", "when")

    def __init__(self, when: float, order: int, owner: TimerOwner, kind: str) -> None:
        self.heaped = False
        self.when = when
        self.order = order
        self.owner: TimerOwner | None = owner
        self.kind = kind

    def __lt__(self, other: "Timer") -> bool:
        return (self.when, self.order) < (other.when, other.order)


class Timers:
    """Timers of the given constant lengths in one queue each, all others in one heap."""

    __slots__ = ("_heap", "_queues", "_started", "_stopped_in_heap", "running")

    def __init__(self, lengths: Iterable[float]) -> None:
        self._queues: dict[float, deque[Timer]] = {length: deque() for length in lengths}
        self._heap: list[Timer] = []
        self._started = 0
        self._stopped_in_heap = 0
        self.running = 0

    def start(self, length: float, owner: TimerOwner, kind: str, now: float) -> Timer:
        """Call `owner.expired(kind, now)` in `length` seconds."""
        self._started += 1
        self.running += 1
        timer = Timer(now + length, self._started, owner, kind)
        queue = self._queues.get(length)
        if queue is None or (queue and queue[-1].when > timer.when):
            timer.heaped = True
            heappush(self._heap, timer)
        else:
            queue.append(timer)
        return timer

    def stop(self, timer: Timer) -> None:
        """Forget a timer; one that is not running any more is left alone."""
        if timer.owner is None:
            return
        timer.owner = None
        self.running -= 1
        if timer.heaped:
            self._stopped_in_heap += 1
            if self._stopped_in_heap > _COMPACT_ABOVE + len(self._heap) // 2:
                self._compact()

    def _compact(self) -> None:
        self._stopped_in_heap = 0
        self._heap = [timer for timer in self._heap if timer.owner is not None]
        heapify(self._heap)

    def deadline(self) -> float | None:
        """When the next timer runs out; None while none runs."""
        earliest: float | None = None
        for queue in self._queues.values():
            while queue and queue[0].owner is None:
                queue.popleft()
            if queue and (earliest is None or queue[0].when < earliest):
                earliest = queue[0].when
        heap = self._heap
        while heap and heap[0].owner is None:
            heappop(heap)
        if heap and (earliest is None or heap[0].when < earliest):
            earliest = heap[0].when
        return earliest

    def run(self, now: float) -> None:
        """Run out every timer that is due, in order of time; also those that start meanwhile and are due."""
        while due := self._take_due(now):
            due.sort()
            for timer in due:
                owner = timer.owner
                if owner is not None:
                    timer.owner = None
                    self.running -= 1
                    owner.expired(timer.kind, now)

    def _take_due(self, now: float) -> list[Timer]:
        due = []
        for queue in self._queues.values():
            while queue and queue[0].when <= now:
                due.append(queue.popleft())
        while self._heap and self._heap[0].when <= now:
            due.append(heappop(self._heap))
        return due
