"""Free agents of whom each is as likely to be first as the others, at every decision anew."""

from collections.abc import Callable, Iterator

from acd.ranking import AgentKey


class Drawn:
    """Like `acd.line.Line`, but `first` is drawn. Keys begin with the agent's place in the configuration, and
    who is drawn depends on who is free, not on the order in which they came.

    A binary indexed tree (Fenwick, 1994) counts who is free by place; O(log n) for each call. Whoever is not
    free any more has to be taken out.
    """

    __slots__ = ("_counts", "_draw", "_keys")

    def __init__(self, draw: Callable[[int], int]) -> None:
        """`draw(n)` answers a number below n."""
        self._draw = draw
        self._keys: dict[int, AgentKey] = {}
        self._counts = [0]  # its length is a power of two

    def put(self, key: AgentKey) -> None:
        """Add an agent, or give him who is there another key."""
        place = key[0]
        known = place in self._keys
        self._keys[place] = key
        if place >= len(self._counts):
            self._grow(place)
        elif not known:
            self._add(place, 1)

    def take(self, place: int) -> None:
        """The agent of that place is not free any more."""
        if self._keys.pop(place, None) is not None:
            self._add(place, -1)

    def first(self) -> AgentKey | None:
        """One of them, who stays; None if there is none."""
        if not self._keys:
            return None
        left, place, step = self._draw(len(self._keys)), 0, len(self._counts)
        while step := step >> 1:
            if self._counts[place + step - 1] <= left:
                left -= self._counts[place + step - 1]
                place += step
        return self._keys[place]

    def firsts(self, count: int) -> Iterator[AgentKey]:
        """Whoever is drawn, alone: nobody is second."""
        first = self.first()
        if first is not None and count > 0:
            yield first

    def _add(self, place: int, count: int) -> None:
        counts = self._counts
        while place < len(counts):
            counts[place] += count
            place |= place + 1

    def _grow(self, place: int) -> None:
        self._counts = [0] * (1 << place.bit_length())
        for known in self._keys:
            self._add(known, 1)
