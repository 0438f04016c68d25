"""The router's orders, on real phones: how each offer ends, and what history and metrics are told."""

from dataclasses import replace

import pytest

from acd.commands import CancelOffer, HangUpOffer
from acd.events import ConversationEnd, ConversationEnded, OfferNotSent, SwitchRestarted
from sip.events import IncomingInvite
from sip.flow import Flow
from switch.calls.ending import Reason, Result
from switch.history import entries
from switch.records import AgentState, OfferResult
from tests.switch.far_end import Behaviour, FarEnd, answering, refusing, ringing, silent
from tests.switch.stage import NUMBER, OURS, Stage

SHORT = {"queues": {"support": {"wrap_up": "2s", "ring_timeout": "5s"}}}


def offers(stage: Stage) -> list[OfferResult]:
    """How the offers of ended calls ended, in order."""
    return [offer.result for entry in stage.history.all(entries.CallEnded) for offer in entry.offers]


async def test_an_agent_is_offered_shown_and_connected(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    phone = await stage.phone()
    invite = phone.invited.request
    assert invite.from_.display == "support +34600111222"
    assert invite.from_.uri.user == "+34600111222"
    await phone.answer()
    assert (stage.call.agent, stage.agent()) == ("ana", "on_call")
    assert not stage.orders.offerings
    await stage.carrier.hang_up(session)
    assert offers(stage) == [OfferResult.ANSWERED]
    scrape = stage.metrics()
    assert scrape.value("centralita_offers_total", queue="support", result="answered") == 1
    assert scrape.value("centralita_offer_latency_seconds_count") == 1


@pytest.mark.parametrize(
    ("ring_first", "status", "result"),
    [(True, 486, OfferResult.REJECTED), (True, 603, OfferResult.REJECTED), (False, 486, OfferResult.BUSY)],
)
async def test_a_phone_that_refuses(stage: Stage, ring_first: bool, status: int, result: OfferResult) -> None:
    phone = await stage.phone()
    if not ring_first:
        phone.behave = refusing(status)
    session = await stage.carrier.dial(NUMBER)
    if ring_first:
        await phone.refuse(status)
    await stage.carrier.hang_up(session)
    assert offers(stage) == [result]
    await stage.pass_by(60)
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [SHORT])
async def test_nobody_answers_and_the_next_agent_rings(stage: Stage) -> None:
    first, second = await stage.phone("1001"), await stage.phone("1002")
    session = await stage.carrier.dial(NUMBER)
    assert not second.all(IncomingInvite)
    await stage.pass_by(5.2)
    assert stage.agent("ana") == "paused"
    assert first.endpoint.counts().sessions == 0
    await second.answer()
    assert stage.call.agent == "luis"
    await stage.carrier.hang_up(session)
    assert offers(stage) == [OfferResult.NO_ANSWER, OfferResult.ANSWERED]


async def test_a_phone_that_says_nothing_makes_its_agent_unreachable_until_it_speaks(stage: Stage) -> None:
    phone = await stage.phone()
    stage.lose = lambda data: data.startswith(b"INVITE sip:192.0.2.21")
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(4.1)
    assert stage.agent() == "unreachable"
    await stage.carrier.dial(NUMBER)
    assert stage.agent() == "unreachable", "and it is offered nothing"
    stage.lose = lambda data: False
    await stage.pass_by(4)  # the INVITE's next repetition reaches it
    assert stage.agent() == "ringing"
    await phone.answer()
    (call, _) = stage.registry.calls.values()
    assert call.agent == "ana", "the first caller kept his place"
    await stage.carrier.hang_up(session)


@pytest.mark.parametrize("behave", [silent, ringing])
async def test_a_phone_whose_connection_breaks_loses_its_call_to_the_next_agent_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, behave: Behaviour
) -> None:
    first, second = await stage.phone("1001"), await stage.phone("1002")
    registrations, connection = stage.exchange.registrations, Flow("tcp", OURS, first.address, connection=1)
    (binding,) = registrations.contacts("1001")
    by_tcp = {"1001": [replace(binding, flow=connection)], "1002": registrations.contacts("1002")}
    monkeypatch.setattr(registrations, "contacts", by_tcp.get)
    first.behave = behave
    session = await stage.carrier.dial(NUMBER)
    assert stage.agent("ana") == "ringing"
    stage.exchange.endpoint.flow_closed(connection, stage.now())
    stage.flush()
    await stage.settle()
    assert (stage.agent("ana"), stage.agent("luis")) == ("unreachable", "ringing")
    await second.answer()
    assert stage.call.agent == "luis"
    await stage.carrier.hang_up(session)
    assert offers(stage) == [OfferResult.UNREACHABLE, OfferResult.ANSWERED]
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_the_caller_hangs_up_while_it_rings(stage: Stage) -> None:
    phone = await stage.phone()
    session = await stage.carrier.dial(NUMBER)
    await stage.carrier.hang_up(session)
    assert phone.endpoint.counts().sessions == 0
    assert stage.agent() == "ready"
    assert offers(stage) == [], "the call's record was written before the offer had its final response"
    (late,) = stage.history.all(entries.OfferEnded)
    assert (late.call, late.offer.result) == (stage.history.calls[0].id, OfferResult.CANCELLED)


