"""Callers' positions in a queue, kept for recipes that ask for them: found by halving, never by counting.

The order is that of `acd.aging.place`. Below the cap it never changes while callers wait; who reaches the cap
goes on, once, to those whose priority does not grow any more, and who are before the others.
"""

from bisect import bisect_left, bisect_right, insort
from operator import itemgetter
from typing import TypeAlias

from acd.aging import POINT
from acd.queued_call import QueuedCall
from acd.settings import Aging

_Key: TypeAlias = tuple[int, int, int, str]  # what orders it, queued at (UTC microseconds), arrival, call


class Standing:
    """All callers of one queue, whatever line they are in."""

    __slots__ = ("_cap", "_growing", "_grown", "_keys", "_rate")

    def __init__(self, aging: Aging) -> None:
        self._rate = aging.per_minute
        self._cap = aging.cap * POINT
        self._growing: list[_Key] = []  # their keys begin with rate * queued at - priority
        self._grown: list[_Key] = []  # minus priority
        self._keys: dict[str, _Key] = {}

    def enter(self, call: QueuedCall) -> None:
        """The call has come to the queue."""
        own, since_us = call.priority * POINT, call.queued_at_us
        if own < self._cap:
            self._put(self._growing, (self._rate * since_us - own, since_us, call.arrival, call.id))
        else:
            self._put(self._grown, (-own, since_us, call.arrival, call.id))

    def leave(self, name: str) -> None:
        """The call has left it."""
        key = self._keys.pop(name)
        for keys in (self._growing, self._grown):
            index = bisect_left(keys, key)
            if keys[index : index + 1] == [key]:
                del keys[index]

    def change(self, call: QueuedCall) -> None:
        """The call has another priority."""
        if call.id in self._keys:
            self.leave(call.id)
            self.enter(call)

    def position(self, name: str, now_us: int) -> int:
        """The call's place now; 1 is next."""
        cut = bisect_right(self._growing, self._rate * now_us - self._cap, key=itemgetter(0))
        for key in self._growing[:cut]:
            self._put(self._grown, (-self._cap, *key[1:]))
        del self._growing[:cut]
        key = self._keys[name]
        index = bisect_left(self._growing, key)
        if self._growing[index : index + 1] == [key]:
            return len(self._grown) + index + 1
        return bisect_left(self._grown, key) + 1

    def _put(self, keys: list[_Key], key: _Key) -> None:
        insort(keys, key)
        self._keys[key[-1]] = key
