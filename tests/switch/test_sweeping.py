"""The sweeper: what got lost is made up for, once, counted and told; what is right stays."""

from collections.abc import Callable

import pytest

from acd.agent import AgentState
from acd.events import (
    CallGone,
    CallQueued,
    ConversationEnded,
    Event,
    GoneReason,
    PhoneAtCode,
    PhoneBusy,
    PhoneUnregistered,
)
from switch.calls.ending import Result
from switch.calls.flow import Call
from switch.metrics.metrics import RepairKind
from switch.sweeping import Sweeper
from tests.switch.far_end import FarEnd, answering, ringing
from tests.switch.stage import NUMBER, Stage

SHORT = {"queues": {"support": {"wrap_up": "0s"}}}


def sweeper(stage: Stage) -> Sweeper:
    return Sweeper(stage.exchange, stage.registry, stage.orders)


async def repaired(stage: Stage, sweeping: Sweeper) -> dict[str, float]:
    """What one more look has put right."""
    before = counted(stage)
    await sweeping.sweep()
    await stage.settle()
    return {kind: count - before[kind] for kind, count in counted(stage).items() if count != before[kind]}


def counted(stage: Stage) -> dict[str, float]:
    scrape = stage.metrics()
    return {kind: scrape.value("centralita_state_repairs_total", kind=kind) for kind in RepairKind}


async def ready(stage: Stage) -> FarEnd:
    phone = await stage.phone()
    phone.behave = answering
    assert state(stage) is AgentState.READY
    return phone


def state(stage: Stage, agent: str = "ana") -> AgentState:
    view = stage.exchange.dispatch.router.agent(agent)
    assert view is not None
    return view.state


@pytest.mark.parametrize(
    ("lost", "stuck"),
    [
        (PhoneBusy(agent="ana", dialogs=1), AgentState.ON_CALL),
        (PhoneUnregistered(agent="ana", explicit=False), AgentState.UNREACHABLE),
        (PhoneAtCode(agent="ana", at_code=True), AgentState.READY),
    ],
)
async def test_a_phone_is_what_it_is(stage: Stage, lost: Event, stuck: AgentState) -> None:
    """As if the event had got lost that took back what is told here."""
    await ready(stage)
    sweeping = sweeper(stage)
    stage.exchange.dispatch.post(lost)
    await stage.settle()
    assert state(stage) is stuck
    assert await repaired(stage, sweeping) == {}, "once may be a turn that is not over"
    assert await repaired(stage, sweeping) == {RepairKind.PHONE: 1}
    assert state(stage) is AgentState.READY
    assert await repaired(stage, sweeping) == {}
    await stage.carrier.dial(NUMBER)
    assert stage.call.agent == "ana"


async def test_a_doubt_that_is_gone_at_the_next_look_was_none(stage: Stage) -> None:
    await ready(stage)
    sweeping = sweeper(stage)
    stage.exchange.dispatch.post(PhoneBusy(agent="ana", dialogs=1))
    await stage.settle()
    assert await repaired(stage, sweeping) == {}
    stage.exchange.dispatch.post(PhoneBusy(agent="ana", dialogs=0))
    await stage.settle()
    assert await repaired(stage, sweeping) == {}
    stage.exchange.dispatch.post(PhoneBusy(agent="ana", dialogs=1))
    await stage.settle()
    assert await repaired(stage, sweeping) == {}


