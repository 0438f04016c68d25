"""The table of wishes: every state answers every wish."""

from pathlib import Path
from typing import get_args

import pytest

from acd.agent import AgentState
from switch.desk.wishes import ANSWERS, MAKES_ROOM, MOVES, Answer, LogIn, Wish


@pytest.mark.parametrize("wish", get_args(Wish))
def test_every_wish_has_an_answer_in_every_state(wish: type[Wish]) -> None:
    assert set(ANSWERS[wish]) == set(AgentState)


def test_every_state_of_who_moves_and_of_who_makes_room_has_one() -> None:
    assert set(MOVES) == set(MAKES_ROOM) == set(AgentState)


def test_nothing_is_granted_that_an_agent_in_a_call_would_see_at_once() -> None:
    """His call comes first, whatever he asks for."""
    granted = {wish: answers[AgentState.ON_CALL] for wish, answers in ANSWERS.items()}
    assert Answer.DONE not in granted.values()
    assert granted[LogIn] is Answer.AS_BEFORE


def test_the_reference_says_what_the_table_says() -> None:
    """`docs/reference/desk.md`"""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "desk.md").read_text()
    answers = [*ANSWERS.values(), MOVES, MAKES_ROOM]
    rows = [" | ".join(row[state].value for state in AgentState) for row in answers]
    written = [line for line in page.splitlines() if line.count("|") == len(AgentState) + 2]
    assert [line.split(" | ", 1)[1].removesuffix(" |") for line in written if "---" not in line][1:] == rows


def test_a_pin_is_not_shown() -> None:
    assert "4711" not in repr(LogIn("ana", "1001", "4711"))
