"""Callers in numbered slots: how they come there, what they hear, who takes them, and what the books say."""

from typing import Any

import pytest

from acd.events import ConversationEnd, ConversationEnded
from media.aio.sounds import SoundError
from media.sound import Sound
from sip.events import Answered, SessionId
from switch.api.backend import Refused
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.flow import Call
from switch.calls.transfers.parking import RING_TIMEOUT_S
from switch.lamps.shown import Kind, Lit, Subject
from switch.records import SegmentKind
from tests.switch.calls.test_flow import ending, talking
from tests.switch.far_end import FarEnd, answering, refusing, ringing, sdp
from tests.switch.referrer import Referrer
from tests.switch.stage import NUMBER, OURS, PHONES, Stage
from tests.switch.watcher import Watcher

MUSIC = "music default"
CENTRE: dict[str, Any] = {
    "parking": {"slots": "701-702", "return_after": "40s"},
    "routes": [
        {"trunk": "carrier", "to": "+34911*", "go": "queue:support"},
        {"phone": "*", "to": "[*]70", "strip": "3", "go": "park"},
        {"phone": "*", "to": "70?", "go": "park"},
        {"phone": "*", "to": "10??", "go": "phone"},
    ],
}


@pytest.fixture
def sections() -> dict[str, object]:
    return CENTRE


async def hold(phone: FarEnd) -> None:
    held = sdp(phone.address[0], direction="sendonly", version=2)
    await phone.reinvite(phone.invited.session, held)


def missing(*_: object) -> tuple[Sound, ...]:
    """There are no prompts."""
    raise SoundError("no prompts")


async def hold_own(phone: FarEnd) -> None:
    """The same of the call that it made last."""
    held = sdp(phone.address[0], direction="sendonly", version=2)
    await phone.reinvite(phone.all(Answered)[-1].session, held)


async def parked(stage: Stage, code: str = "*70") -> tuple[SessionId, FarEnd]:
    """A caller whom Ana has parked by that code, and who has heard where; his session and her phone."""
    session, phone = await talking(stage)
    await hold(phone)
    await phone.dial(code)
    stage.played(saying(stage).caller)
    await stage.settle()
    return session, phone


def saying(stage: Stage) -> Call:
    """The call in which the slot is said."""
    slots = [each.call for each in stage.exchange.parked.values()]
    (call,) = (call for call in stage.registry.calls.values() if call not in slots)
    return call


async def nothing_left(stage: Stage) -> None:
    await stage.pass_by(60)
    stage.assert_nothing_left()
    assert not stage.exchange.parked


def lamp(stage: Stage, slot: str = "701") -> list[tuple[Lit, str]]:
    shown = stage.exchange.lamps._facts.shown(Subject(Kind.SLOT, slot))
    return [(dialog.lit, dialog.remote) for dialog in shown.dialogs]


# How a caller comes there, and who takes him


async def test_what_a_phone_holds_is_parked_and_it_hears_where(stage: Stage) -> None:
    session, phone = await talking(stage)
    await hold(phone)
    dialled = await phone.dial("*70")
    assert list(stage.exchange.parked) == ["701"]
    parked_call = stage.exchange.parked["701"].call
    assert stage.heard(parked_call.caller) == MUSIC
    assert phone.status(dialled) == 200
    said = "en number-7, en pause, en number-0, en pause, en number-1"
    assert stage.heard(saying(stage).caller) == f"{said}, en pause, {said}"
    stage.played(saying(stage).caller)
    await stage.settle()
    assert phone.endpoint.counts().sessions == 0, "its leg to the caller has ended, and so has the saying"
    assert stage.agent() == "wrap_up"
    assert [e.how for e in stage.posted if isinstance(e, ConversationEnded)] == [ConversationEnd.TRANSFERRED]
    assert lamp(stage) == [(Lit.CONFIRMED, "+34600111222")]

    other = await stage.phone("1002")
    await stage.pass_by(5)
    taken = await other.dial("701")
    assert other.status(taken) == 200
    assert [stage.heard(leg) for leg in (parked_call.caller, parked_call.party)] == [
        f"relay {stage.port(leg).number}" for leg in (parked_call.party, parked_call.caller)
    ]
    assert (lamp(stage), list(stage.exchange.parked)) == ([], [])
    assert stage.agent("luis") == "on_call"
    await stage.carrier.hang_up(session)
    await nothing_left(stage)
    saying_record, record = stage.history.calls
    assert ending(saying_record) == (Result.COMPLETED, Reason.FLOW_ENDED, EndedBy.SWITCH)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert [leg.role.value for leg in record.legs] == ["caller", "agent", "callee"]
    assert (record.agent, len(record.visits)) == ("ana", 1)
    kinds = [segment.kind for segment in record.segments]
    assert kinds == [SegmentKind.TALK, SegmentKind.HOLD, SegmentKind.PARKED, SegmentKind.TALK]
    parking = record.segments[2]
    assert parking.to is not None
    assert (parking.to - parking.from_).total_seconds() == pytest.approx(5, abs=0.5)
    assert record.talk_s + record.hold_s < 1, "parked is neither talk nor hold"


