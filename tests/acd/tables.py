"""Questions that every state table has to answer."""

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

State = TypeVar("State", bound=Hashable)
Input = TypeVar("Input", bound=Hashable)
Row = TypeVar("Row")


def reachable(
    table: Mapping[tuple[State, Input], Row], start: State, following: Callable[[Row], State]
) -> set[State]:
    """Every state that some inputs lead to."""
    found = {start}
    while True:
        more = {following(row) for (state, _), row in table.items() if state in found} - found
        if not more:
            return found
        found |= more


def can_end(
    table: Mapping[tuple[State, Input], Row], end: State, following: Callable[[Row], State]
) -> set[State]:
    """Every state from which the end can be reached."""
    found = {end}
    while True:
        more = {state for (state, _), row in table.items() if following(row) in found} - found
        if not more:
            return found
        found |= more