@pytest.mark.parametrize("sections", [SHORT])
async def test_a_talk_that_nobody_is_in_is_over(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The router is not told that caller and agent have parted."""
    await ready(stage)
    session = await stage.carrier.dial(NUMBER)
    deafen(stage, monkeypatch, lambda event: isinstance(event, ConversationEnded | CallGone))
    await stage.carrier.hang_up(session)
    monkeypatch.undo()
    assert state(stage) is AgentState.ON_CALL
    sweeping = sweeper(stage)
    assert await repaired(stage, sweeping) == {}
    assert await repaired(stage, sweeping) == {RepairKind.AGENT: 1}
    assert state(stage) is AgentState.READY


async def test_a_caller_who_is_gone_waits_no_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await stage.carrier.dial(NUMBER)
    deafen(stage, monkeypatch, lambda event: isinstance(event, CallGone))
    await stage.carrier.hang_up(session)
    monkeypatch.undo()
    assert len(stage.exchange.dispatch.router.calls()) == 1
    sweeping = sweeper(stage)
    assert await repaired(stage, sweeping) == {}
    assert await repaired(stage, sweeping) == {RepairKind.CALL: 1}
    assert stage.exchange.dispatch.router.calls() == []


async def test_who_waits_gets_the_place_back_that_the_router_lost(stage: Stage) -> None:
    await stage.carrier.dial(NUMBER)
    call = stage.call
    since = stage.exchange.dispatch.router.facts.calls[call.id].queued_at_us
    del stage.exchange.dispatch.router.facts.calls[call.id]
    stage.exchange.dispatch.router.facts.queues["support"].visits.clear()
    sweeping = sweeper(stage)
    assert await repaired(stage, sweeping) == {}
    assert await repaired(stage, sweeping) == {RepairKind.CALL: 1}
    assert stage.exchange.dispatch.router.facts.calls[call.id].queued_at_us == since
    phone = await stage.phone(registered=False)
    phone.behave = answering
    assert await phone.register() == 200
    await stage.settle()
    assert call.agent == "ana"


async def test_who_waits_for_nobody_for_good_is_told_so(stage: Stage) -> None:
    """The router holds that the call has ended, and would not take it again."""
    await stage.carrier.dial(NUMBER)
    stage.exchange.dispatch.post(CallGone(call=stage.call.id, reason=GoneReason.CALLER_HUNG_UP))
    await stage.settle()
    call: Call = stage.call
    call.ledger.visits[-1].left_us = None
    sweeping = sweeper(stage)
    assert await repaired(stage, sweeping) == {}
    assert await repaired(stage, sweeping) == {RepairKind.CALL: 1}
    (record,) = stage.history.calls
    assert record.result is Result.FAILED


async def test_an_offer_whose_invite_is_over_is_over(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = ringing
    await stage.carrier.dial(NUMBER)
    assert state(stage) is AgentState.RINGING
    stage.orders.offerings.clear()
    sweeping = sweeper(stage)
    assert await repaired(stage, sweeping) == {}
    assert await repaired(stage, sweeping) == {RepairKind.OFFER: 1}
    assert state(stage) is not AgentState.RINGING


async def test_a_remedy_that_fails_keeps_no_other_from_working(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two callers whom the router has lost; one of them we stumble over."""
    for _ in range(2):
        await stage.carrier.dial(NUMBER)
    calls = list(stage.registry.calls.values())
    facts = stage.exchange.dispatch.router.facts
    facts.calls.clear()
    facts.queues["support"].visits.clear()

    def stumble() -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(min(calls, key=lambda call: call.id), "wait_again", stumble)
    sweeping = sweeper(stage)
    assert await repaired(stage, sweeping) == {}
    assert await repaired(stage, sweeping) == {RepairKind.CALL: 2}
    assert list(facts.calls) == [max(call.id for call in calls)]


@pytest.mark.parametrize("sections", [SHORT])
async def test_what_is_right_stays(stage: Stage) -> None:
    """One waits, one talks, a phone calls another: nothing is doubted, before, during or after."""
    sweeping = sweeper(stage)
    await ready(stage)
    sessions = [await stage.carrier.dial(NUMBER) for _ in range(2)]
    luis = await stage.phone("1002")
    luis.behave = ringing
    assert [await repaired(stage, sweeping) for _ in range(3)] == [{}, {}, {}]
    for session in sessions:
        await stage.carrier.hang_up(session)
        assert [await repaired(stage, sweeping) for _ in range(3)] == [{}, {}, {}]


async def test_a_caller_nobody_has_is_forgotten(stage: Stage) -> None:
    stage.exchange.dispatch.post(CallQueued(call="ghost", queue="support", queued_at_us=1))
    await stage.settle()
    await ready(stage)
    sweeping = sweeper(stage)
    assert await repaired(stage, sweeping) == {}
    assert await repaired(stage, sweeping) == {RepairKind.CALL: 1}
    assert stage.exchange.dispatch.router.calls() == []


def deafen(stage: Stage, monkeypatch: pytest.MonkeyPatch, loses: Callable[[Event], bool]) -> None:
    """The router is not told what `loses` picks."""
    tell = stage.exchange.dispatch.post
    monkeypatch.setattr(stage.exchange.dispatch, "post", lambda event: None if loses(event) else tell(event))


@pytest.mark.parametrize("sections", [SHORT])
async def test_an_agent_who_is_leaving_talks_on_in_peace(stage: Stage) -> None:
    await ready(stage)
    session = await stage.carrier.dial(NUMBER)
    agents = stage.config(**SHORT).model_dump(by_alias=True)["agents"]
    await stage.reload(**SHORT, agents={"luis": {"phone": "1002", "skills": agents["luis"]["skills"]}})
    sweeping = sweeper(stage)
    assert [await repaired(stage, sweeping) for _ in range(3)] == [{}, {}, {}]
    await stage.carrier.hang_up(session)
    assert [await repaired(stage, sweeping) for _ in range(3)] == [{}, {}, {}]


ASKS = {"routes": [{"trunk": "carrier", "to": "*", "go": "queue:support", "requires": "english >= 9"}]}


@pytest.mark.parametrize("sections", [ASKS])
async def test_what_the_caller_asks_for_comes_back_with_his_place(stage: Stage) -> None:
    await stage.carrier.dial(NUMBER)
    call = stage.call
    del stage.exchange.dispatch.router.facts.calls[call.id]
    stage.exchange.dispatch.router.facts.queues["support"].visits.clear()
    sweeping = sweeper(stage)
    await repaired(stage, sweeping)
    assert await repaired(stage, sweeping) == {RepairKind.CALL: 1}
    assert stage.exchange.dispatch.router.facts.calls[call.id].requires == "english >= 9"
