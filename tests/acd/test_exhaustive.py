"""Two calls and two agents, and three of each with `--long`: every state that they can reach obeys the
laws, and what is broken on purpose is found."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from acd import offer, queued_call
from acd.commands import OfferResult
from acd.offer import OfferAction, OfferInput, OfferState
from acd.queued_call import CallAction, CallInput, CallState
from acd.settings import AtClosing, OnNoAnswer
from acd.strategies import SEVERAL, Strategy
from tests.acd.exhaustive import SHORT, Broken, World, explore
from tests.acd.history import SECOND

OFFER_STATES = set(OfferState) - {OfferState.ENDED}
RETRY = msgspec.structs.replace(SHORT, on_no_answer=OnNoAnswer.RETRY)
LISTED = OFFER_STATES - {OfferState.TRYING, OfferState.QUIET}
"""What phones do that ring, answer, refuse or let it ring."""


LONG = [pytest.mark.long, pytest.mark.timeout(1800)]
pytestmark = pytest.mark.timeout(300)


def tell(world: World) -> set[str]:
    """Explore, and say how much there was; the states that an offer was in."""
    found = explore(world)
    print(
        f"{world.calls} calls, {world.agents} agents: {found.states:,} states,"
        f" {found.transitions:,} transitions, {found.deepest} events to the last"
    )
    return found.of_offers


def test_two_calls_and_two_agents() -> None:
    assert tell(World(2, 2, SHORT)) == LISTED


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_three_calls_and_three_agents() -> None:
    assert tell(World(3, 3, SHORT)) == LISTED


@pytest.mark.parametrize("strategy", sorted(SEVERAL))
@pytest.mark.parametrize(("calls", "restless"), [(1, 0), pytest.param(2, 2, marks=LONG)])
def test_calls_that_ring_for_two_agents(strategy: Strategy, calls: int, restless: int) -> None:
    queue = msgspec.structs.replace(SHORT, strategy=strategy)
    assert tell(World(calls, 2, queue, restless=restless)) == LISTED


@pytest.mark.parametrize(
    ("calls", "agents", "restless"), [(1, 2, 1), (2, 1, 1), pytest.param(2, 2, 2, marks=LONG)]
)
def test_whatever_phones_do(calls: int, agents: int, restless: int) -> None:
    assert tell(World(calls, agents, SHORT, odd=True, restless=restless)) == OFFER_STATES


def test_who_does_not_answer_is_tried_again_and_colleagues_pick_up() -> None:
    assert tell(World(2, 2, RETRY, odd=True, restless=0, picks_up=True)) == OFFER_STATES


@pytest.mark.parametrize("calls", [1, pytest.param(2, marks=LONG)])
def test_whatever_agents_ask_for(calls: int) -> None:
    assert tell(World(calls, 2, SHORT, restless=0, wishes=True)) == LISTED


@pytest.mark.parametrize(
    ("calls", "chats", "restless"),
    [(2, 1, 0), pytest.param(2, 2, 1, marks=LONG), pytest.param(3, 2, 1, marks=LONG)],
)
def test_one_agent_with_chats_and_calls(calls: int, chats: int, restless: int) -> None:
    assert tell(World(calls, 1, SHORT, restless=restless, chats=chats)) == LISTED


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_agents_with_a_chat_and_a_call() -> None:
    """With one call more, or agents who ask for anything, there is no end in an hour."""
    assert tell(World(1, 2, SHORT, chats=1, restless=0)) == LISTED


def test_whenever_the_switch_dies() -> None:
    found = explore(World(2, 2, RETRY, restless=0, dies=True))
    assert found.of_calls == {CallState.WAITING, CallState.OFFERED, CallState.TALKING, CallState.DOUBTED}


@pytest.mark.parametrize("at_closing", sorted(AtClosing))
@pytest.mark.parametrize(("calls", "restless"), [(1, 0), pytest.param(2, 1, marks=LONG)])
def test_a_queue_that_asks_a_program_and_closes(at_closing: AtClosing, calls: int, restless: int) -> None:
    queue = msgspec.structs.replace(SHORT, ask_us=SECOND, at_closing=at_closing)
    assert tell(World(calls, 2, queue, restless=restless, closes=True)) == LISTED


# Faults on purpose

S, On, A = OfferState, OfferInput, OfferAction
Q, Qi, Qa = CallState, CallInput, CallAction

FAULTS: dict[str, tuple[dict[Any, Any], Any, Any]] = {
    "a refusal does not release the call": (
        offer.TABLE,
        (S.RINGING, On.REFUSED),
        (S.ENDED, OfferResult.REJECTED, (A.STOP_TIMER, A.END)),
    ),
    "an answer does not end the offer": (
        offer.TABLE,
        (S.RINGING, On.ANSWERED),
        (S.RINGING, OfferResult.ANSWERED, (A.STOP_TIMER, A.CONNECT)),
    ),
    "a phone that rings too long is not cancelled": (
        offer.TABLE,
        (S.RINGING, On.TIMER),
        (S.CANCELLING, OfferResult.NO_ANSWER, (A.START_RELEASE,)),
    ),
    "a cancelled offer has no timer": (
        offer.TABLE,
        (S.RINGING, On.TIMER),
        (S.CANCELLING, OfferResult.NO_ANSWER, (A.STOP_TIMER, A.CANCEL)),
    ),
    "a phone without a last word keeps its call": (
        offer.TABLE,
        (S.CANCELLING, On.TIMER),
        (S.RELEASED, None, (A.STOP_TIMER,)),
    ),
    "a refusal after the end is not heard": (offer.TABLE, (S.RELEASED, On.REFUSED), None),
    "an answer that comes too late is not ended": (
        offer.TABLE,
        (S.RELEASED, On.ANSWERED_TOO_LATE),
        (S.ENDED, None, (A.END,)),
    ),
    "whoever logs out is rung on": (offer.TABLE, (S.RINGING, On.WITHDRAWN), None),
    "a caller's end does not stop the ringing": (
        offer.TABLE,
        (S.RINGING, On.CALL_LEFT),
        (S.RELEASED, None, (A.STOP_TIMER,)),
    ),
    "an offered call stays in line": (queued_call.TABLE, (Q.WAITING, Qi.OFFERED), (Q.OFFERED, ())),
    "a call that nobody took waits in no line": (
        queued_call.TABLE,
        (Q.OFFERED, Qi.RELEASED),
        (Q.WAITING, ()),
    ),
    "whoever hangs up in line is still counted": (
        queued_call.TABLE,
        (Q.WAITING, Qi.LEFT),
        (Q.LEFT, (Qa.LEAVE_LINE, Qa.FORGET)),
    ),
    "a talk that is over is still counted": (queued_call.TABLE, (Q.TALKING, Qi.LEFT), (Q.LEFT, (Qa.FORGET,))),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_in_a_table_is_found(fault: str) -> None:
    table, row, wrong = FAULTS[fault]
    assert row in table
    with changed(table, row, wrong), pytest.raises(Broken) as found:
        explore(World(2, 2, SHORT))
    print(found.value)


@contextmanager
def changed(table: dict[Any, Any], row: Any, wrong: Any) -> Iterator[None]:
    """The table with a row that is wrong, or missing; afterwards as it was, in its order too."""
    right = dict(table)
    table[row] = wrong
    if wrong is None:
        del table[row]
    try:
        yield
    finally:
        table.clear()
        table.update(right)
