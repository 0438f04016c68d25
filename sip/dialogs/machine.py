"""What the small machines of a session share: a table's interpreter and its timers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from sip.counters import Counters
from sip.transactions.timers import Timer, Timers

Matter = TypeVar("Matter")

Table = Mapping[Any, tuple[Any, tuple[Any, ...]]]
"""(state, input): (next state, actions). A timer's end is the input of its name."""


class Machine(ABC, Generic[Matter]):
    """A state that follows a table. An unknown pair changes nothing and counts as our fault."""

    __slots__ = ("_counters", "_running", "_timers", "state")

    name: ClassVar[str]
    table: ClassVar[Table]

    def __init__(self, first: StrEnum, timers: Timers, counters: Counters) -> None:
        self.state = first
        self._timers = timers
        self._counters = counters
        self._running: dict[str, Timer] = {}

    @abstractmethod
    def do(self, action: StrEnum, now: float, matter: Matter | None) -> None:
        """Carry out one action of a row."""

    def step(self, event: str, now: float, matter: Matter | None = None) -> None:
        """Apply one input to the table."""
        row = self.table.get((self.state, event))
        if row is None:
            self._counters.unexpected[self.name, self.state, event] += 1
            return
        self.state, actions = row
        for action in actions:
            self.do(action, now, matter)

    def start(self, kind: StrEnum, length_s: float, now: float) -> None:
        """Start a timer, which ends as the input `kind`."""
        self._running[kind] = self._timers.start(length_s, self, kind, now)

    def stop(self, kind: StrEnum) -> None:
        """Stop a timer."""
        if (timer := self._running.pop(kind, None)) is not None:
            self._timers.stop(timer)

    def expired(self, kind: str, now: float) -> None:
        """A timer ran out: its name is an input of the table."""
        self._running.pop(kind, None)
        self.step(kind, now)
