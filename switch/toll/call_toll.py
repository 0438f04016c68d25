"""What the origin of one call may spend when it is led to a trunk, or on to another number."""

from collections.abc import Callable, MutableSequence

from switch.limits import Room
from switch.peers import Peer
from switch.toll.account import Spending, Talk
from switch.toll.guard import TollGuard, TollLimit


class CallToll:
    """`rooms` are what the call holds until it ends, `on_limit` ends it."""

    def __init__(
        self,
        guard: TollGuard,
        origin: Peer,
        talk: Talk,
        rooms: MutableSequence[Room],
        on_limit: Callable[[], None],
        now_us: Callable[[], int],
    ) -> None:
        self._guard = guard
        self._origin = origin
        self._talk = talk
        self._rooms = rooms
        self.on_limit = on_limit
        self._now_us = now_us

    def permits(self, number: str) -> bool:
        """Whether the call may go to that number of a trunk."""
        return self._guard.permits(self._origin, number, self._now_us()) is None

    def pay(self, number: str) -> bool:
        """Whether it may go there now; from here on it counts, unless it does already."""
        if any(isinstance(room, Spending) for room in self._rooms):
            return self.permits(number)
        admitted = self._guard.admit(self._origin, number, self._talk, self._now_us())
        if isinstance(admitted, TollLimit):
            return False
        admitted.on_limit = self.on_limit
        self._rooms.append(admitted)
        return True
