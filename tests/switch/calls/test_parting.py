"""How a call ends when one of its sides is gone."""

import pytest

from sip.events import EndCause
from switch.calls.causes import Farewell
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.ledger import Ledger, Visit
from switch.calls.legs.events import Ended, Lost, Refused
from switch.calls.parting import (
    Parting,
    agent_gone,
    agent_hung_up,
    callee_gone,
    caller_gone,
    refused,
    supervisor_gone,
    unreachable,
)
from switch.calls.ringing.unreachable import Unreachable
from switch.records import Direction

BYE, CANCELLED = Ended(EndCause.REMOTE_BYE, 31), Ended(EndCause.CANCELLED, None, elsewhere=True)
FAULTS: dict[Ended | Lost, Reason] = {
    Ended(EndCause.ACK_TIMEOUT, None): Reason.ACK_TIMEOUT,
    Ended(EndCause.PRACK_TIMEOUT, None): Reason.PRACK_TIMEOUT,
    Ended(EndCause.SESSION_EXPIRED, None): Reason.SESSION_EXPIRED,
    Ended(EndCause.DIALOG_LOST, None): Reason.DIALOG_LOST,
    Lost(): Reason.MEDIA_LOST,
    Lost(Reason.ENCRYPTION_FAILED): Reason.ENCRYPTION_FAILED,
}


def ledger(*, connected: bool, waiting: bool) -> Ledger:
    visits = [Visit("v", "support", 1)] if waiting else []
    moment = 1 if connected else None
    return Ledger("c", Direction.INBOUND, "carrier", "1", "2", 0, visits=visits, connected_us=moment)


@pytest.mark.parametrize(
    ("connected", "waiting", "agent", "hung_up", "failed"),
    [
        (False, False, None, Result.ABANDONED, Result.FAILED),
        (False, True, None, Result.ABANDONED, Result.FAILED),
        (True, True, None, Result.ABANDONED, Result.FAILED),
        (True, False, None, Result.COMPLETED, Result.COMPLETED),
        (True, False, "ana", Result.ANSWERED, Result.ANSWERED),
        (False, False, "ana", Result.ABANDONED, Result.FAILED),
    ],
    ids=["ringing", "in line, ringing", "in line", "connected", "with an agent", "an agent, but no 200"],
)
def test_only_a_caller_who_hangs_up_has_abandoned(
    connected: bool, waiting: bool, agent: str | None, hung_up: Result, failed: Result
) -> None:
    where = ledger(connected=connected, waiting=waiting)
    for event in (BYE, CANCELLED):
        assert caller_gone(event, where, agent)[:3] == (hung_up, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    for fault, reason in FAULTS.items():
        assert caller_gone(fault, where, agent) == (failed, reason, EndedBy.SWITCH, None)


def test_an_agent_hangs_up_by_bye_and_is_lost_by_anything_else() -> None:
    talking, early = ledger(connected=True, waiting=False), ledger(connected=False, waiting=False)
    parting = agent_gone(BYE, talking)
    assert parting == (Result.ANSWERED, Reason.AGENT_HUNG_UP, EndedBy.AGENT, Farewell(q850=31))
    assert [agent_gone(fault, talking) for fault in FAULTS] == [None] * len(FAULTS)
    assert agent_hung_up(talking) == (Result.ANSWERED, Reason.AGENT_HUNG_UP, EndedBy.AGENT, None)
    assert agent_hung_up(early) == (Result.FAILED, Reason.AGENT_HUNG_UP, EndedBy.AGENT, None)


def test_a_callee_hangs_up_or_is_lost() -> None:
    talking = ledger(connected=True, waiting=False)
    assert callee_gone(BYE, talking)[:3] == (Result.COMPLETED, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE)
    for fault, reason in FAULTS.items():
        assert callee_gone(fault, talking) == (Result.COMPLETED, reason, EndedBy.SWITCH, None)
    held = ledger(connected=False, waiting=False)
    assert callee_gone(BYE, held)[:3] == (Result.FAILED, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE)


@pytest.mark.parametrize(("served", "result"), [(True, Result.ANSWERED), (False, Result.COMPLETED)])
def test_a_supervisor_who_has_taken_over_hangs_up_or_is_lost(served: bool, result: Result) -> None:
    """Out of a queue's call, or one that somebody dialled."""
    talking = ledger(connected=True, waiting=False)
    if served:
        talking.visits.append(Visit("v", "support", 1, 2, Result.ANSWERED, agent="ana"))
    assert supervisor_gone(BYE, talking)[:3] == (result, Reason.SUPERVISOR_HUNG_UP, EndedBy.SUPERVISOR)
    assert caller_gone(BYE, talking, None).result is result
    for fault, reason in FAULTS.items():
        assert supervisor_gone(fault, talking) == (result, reason, EndedBy.SWITCH, None)


def test_a_cause_is_passed_on_where_a_side_gave_one() -> None:
    talking = ledger(connected=True, waiting=False)
    assert callee_gone(BYE, talking).told == Farewell(q850=31)
    assert callee_gone(Ended(EndCause.REMOTE_BYE, None), talking).told == Farewell(q850=16)
    told = caller_gone(CANCELLED, ledger(connected=False, waiting=False), None).told
    assert told == Farewell(q850=16, elsewhere=True)


@pytest.mark.parametrize(("timed_out", "by"), [(False, EndedBy.CALLEE), (True, EndedBy.SWITCH)])
def test_a_refusal_is_the_callees_unless_nobody_was_there(timed_out: bool, by: EndedBy) -> None:
    parting = refused(Refused(486, "Busy Here", 17, timed_out))
    assert parting == Parting(Result.REJECTED, Reason.BUSY, by, Farewell(status=486, q850=17))


@pytest.mark.parametrize(("status", "q850"), [(480, 20), (404, None)])
def test_who_is_not_registered_is_a_subscriber_absent(status: int, q850: int | None) -> None:
    told = unreachable(Unreachable(status, "Phrase")).told
    assert told == Farewell(status=status, phrase="Phrase", q850=q850)
