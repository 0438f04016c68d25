"""Supervisors' acts on callers in queues, through the API's backend, with phones that ring."""

import pytest
from structlog.testing import capture_logs

from acd.events import Act, CallAssigned, CallMoved, CallPrioritised, CallPulled, CallWithdrawn
from sip.events import IncomingInvite
from switch.api.backend import Refused, Unknown
from switch.calls.ending import Reason, Result
from switch.records import AgentState
from tests.switch.far_end import answering
from tests.switch.stage import NUMBER, Stage

QUEUES = {"support": {"requires": "support >= 1"}, "sales": {"requires": "sales >= 1"}}


async def waiting(stage: Stage) -> str:
    """Somebody waits, and everybody is in a pause."""
    for name, agent in (("1001", "ana"), ("1002", "luis")):
        await stage.phone(name)
        stage.running.set_agent_state(agent, AgentState.PAUSED, "lunch")
    await stage.carrier.dial(NUMBER)
    return stage.call.id


async def test_priority_is_seen_at_once_and_logged_with_who_gave_it(stage: Stage) -> None:
    call = await waiting(stage)
    with capture_logs() as logs:
        row = stage.running.act(CallPrioritised(call, 9, by="eva"))
    assert row is not None
    assert (row.state, row.queue, row.priority) == ("waiting", "support", 9)
    assert stage.running.place(call) == row
    (line,) = (entry for entry in logs if entry["event"] == "supervisor acted")
    assert (line["what"], line["call"], line["to"], line["by"]) == ("prioritise", call, "9", "eva")
    assert line["refused"] is None


async def test_an_agent_in_a_pause_takes_a_caller(stage: Stage) -> None:
    call = await waiting(stage)
    row = stage.running.act(CallPulled(call, "luis", by="luis"))
    assert row is not None
    assert (row.state, row.agent) == ("offered", "luis")
    await stage.settle()
    assert stage.agent("luis") == "ringing"


async def test_who_is_assigned_rings_when_he_is_ready(stage: Stage) -> None:
    call = await waiting(stage)
    stage.running.set_agent_state("ana", AgentState.READY, None)
    await stage.pass_by(16)
    assert stage.running.agent("ana").reason == "no-answer"
    with pytest.raises(Refused, match="'ana' is paused"):
        stage.running.act(CallAssigned(call, "ana"))
    stage.running.set_agent_state("luis", AgentState.READY, None)
    await stage.settle()
    with pytest.raises(Refused, match="rings at an agent's phone"):
        stage.running.act(CallAssigned(call, "luis"))


@pytest.mark.parametrize("sections", [{"queues": QUEUES}])
async def test_a_caller_in_another_queue_keeps_his_time(stage: Stage) -> None:
    call = await waiting(stage)
    before = stage.running.place(call)
    await stage.pass_by(20)
    row = stage.running.act(CallMoved(call, "sales", by="eva"))
    assert row is not None
    assert (row.queue, row.queued_at) == ("sales", before.queued_at)
    assert row.entered_at > before.entered_at
    visits = stage.call.ledger.visits
    assert [(visit.queue, visit.result, visit.reason) for visit in visits] == [
        ("support", Result.OVERFLOWED, Reason.ADMINISTRATOR),
        ("sales", None, None),
    ]


async def test_a_caller_is_taken_out_and_a_phone_rings_for_him(stage: Stage) -> None:
    call = await waiting(stage)
    phone = await stage.phone("1001")
    phone.behave = answering
    assert stage.running.act(CallWithdrawn(call, "phone:1001")) is None
    await stage.settle()
    assert phone.all(IncomingInvite)
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"


async def test_a_caller_is_taken_out_and_hung_up(stage: Stage) -> None:
    call = await waiting(stage)
    stage.running.act(CallWithdrawn(call, "hangup"))
    await stage.settle()
    (record,) = stage.history.calls
    assert (record.id, record.reason) == (call, Reason.ADMINISTRATOR)


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda call: CallAssigned(call, "nobody"), "no agent 'nobody'"),
        (lambda call: CallMoved(call, "nowhere"), "no queue 'nowhere'"),
        (lambda call: CallMoved(call, "support"), "waits in queue 'support' already"),
        (lambda call: CallWithdrawn(call, "phone:9"), "'phone:9' is no target"),
    ],
)
async def test_what_cannot_be_done_is_said(stage: Stage, act: type[Act], why: str) -> None:
    call = await waiting(stage)
    with pytest.raises(Refused, match=why):
        stage.running.act(act(call))  # type: ignore[call-arg]
    with pytest.raises(Unknown, match="no call '01NOCALL' in a queue"):
        stage.running.act(CallPulled("01NOCALL", "ana"))


async def test_what_was_refused_is_in_the_log_with_who_wanted_it(stage: Stage) -> None:
    call = await waiting(stage)
    with capture_logs() as lines, pytest.raises(Refused):
        stage.running.act(CallWithdrawn(call, "phone:9", by="eva"))
    (line,) = [line for line in lines if line["event"] == "supervisor acted"]
    assert (line["what"], line["to"], line["by"], line["refused"]) == (
        "withdraw",
        "phone:9",
        "eva",
        "no_such_target",
    )