async def test_an_agent_hears_it_in_his_language_or_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = {"ana": {"phone": "1001", "skills": {"support": "5"}, "language": "es"}}
    await stage.reload(**{**CENTRE, "agents": agents})
    _, phone = await talking(stage)
    await hold(phone)

    await phone.dial("*70")
    assert stage.heard(saying(stage).caller).startswith("es number-7")
    stage.played(saying(stage).caller)
    await stage.settle()
    other = await stage.phone("1002")
    await other.dial("701")
    await hold_own(other)
    monkeypatch.setattr(stage.sounds, "spoken", missing)
    assert other.status(await other.dial("*70")) == 200
    await stage.settle()
    assert list(stage.exchange.parked) == ["701"]
    assert stage.history.calls[-1].result is Result.COMPLETED


async def test_a_slot_can_be_named_and_the_first_free_one_is_the_next(stage: Stage) -> None:
    await parked(stage, "702")
    assert list(stage.exchange.parked) == ["702"]


async def test_a_transfer_leads_to_a_slot(stage: Stage) -> None:
    session, phone = await talking(stage)
    row = stage.running.transfer(stage.call.id, "702")
    assert row.target == "park:702"
    await stage.settle()
    assert phone.endpoint.counts().sessions == 0
    assert stage.heard(stage.call.caller) == MUSIC
    await stage.carrier.hang_up(session)
    await nothing_left(stage)
    (record,) = stage.history.calls
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)


async def test_whom_the_phone_has_called_can_be_parked_as_well(stage: Stage) -> None:
    phone, called = await stage.phone(), await stage.phone("1002")
    called.behave = answering
    session = await phone.dial("1002")
    await phone.reinvite(session, sdp(phone.address[0], direction="sendonly", version=2))
    await phone.dial("*70")
    stage.played(saying(stage).caller)
    await stage.settle()
    assert phone.endpoint.counts().sessions == 0
    assert stage.heard(stage.call.caller) == MUSIC
    assert lamp(stage) == [(Lit.CONFIRMED, "1002")]
    phone.behave = answering
    await stage.pass_by(40)
    assert [stage.heard(leg) for leg in (stage.call.caller, stage.call.party)] == [
        f"relay {stage.port(leg).number}" for leg in (stage.call.party, stage.call.caller)
    ]
    await called.hang_up()
    await nothing_left(stage)


async def test_a_phone_sends_him_to_a_slot_by_refer(stage: Stage) -> None:
    ana = stage.add(Referrer(stage, "1001", PHONES["1001"], OURS, "secret of 1001"))
    assert await ana.register() == 200
    ana.behave = answering
    session = await stage.carrier.dial(NUMBER)
    await ana.refer(ana.invited.session, "702")
    await stage.pass_by(2)
    assert list(stage.exchange.parked) == ["702"]
    assert stage.heard(stage.call.caller) == MUSIC
    assert (stage.agent(), ana.endpoint.counts().sessions) == ("wrap_up", 0)
    await stage.carrier.hang_up(session)
    await nothing_left(stage)
    (record,) = stage.history.calls
    kinds = [segment.kind for segment in record.segments]
    assert kinds == [SegmentKind.TALK, SegmentKind.PARKED]


async def test_he_is_taken_before_the_phone_that_sent_him_has_hung_up(stage: Stage) -> None:
    ana = stage.add(Referrer(stage, "1001", PHONES["1001"], OURS, "secret of 1001"))
    assert await ana.register() == 200
    ana.behave = answering
    session = await stage.carrier.dial(NUMBER)
    await ana.refer(ana.invited.session, "702")
    luis = await stage.phone("1002")
    taken = await luis.dial("702")
    assert luis.status(taken) == 200
    call, before = stage.call, stage.heard(stage.call.caller)
    await stage.pass_by(2)
    assert stage.heard(call.caller) == before != MUSIC
    assert ana.endpoint.counts().sessions == 0
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


async def test_where_there_is_nothing_to_park_or_no_slot(stage: Stage) -> None:
    session, phone = await talking(stage)
    assert phone.status(await phone.dial("*70")) == 404, "it holds nobody"
    assert phone.status(await phone.dial("701")) == 404, "and nobody is there"
    await hold(phone)
    assert phone.status(await phone.dial("709")) == 404, "there is no such slot"
    await stage.reload(**{**CENTRE, "parking": {"slots": "701"}})
    await phone.dial("*70")
    stage.played(saying(stage).caller)
    second = await stage.phone("1002")
    second.behave = answering
    other = await stage.carrier.dial(NUMBER)
    assert stage.agent("luis") == "on_call"
    await hold(second)
    assert second.status(await second.dial("*70")) == 486, "all are taken"
    (call,) = (call for call in stage.registry.calls.values() if call.agent == "luis")
    with pytest.raises(Refused, match="no slot to park in is free"):
        stage.running.transfer(call.id, "*70")
    await stage.carrier.hang_up(session)
    await stage.carrier.hang_up(other)
    await nothing_left(stage)


