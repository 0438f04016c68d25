"""What the router waits for: a heap over the due times that calls, offers and agents hold themselves.

The owner's field is the truth, the heap an index: an entry counts while its owner is still due then.
So a deadline is set and stopped by assigning a field, and a snapshot needs no timers.
"""

import enum
from collections.abc import Callable, Mapping
from heapq import heapify, heappop, heappush
from typing import TypeAlias

_SMALL = 1024


class Due(enum.IntEnum):
    """Kinds of deadlines; at the same microsecond they pass in this order, then by name."""

    WRAP_UP = 1
    RETRY = 2
    OFFER = 3
    MAX_WAIT = 4
    RING_NEXT = 5
    STEP = 6
    ASK = 7
    PREFERRED = 8
    GATHER = 9  # of the whole pool: its name is empty
    CHATS_WRAP_UP = 10  # of an agent: the next of them
    CHATS_RETRY = 11


Entry: TypeAlias = tuple[int, Due, str]


class Deadlines:
    """The earliest deadline, O(log n) amortised. `due_of[kind](name)` reads the owner's field."""

    __slots__ = ("_due_of", "_heap", "_limit")

    def __init__(self, due_of: Mapping[Due, Callable[[str], int | None]]) -> None:
        self._due_of = due_of
        self._heap: list[Entry] = []
        self._limit = _SMALL

    def arm(self, due_us: int, kind: Due, name: str) -> None:
        """The owner's field was set to `due_us`."""
        heappush(self._heap, (due_us, kind, name))
        if len(self._heap) > self._limit:
            self._sweep()

    def rearm(self, kind: Due, name: str) -> None:
        """Index what the owner's field says, if it says anything: after `restore`."""
        due_us = self._due_of[kind](name)
        if due_us is not None:
            self.arm(due_us, kind, name)

    def first(self) -> Entry | None:
        """The earliest deadline that still counts; it stays until its owner's field changes."""
        heap = self._heap
        while heap:
            due_us, kind, name = heap[0]
            if self._due_of[kind](name) == due_us:
                return heap[0]
            heappop(heap)
        return None

    def __len__(self) -> int:
        """Entries held, stale ones included: what the sweep bounds."""
        return len(self._heap)

    def _sweep(self) -> None:
        due_of = self._due_of
        self._heap = [entry for entry in set(self._heap) if due_of[entry[1]](entry[2]) == entry[0]]
        heapify(self._heap)
        self._limit = max(_SMALL, 2 * len(self._heap))
