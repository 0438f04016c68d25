"""The offer's table: no dead row, no timer without an end, no state without a way out."""

import pytest

from acd.offer import RINGS, TABLE, TIMED, OfferAction, OfferInput, OfferState, Row
from tests.acd.tables import can_end, reachable

SETS_TIMER = {
    OfferAction.START_SILENCE,
    OfferAction.RING_FROM_HERE,
    OfferAction.RING_FROM_TRYING,
    OfferAction.START_RELEASE,
}
FINAL = {OfferInput.REFUSED, OfferInput.NO_RESPONSE}


def following(row: Row) -> OfferState:
    return row[0]


def test_every_state_is_reached_and_can_end() -> None:
    assert reachable(TABLE, OfferState.INVITED, following) == set(OfferState)
    assert can_end(TABLE, OfferState.ENDED, following) == set(OfferState)


def test_nothing_happens_after_the_end() -> None:
    assert not [pair for pair in TABLE if pair[0] is OfferState.ENDED]


@pytest.mark.parametrize("state", sorted(set(OfferState) - {OfferState.ENDED}))
def test_a_final_response_or_its_absence_ends_every_state(state: OfferState) -> None:
    for what in FINAL:
        assert TABLE[state, what][0] is OfferState.ENDED


@pytest.mark.parametrize("state", sorted(set(OfferState) - {OfferState.ENDED}))
def test_a_2xx_always_answers(state: OfferState) -> None:
    assert TABLE[state, OfferInput.ANSWERED][0] is OfferState.ENDED
    assert OfferAction.CONNECT in TABLE[state, OfferInput.ANSWERED][2]


@pytest.mark.parametrize(("pair", "row"), TABLE.items(), ids=str)
def test_timers_run_exactly_in_the_states_that_have_one(
    pair: tuple[OfferState, OfferInput], row: Row
) -> None:
    state, what = pair
    after, _, actions = row
    sets = SETS_TIMER & set(actions)
    if after in TIMED:
        assert sets or (state in TIMED and what is not OfferInput.TIMER)
        assert OfferAction.STOP_TIMER not in actions
        assert (after, OfferInput.TIMER) in TABLE
    else:
        assert not sets
        assert state not in TIMED or OfferAction.STOP_TIMER in actions


@pytest.mark.parametrize(("pair", "row"), TABLE.items(), ids=str)
def test_the_agent_is_freed_at_the_end_and_only_there(pair: tuple[OfferState, OfferInput], row: Row) -> None:
    assert (OfferAction.END in row[2]) == (row[0] is OfferState.ENDED)


@pytest.mark.parametrize(("pair", "row"), TABLE.items(), ids=str)
def test_a_bound_call_is_connected_or_released_or_has_left(
    pair: tuple[OfferState, OfferInput], row: Row
) -> None:
    state, what = pair
    bound = RINGS | {OfferState.CANCELLING}
    if state in bound and row[0] not in bound and what is not OfferInput.CALL_LEFT:
        assert {OfferAction.CONNECT, OfferAction.RELEASE_CALL} & set(row[2])


def test_cancel_is_asked_for_once() -> None:
    for (state, _), (_, _, actions) in TABLE.items():
        assert OfferAction.CANCEL not in actions or state in RINGS
