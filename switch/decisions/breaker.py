"""Who is asked in vain too often is not asked for a while: a circuit breaker, as a table."""

from collections.abc import Mapping
from enum import StrEnum, auto
from typing import Final


class State(StrEnum):
    """Whether the program is asked."""

    ASKED = "asked"
    RESTING = "resting"
    """Nobody asks it."""
    TRIED = "tried"
    """One caller asks it, and nobody else until that one knows."""


class Input(StrEnum):
    """What happens."""

    CALLER = auto()
    """Somebody wants to ask."""
    RESTED = auto()
    """Somebody wants to ask, and it has rested long enough."""
    GOOD = auto()
    BAD = auto()
    """In vain, but not too often yet."""
    WORST = auto()
    """In vain once too often in a row."""


BREAKER: Final[Mapping[tuple[State, Input], tuple[State, bool]]] = {
    (State.ASKED, Input.CALLER): (State.ASKED, True),
    (State.ASKED, Input.RESTED): (State.ASKED, True),
    (State.ASKED, Input.GOOD): (State.ASKED, True),
    (State.ASKED, Input.BAD): (State.ASKED, True),
    (State.ASKED, Input.WORST): (State.RESTING, False),
    (State.RESTING, Input.CALLER): (State.RESTING, False),
    (State.RESTING, Input.RESTED): (State.TRIED, True),
    (State.RESTING, Input.GOOD): (State.ASKED, True),  # of one who had asked before it rested
    (State.RESTING, Input.BAD): (State.RESTING, False),
    (State.RESTING, Input.WORST): (State.RESTING, False),
    (State.TRIED, Input.CALLER): (State.TRIED, False),
    (State.TRIED, Input.RESTED): (State.TRIED, False),
    (State.TRIED, Input.GOOD): (State.ASKED, True),
    (State.TRIED, Input.BAD): (State.RESTING, False),
    (State.TRIED, Input.WORST): (State.RESTING, False),
}
"""The next state, and whether who wants to ask may."""


class Breaker:
    """Of one program. After `failures` in a row it rests for `rest_s`. Times are monotonic seconds."""

    def __init__(self, failures: int, rest_s: float) -> None:
        self.state = State.ASKED
        self._most = failures
        self._rest_s = rest_s
        self._failed = 0
        self._rests_until = 0.0

    def may_ask(self, now: float) -> bool:
        """Whether this caller may ask; if so, `tell` says how it went."""
        return self._take(Input.RESTED if now >= self._rests_until else Input.CALLER)

    def tell(self, good: bool, now: float) -> None:
        """It answered with something that could be used, or not."""
        self._failed = 0 if good else self._failed + 1
        before = self.state
        self._take(Input.GOOD if good else Input.WORST if self._failed >= self._most else Input.BAD)
        if self.state is State.RESTING and before is not State.RESTING:
            self._rests_until = now + self._rest_s

    def _take(self, what: Input) -> bool:
        self.state, may = BREAKER[self.state, what]
        return may
