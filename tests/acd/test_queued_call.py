"""The call's table: every visit that starts ends, every talk too."""

import pytest

from acd.queued_call import TABLE, CallAction, CallState, QueuedCall, Row
from tests.acd.tables import can_end, reachable

IN_A_VISIT = {CallState.WAITING, CallState.OFFERED, CallState.DOUBTED}


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
    assert balance(CallAction.START_TALK, CallAction.END_TALK) == (after is CallState.TALKING) - (
        before is CallState.TALKING
    )
    assert (CallAction.FORGET in actions) == (after is CallState.LEFT)


def test_order_is_priority_then_time_then_arrival() -> None:
    calls = [
        QueuedCall("late", "q", 0, 20, 1),
        QueuedCall("second", "q", 0, 10, 3),
        QueuedCall("first", "q", 0, 10, 2),
        QueuedCall("important", "q", 5, 30, 4),
    ]
    assert [call.id for call in sorted(calls, key=lambda call: call.key)] == [
        "important",
        "first",
        "second",
        "late",
    ]
