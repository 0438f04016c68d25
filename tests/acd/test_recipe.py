"""Recipes as data."""

import pytest

from acd.recipe import (
    LOOK_AGAIN_US,
    Bound,
    Step,
    carried_over,
    demand,
    first_look_us,
    next_look_us,
    raised,
    widening,
)

A, B, C = (
    Step(waited_us=10, requires="a >= 1"),
    Step(waited_us=20, add=("ana",)),
    Step(waited_us=30, priority=5),
)


@pytest.mark.parametrize(
    ("sign", "holds"),
    [("<", (1,)), ("<=", (1, 2)), ("==", (2,)), ("!=", (1, 3)), (">=", (2, 3)), (">", (3,))],
)
def test_bounds(sign: str, holds: tuple[int, ...]) -> None:
    assert tuple(value for value in (1, 2, 3) if Bound(sign, 2).holds(value)) == holds


def test_the_first_look_is_at_the_first_step_that_is_left() -> None:
    assert first_look_us((A, B, C), 0, 1000) == 1010
    assert first_look_us((A, B, C), 0b001, 1000) == 1020
    assert first_look_us((A, B, C), 0b111, 1000) is None


def test_who_does_not_meet_a_step_yet_is_looked_at_a_second_later() -> None:
    assert next_look_us((A, B, C), 0b010, 1000, 1025) == 1030
    assert next_look_us((A, B), 0b010, 1000, 1025) == 1025 + LOOK_AGAIN_US
    assert next_look_us((A, B), 0b011, 1000, 1025) is None


def test_what_is_required_after_steps() -> None:
    wide = Step(requires="")
    assert demand((A, B, C, wide), 0, "q >= 9") == ("q >= 9", ())
    assert demand((A, B, C, wide), 0b0011, "q >= 9") == ("a >= 1", ("ana",))
    assert demand((A, B, B, wide), 0b1111, "q >= 9") == ("", ("ana",))
    assert widening((A, B, C, wide), 0b1101) == 0b1001
    assert raised((A, C, C), 0b110) == 10


def test_steps_that_are_still_there_were_taken() -> None:
    assert carried_over((A, B, C), (C, A), 0b101) == 0b11
    assert carried_over((A, B, C), (C, A), 0b010) == 0
    assert carried_over((B, B), (B, A, B), 0b10) == 0b100
