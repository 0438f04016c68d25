"""Where counts are gathered: by interval of a day, or of a whole span, and by key."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from switch.figures.calendar import Span
from switch.figures.facts import STATE_FACTS, Counts, Dimension, Fact, Happened, Stay

Key: TypeAlias = tuple[str, ...]
"""Values of the dimensions asked for, in their order."""

LEAVES = (Fact.ANSWERED, Fact.ABANDONED, Fact.FLOWED_OUT, Fact.ENDED_OTHERWISE)
"""Each visit ends as exactly one of these."""

_WAITING = (Fact.WAITING_AT_START, Fact.WAITING_AT_END)


class Row(NamedTuple):
    """The counts of one key in one interval."""

    key: Key
    span: Span
    counts: Counts


class Cells:
    """Counts of neighbouring intervals. What happened outside of them is not counted."""

    def __init__(self, spans: Sequence[Span], by: Sequence[Dimension]) -> None:
        self._spans = spans
        self._starts = [span.start_us for span in spans]
        self._end_us = spans[-1].end_us
        self._by = by
        self._cells: dict[tuple[int, Key], Counts] = {}

    def add(self, happened: Happened) -> None:
        """In its interval, for each of its keys; for none where it lacks a dimension."""
        if self._starts[0] <= happened.at_us < self._end_us:
            at = bisect_right(self._starts, happened.at_us) - 1
            for key in keys(happened, self._by):
                self._cell(at, key).add(happened)

    def stayed(self, stay: Stay, to_us: int) -> None:
        """An agent's stay ended then, or has lasted until then: its seconds, where they passed."""
        of_stay, fact = keys(stay, self._by), STATE_FACTS[stay.state]
        from_us, to_us = max(stay.since_us, self._starts[0]), min(to_us, self._end_us)
        at = bisect_right(self._starts, from_us) - 1
        while from_us < to_us:
            until_us = min(to_us, self._spans[at].end_us)
            for key in of_stay:
                self._cell(at, key).facts[fact] += until_us - from_us
            from_us, at = until_us, at + 1

    def put(self, at_us: int, key: Key, counts: Counts) -> None:
        """More counts of the interval that has this moment, without who waits."""
        if self._starts[0] <= at_us < self._end_us:
            into = self._cell(bisect_right(self._starts, at_us) - 1, key)
            into.facts.update({fact: n for fact, n in counts.facts.items() if fact not in _WAITING})
            into.waits.update(counts.waits)

    def all(self) -> Iterator[tuple[Counts, Span, Key]]:
        """What is there, in no order."""
        for (at, key), counts in self._cells.items():
            yield counts, self._spans[at], key

    def copy(self) -> "Cells":
        """As it is now."""
        copied = Cells(self._spans, self._by)
        copied._cells = {at: Counts(held.facts.copy(), held.waits.copy()) for at, held in self._cells.items()}
        return copied

    def rows(self, waiting: dict[Key, int]) -> Iterator[Row]:
        """In order of intervals, then keys. `waiting` are those in line before the first interval, and
        afterwards those behind the last.
        """
        by_interval: list[set[Key]] = [set() for _ in self._spans]
        for at, key in self._cells:
            by_interval[at].add(key)
        for at, span in enumerate(self._spans):
            for key in sorted(by_interval[at] | waiting.keys()):
                counts = self._cells.get((at, key), Counts())
                if Dimension.AGENT not in self._by:
                    _carry(key, counts, waiting)
                yield Row(key, span, counts)

    def _cell(self, at: int, key: Key) -> Counts:
        found = self._cells.get((at, key))
        if found is None:
            found = self._cells[at, key] = Counts()
        return found


def keys(counted: Happened | Stay, by: Sequence[Dimension]) -> list[Key]:
    """For which keys it counts: one for each combination of its values; none where it lacks a dimension."""
    values = [counted.keys.get(dimension) for dimension in by]
    return [] if None in values else list(product(*(each for each in values if each is not None)))


def _carry(key: Key, counts: Counts, waiting: dict[Key, int]) -> None:
    """Who waits at the start and at the end: what came and did not go."""
    at_start = waiting.pop(key, 0)
    at_end = at_start + counts[Fact.OFFERED] - sum(counts[leave] for leave in LEAVES)
    if at_start:
        counts.facts[Fact.WAITING_AT_START] = at_start
    if at_end:
        counts.facts[Fact.WAITING_AT_END] = waiting[key] = at_end