async def test_of_two_who_dial_the_slot_one_has_him(stage: Stage) -> None:
    session, phone = await parked(stage)
    other = await stage.phone("1002")
    first = await other.dial("701")
    assert other.status(first) == 200
    assert phone.status(await phone.dial("701")) == 404
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


async def test_he_hangs_up_in_the_slot(stage: Stage) -> None:
    session, _ = await parked(stage)
    await stage.carrier.hang_up(session)
    assert not stage.exchange.parked
    assert lamp(stage) == []
    await nothing_left(stage)
    record = stage.history.calls[-1]
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert record.segments[-1].kind is SegmentKind.PARKED
    assert record.segments[-1].to is not None


# He returns


async def returning(stage: Stage) -> tuple[SessionId, FarEnd]:
    session, phone = await parked(stage)
    phone.behave = ringing
    await stage.pass_by(40)
    return session, phone


async def test_after_a_time_the_phone_that_parked_him_rings(stage: Stage) -> None:
    session, phone = await returning(stage)
    assert phone.invited.request.from_.display == "701: +34600111222"
    assert stage.exchange.parked["701"].returns
    assert lamp(stage) == [(Lit.EARLY, "+34600111222")]
    await phone.answer()
    assert not stage.exchange.parked
    call = stage.call
    assert stage.heard(call.caller) == f"relay {stage.port(call.party).number}"
    await stage.pass_by(100)
    assert stage.heard(call.caller) == f"relay {stage.port(call.party).number}", "nothing returns any more"
    await phone.hang_up()
    await stage.settle()
    assert stage.carrier.endpoint.dialog(session) is None
    await nothing_left(stage)


@pytest.mark.parametrize("status", [486, 480, 603, None])
async def test_he_waits_on_where_that_phone_is_busy_or_does_not_answer(
    stage: Stage, status: int | None
) -> None:
    session, phone = await parked(stage)
    phone.behave = ringing if status is None else refusing(status)
    await stage.pass_by(40 + (0 if status else RING_TIMEOUT_S))
    call = stage.exchange.parked["701"].call
    assert stage.heard(call.caller) == MUSIC
    assert lamp(stage) == [(Lit.CONFIRMED, "+34600111222")]
    phone.behave = answering
    await stage.pass_by(40)
    assert not stage.exchange.parked, "the second time it answers"
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


async def test_he_waits_on_where_that_phone_is_gone(stage: Stage) -> None:
    session, phone = await parked(stage)
    await phone.register(0)
    await stage.pass_by(100)
    assert stage.heard(stage.exchange.parked["701"].call.caller) == MUSIC
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


async def test_he_is_taken_while_the_other_phone_rings(stage: Stage) -> None:
    session, phone = await returning(stage)
    other = await stage.phone("1002")
    assert other.status(await other.dial("701")) == 200
    assert phone.endpoint.counts().sessions == 0
    assert any(b"cause=200" in data for data in phone.received if data.startswith(b"CANCEL"))
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


@pytest.mark.parametrize("delay_ms", range(6))
async def test_a_phone_takes_him_while_the_other_answers(stage: Stage, delay_ms: int) -> None:
    session, phone = await returning(stage)
    other = await stage.phone("1002")

    def answer() -> None:
        phone.endpoint.accept(phone.invited.session, phone.sdp, stage.now())
        stage.moved(phone)

    stage.loop.call_later(delay_ms / 1000, answer)
    taken = await other.dial("701")
    assert other.status(taken) in (200, 404)
    party = stage.call.party
    assert party is not None
    assert party.peer.name == ("1002" if other.status(taken) == 200 else "1001")
    await stage.carrier.hang_up(session)
    await nothing_left(stage)
    assert (phone.endpoint.counts().sessions, other.endpoint.counts().sessions) == (0, 0)


async def test_he_hangs_up_while_it_rings(stage: Stage) -> None:
    session, phone = await returning(stage)
    await stage.carrier.hang_up(session)
    assert phone.endpoint.counts().sessions == 0
    await nothing_left(stage)


# Reload and lamps


async def test_a_reload_that_takes_the_slots_drops_nobody(stage: Stage) -> None:
    session, phone = await parked(stage)
    await stage.reload(**{**CENTRE, "parking": {}, "routes": CENTRE["routes"][:1]})
    assert stage.heard(stage.exchange.parked["701"].call.caller) == MUSIC
    phone.behave = answering
    await stage.pass_by(40)
    assert not stage.exchange.parked
    assert stage.call.party is not None
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


async def test_a_lamp_follows_its_slot(stage: Stage) -> None:
    session, phone = await parked(stage)
    phone.behave = ringing
    watcher = stage.add(Watcher(stage, "1002", PHONES["1002"], OURS, "secret of 1002"))
    assert await watcher.register() == 200
    lamp, empty = await watcher.watch("701"), await watcher.watch("702")
    assert "<state>confirmed</state>" in lamp.body
    assert "+34600111222" in lamp.body
    assert "<dialog " not in empty.body
    await stage.pass_by(40)
    assert "<state>early</state>" in lamp.body, "the phone rings that parked him"
    await stage.carrier.hang_up(session)
    assert "<state>terminated</state>" in lamp.body
