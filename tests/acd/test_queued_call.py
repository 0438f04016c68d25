"""The call's table: every visit that starts ends, every talk too."""

import pytest

from acd.queued_call import TABLE, CallAction, CallState, Row
from tests.acd.tables import can_end, reachable

IN_A_VISIT = {CallState.ASKING, CallState.WAITING, CallState.OFFERED, CallState.DOUBTED}


def following(row: Row) -> CallState:
    return row[0]


def test_every_state_is_reached_and_can_end() -> None:
    assert reachable(TABLE, CallState.ENTERING, following) == set(CallState)
    assert can_end(TABLE, CallState.LEFT, following) == set(CallState)


@pytest.mark.parametrize(("pair", "row"), TABLE.items(), ids=str)
def test_visits_lines_and_talks_are_balanced(pair: tuple[CallState, object], row: Row) -> None:
    before, (after, actions) = pair[0], row

    def balance(start: CallAction, end: CallAction) -> int:
        return actions.count(start) - actions.count(end)

    assert balance(CallAction.START_VISIT, CallAction.END_VISIT) == (after in IN_A_VISIT) - (
        before in IN_A_VISIT
    )
    assert balance(CallAction.JOIN_LINE, CallAction.LEAVE_LINE) == (after is CallState.WAITING) - (
        before is CallState.WAITING
    )
    assert balance(CallAction.ASK, CallAction.STOP_ASKING) == (after is CallState.ASKING) - (
        before is CallState.ASKING
    )
    assert balance(CallAction.START_TALK, CallAction.END_TALK) == (after is CallState.TALKING) - (
        before is CallState.TALKING
    )
    assert (CallAction.SEEK_NO_MORE in actions) == (before is CallState.OFFERED)
    assert (CallAction.FORGET in actions) == (after is CallState.LEFT)