@pytest.mark.parametrize("sections", [SHORT])
async def test_a_200_that_crosses_the_cancel_takes_the_call_that_still_waits(stage: Stage) -> None:
    phone = await stage.phone()
    session = await stage.carrier.dial(NUMBER)
    stage.lose = lambda data: data.startswith(b"CANCEL")
    await stage.pass_by(5.2)
    assert any(isinstance(command, CancelOffer) for command in stage.commands)
    await phone.answer()
    stage.lose = lambda data: False
    assert stage.call.agent == "ana"
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [SHORT])
async def test_a_200_after_the_ring_timeout_that_comes_too_late_is_hung_up_on(stage: Stage) -> None:
    first, second = await stage.phone("1001"), await stage.phone("1002")
    session = await stage.carrier.dial(NUMBER)
    stage.lose = lambda data: data.startswith(b"CANCEL")
    await stage.pass_by(7.5)  # 2 s after the CANCEL the call is offered on
    assert stage.agent("luis") == "ringing"
    await first.answer()
    stage.lose = lambda data: False
    assert any(isinstance(command, HangUpOffer) for command in stage.commands)
    assert first.endpoint.counts().sessions == 0
    await second.answer()
    assert stage.call.agent == "luis"
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_a_phone_that_answers_and_hangs_up_at_once(stage: Stage) -> None:
    def flash(end: FarEnd, invite: IncomingInvite) -> None:
        answering(end, invite)
        end.endpoint.hangup(invite.session, stage.now())

    phone = await stage.phone()
    phone.behave = flash
    await stage.carrier.dial(NUMBER)
    await stage.pass_by(60)
    (record,) = stage.history.calls
    assert (record.result, record.reason) == (Result.ANSWERED, Reason.AGENT_HUNG_UP)
    stage.assert_nothing_left()


async def test_no_port_for_the_agents_leg(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    stage.plane.space = 1
    await stage.phone()
    assert [event for event in stage.posted if isinstance(event, OfferNotSent)]
    assert not stage.orders.offerings
    assert stage.agent() == "ready"
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_wrap_up_is_booked_when_it_has_ended(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert record.wrap_up_s is None
    assert stage.agent() == "wrap_up"
    await stage.pass_by(10.1)
    assert stage.agent() == "ready"
    (ended,) = stage.history.all(entries.WrapUpEnded)
    assert (ended.call, ended.wrap_up_s) == (record.id, 10.0)


async def test_every_state_of_an_agent_is_booked(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    await stage.carrier.hang_up(session)
    await stage.pass_by(10.1)
    states = [e.change.state for e in stage.history.all(entries.AgentChanged) if e.change.agent == "ana"]
    assert states[-5:] == [
        AgentState.READY,
        AgentState.RINGING,
        AgentState.ON_CALL,
        AgentState.WRAP_UP,
        AgentState.READY,
    ]


async def test_an_agent_whose_call_is_gone_is_freed(stage: Stage) -> None:
    """The caller's BYE and the phone's 200 in the same turn: the router connects a call that has ended."""
    phone = await stage.phone()
    phone.behave = silent
    session = await stage.carrier.dial(NUMBER)
    phone.endpoint.accept(phone.invited.session, phone.sdp, stage.now())
    stage.carrier.endpoint.hangup(session, stage.now())
    stage.moved(phone)
    stage.moved(stage.carrier)
    await stage.pass_by(60)
    assert stage.agent() == "ready"
    assert phone.endpoint.counts().sessions == 0
    ends = [event.how for event in stage.posted if isinstance(event, ConversationEnded)]
    assert ends in ([], [ConversationEnd.CALLER_HUNG_UP])
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [{"queues": {"support": {"max_wait": "30s"}}}])
async def test_a_caller_who_waited_too_long_is_let_go(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(30.2)
    assert stage.carrier.endpoint.dialog(session) is None
    (record,) = stage.history.calls
    assert record.reason is Reason.MAX_WAIT
    assert record.visits[0].reason is Reason.MAX_WAIT
    assert record.visits[0].wait_s == pytest.approx(30.0, abs=0.1)


async def test_what_the_former_run_left_in_the_router_is_repaired_and_not_counted(stage: Stage) -> None:
    await stage.phone()
    await stage.carrier.dial(NUMBER)
    assert stage.agent() == "ringing"
    stage.registry.calls.clear()
    stage.exchange.dispatch.post(SwitchRestarted())
    await stage.settle()
    assert stage.agent() == "ready"
    scrape = stage.metrics()
    for kind in ("call", "offer"):
        assert scrape.value("centralita_state_repairs_total", kind=kind) == 1
    assert scrape.value("centralita_offers_total", queue="support", result="cancelled") == 0
