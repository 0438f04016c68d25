"""An order that is kept, not searched: a heap whose stale entries are dropped when they surface.

A line does not own its members. A key ends with its member's name and a token, the number of the time that
the member is in line, and is live while `live[name]` is that token. So a member may stand in several lines,
in each with another key, and one deletion takes it out of all of them.
"""

from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=tuple[Any, ...])

_SMALL = 64  # below this many entries stale ones are not worth a sweep


class Line(Generic[Key]):
    """Members in the order of their keys. Amortised O(log n) for each `put` and `first`."""

    __slots__ = ("_limit", "_live", "heap")

    def __init__(self, live: Mapping[str, object]) -> None:
        self.heap: list[Key] = []  # keys that are not live any more among them
        self._live = live
        self._limit = _SMALL

    def put(self, key: Key) -> None:
        """Add a member; the caller has set, or sets now, `live[name]` to the key's token."""
        heappush(self.heap, key)
        if len(self.heap) > self._limit:
            self._sweep()

    def first(self) -> Key | None:
        """The first live key, which stays; None if there is none."""
        heap = self.heap
        while heap:
            key = heap[0]
            if self._live.get(key[-2]) == key[-1]:
                return key
            heappop(heap)
        return None

    def firsts(self, count: int) -> Iterator[Key]:
        """The first live keys in their order, so many at most. The line must not change meanwhile."""
        return islice(self._in_order(), count)

    def _in_order(self) -> Iterator[Key]:
        """From the heap's root down, always the least of the entries below those seen: O(log n) for each."""
        heap, live = self.heap, self._live
        below = [(heap[0], 0)] if heap else []
        while below:
            key, at = heappop(below)
            if live.get(key[-2]) == key[-1]:
                yield key
            for child in (2 * at + 1, 2 * at + 2):
                if child < len(heap):
                    heappush(below, (heap[child], child))

    def __len__(self) -> int:
        """Entries held, stale ones included: what the sweep bounds."""
        return len(self.heap)

    def _sweep(self) -> None:
        live = self._live
        self.heap = [key for key in self.heap if live.get(key[-2]) == key[-1]]
        heapify(self.heap)
        self._limit = max(_SMALL, 2 * len(self.heap))
