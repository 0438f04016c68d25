"""The registrar at work: what a phone's REGISTERs, silence and return tell router and history."""

import pytest

from acd.events import Event, PhoneReachable, PhoneRegistered, PhoneUnreachable, PhoneUnregistered
from sip.flow import Flow
from switch.history.entries import BindingPut, BindingRemoved
from switch.history.reader import StoredBinding
from tests.switch.stage import NUMBER, OURS, PHONES, Stage

FACTS = (PhoneRegistered, PhoneUnregistered, PhoneReachable, PhoneUnreachable)


def told(stage: Stage) -> list[Event]:
    """What the router was told of Ana's phone."""
    return [event for event in stage.posted if isinstance(event, FACTS) and event.agent == "ana"]


def flow_of(phone: str) -> Flow:
    return Flow("udp", OURS, PHONES[phone])


async def test_the_first_register_is_fresh_and_a_refresh_is_not(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.pass_by(300)
    assert await phone.register() == 200
    assert told(stage)[-2:] == [
        PhoneRegistered(agent="ana", fresh=True),
        PhoneRegistered(agent="ana", fresh=False),
    ]
    assert [entry.phone for entry in stage.history.all(BindingPut)] == ["1001", "1001"]
    assert stage.exchange.registrations.by_transport() == {"udp": 1}
    assert stage.exchange.registrations.holds("1001", flow_of("1001"))
    assert not stage.exchange.registrations.holds("1001", flow_of("1002"))


async def test_a_phone_that_says_goodbye(stage: Stage) -> None:
    phone = await stage.phone()
    assert await phone.register(0) == 200
    assert told(stage)[-1] == PhoneUnregistered(agent="ana", explicit=True)
    assert stage.agent() == "offline"
    assert [entry.contact for entry in stage.history.all(BindingRemoved)] == ["sip:192.0.2.21:5060"]


async def test_a_phone_that_is_not_heard_of_again_expires(stage: Stage) -> None:
    await stage.phone()
    await stage.pass_by(599)
    assert told(stage)[-1] == PhoneRegistered(agent="ana", fresh=True)
    await stage.pass_by(2)
    assert told(stage)[-1] == PhoneUnregistered(agent="ana", explicit=False)
    assert len(stage.history.all(BindingRemoved)) == 1
    session = await stage.carrier.dial("81001")
    assert stage.carrier.status(session) == 480


async def test_a_wrong_password_changes_nothing(stage: Stage) -> None:
    phone = await stage.phone(registered=False)
    phone.secret = "guessed"
    assert await phone.register() == 401
    assert not [event for event in told(stage) if isinstance(event, PhoneRegistered)]
    assert not stage.exchange.registrations.contacts("1001")


async def test_the_phone_of_an_unreachable_agent_is_asked_each_25_s_until_it_answers(stage: Stage) -> None:
    phone = await stage.phone()
    stage.exchange.registrations.lost("1001", flow_of("1001"))
    await stage.settle()
    assert stage.agent() == "unreachable"
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    since = len(stage.sent)
    await stage.pass_by(30)
    assert "OPTIONS" in stage.kinds(since)
    assert stage.agent() == "unreachable"
    stage.lose = lambda data: False
    await stage.pass_by(40)
    assert stage.agent() == "ready"
    since = len(stage.sent)
    await stage.pass_by(60)
    assert stage.kinds(since) == [], "a phone that answers, and is behind no NAT, is left alone"
    assert phone.events


async def test_any_authenticated_request_ends_it_too(stage: Stage) -> None:
    phone = await stage.phone()
    stage.exchange.registrations.lost("1001", flow_of("1001"))
    await stage.settle()
    assert stage.agent() == "unreachable"
    assert await phone.register() == 200
    await stage.settle()
    assert stage.agent() == "ready"


async def test_a_binding_that_was_stored_is_there_after_a_restart(stage: Stage) -> None:
    await stage.phone(user_agent="Yealink SIP-T46S")
    (put,) = stage.history.all(BindingPut)
    stage.posted.clear()
    registrations = stage.exchange.registrations
    stored = StoredBinding(put.phone.replace("1001", "1002"), put.contact, put.expires_at, put.state)
    registrations.start(stage.staffing, [stored])
    await stage.settle()
    assert told(stage) == [PhoneRegistered(agent="ana", fresh=False)]
    (binding,) = registrations.contacts("1001")
    assert (binding.flow.remote, binding.user_agent) == (PHONES["1001"], "Yealink SIP-T46S")


async def test_a_database_that_was_away_tells_late_of_phones_that_have_not_registered(stage: Stage) -> None:
    phone = await stage.phone()
    (put,) = stage.history.all(BindingPut)
    stored = StoredBinding(put.phone, put.contact, put.expires_at, put.state)
    registrations = stage.exchange.registrations
    registered = registrations.contacts("1001")
    stage.posted.clear()
    registrations.take_up_late([stored])
    assert (registrations.contacts("1001"), told(stage)) == (registered, []), "it has registered"
    assert await phone.register(0) == 200
    assert stage.agent() == "offline"
    registrations.take_up_late([stored])
    await stage.settle()
    assert [binding.uri for binding in registrations.contacts("1001")] == [registered[0].uri]
    assert told(stage)[-1] == PhoneRegistered(agent="ana", fresh=False)


async def test_a_phone_that_did_not_answer_before_the_restart_is_unreachable_after_it(stage: Stage) -> None:
    await stage.phone()
    (put,) = stage.history.all(BindingPut)
    state = put.state.replace('"reachable":true', '"reachable":false')
    assert state != put.state
    stage.posted.clear()
    stored = StoredBinding(put.phone, put.contact, put.expires_at, state)
    stage.exchange.registrations.start(stage.staffing, [stored])
    await stage.settle()
    assert told(stage) == [PhoneRegistered(agent="ana", fresh=False), PhoneUnreachable(agent="ana")]


async def test_an_agents_call_reaches_the_phone_where_it_registered_last(stage: Stage) -> None:
    await stage.phone()
    moved = await stage.phone()
    session = await stage.carrier.dial(NUMBER)
    assert moved.invited
    await stage.carrier.hang_up(session)


@pytest.mark.parametrize("seconds", [10.0, 100.0])
async def test_when_a_binding_ends_is_told_on_the_wall(stage: Stage, seconds: float) -> None:
    await stage.phone()
    registrations = stage.exchange.registrations
    (binding,) = registrations.contacts("1001")
    before = registrations.expires_at(binding)
    await stage.pass_by(seconds)
    assert (before - registrations.expires_at(binding)).total_seconds() == pytest.approx(seconds, abs=1)
