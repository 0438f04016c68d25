"""A supervisor of a call: what each hears, what becomes of him and of the others, and what the books say."""

import asyncio

import pytest

from acd.events import ConversationEnd, ConversationEnded
from media.events import Digit, Silent
from sip.events import SessionId
from switch.api.backend import Refused, Unknown
from switch.api.rows import SupervisionRow, SupervisionState
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.supervision import RING_TIMEOUT_S, Mode
from switch.records import SegmentKind
from tests.switch.calls.test_flow import booked, ending, talking
from tests.switch.far_end import FarEnd, answering, refusing, ringing, sdp, silent
from tests.switch.stage import CARRIER, NUMBER, Stage

BOSS = "1002"
KINDS = {Mode.LISTEN: SegmentKind.LISTEN, Mode.WHISPER: SegmentKind.WHISPER, Mode.BARGE: SegmentKind.BARGE}


async def ask(stage: Stage, mode: Mode = Mode.LISTEN) -> SupervisionRow:
    row = await stage.running.supervise(stage.call.id, BOSS, mode)
    await stage.settle()
    return row


async def supervised(stage: Stage, mode: Mode = Mode.LISTEN) -> tuple[SessionId, FarEnd, FarEnd]:
    """The caller's session, Ana's phone and the supervisor's, who is there."""
    session, ana = await talking(stage)
    boss = await stage.phone(BOSS)
    boss.behave = answering
    await ask(stage, mode)
    assert stage.call.ledger.legs[-1].answered
    return session, ana, boss


def hear(stage: Stage) -> list[str]:
    """Caller, agent and supervisor; he is the last leg."""
    return [stage.heard(leg) for leg in (stage.call.caller, stage.call.party, stage.call.ledger.legs[-1])]


def loudness(stage: Stage) -> tuple[float, float]:
    """Of the supervisor to the caller and to the agent."""
    call, room = stage.call, stage.plane.rooms[-1]
    boss = call.ledger.legs[-1].port.number
    assert call.party is not None
    return room.gains.get((call.caller.port.number, boss), 1.0), room.gains.get(
        (call.party.port.number, boss), 1.0
    )


@pytest.mark.parametrize(
    ("mode", "loud"), [(Mode.LISTEN, (0, 0)), (Mode.WHISPER, (0, 1)), (Mode.BARGE, (1, 1))]
)
async def test_he_is_heard_as_his_mode_says_and_the_books_say_so(
    stage: Stage, mode: Mode, loud: tuple[float, float]
) -> None:
    session, _, boss = await supervised(stage, mode)
    assert hear(stage) == ["room"] * 3
    assert loudness(stage) == loud
    assert stage.agent("luis") != "ready", "his phone is busy"
    await stage.pass_by(10)
    await boss.hang_up()
    assert [stage.heard(leg).split()[0] for leg in (stage.call.caller, stage.call.party)] == ["relay"] * 2
    assert stage.plane.rooms[0].closed
    assert stage.agent("luis") == "ready"
    await stage.pass_by(5)
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert record.talk_s == pytest.approx(15, abs=0.5)
    assert [leg.role.value for leg in record.legs] == ["caller", "agent", "supervisor"]
    talk, supervised_ = record.segments
    assert (talk.kind, supervised_.kind) == (SegmentKind.TALK, KINDS[mode])
    assert supervised_.legs == tuple(leg.id for leg in record.legs)
    assert supervised_.to is not None
    assert (supervised_.to - supervised_.from_).total_seconds() == pytest.approx(10, abs=0.2)
    assert stage.metrics().value("centralita_handle_seconds_count", queue="support", phase="talk") == 1


async def test_the_mode_changes_without_anybody_leaving_the_room(stage: Stage) -> None:
    session, _, _ = await supervised(stage)
    sources = [len(stage.port(leg).sources) for leg in stage.call.ledger.legs]
    for mode, loud in ((Mode.WHISPER, (0, 1)), (Mode.BARGE, (1, 1)), (Mode.LISTEN, (0, 0))):
        assert (await ask(stage, mode)).mode is mode
        assert loudness(stage) == loud
    assert [len(stage.port(leg).sources) for leg in stage.call.ledger.legs] == sources
    await stage.carrier.hang_up(session)
    kinds = [segment.kind for segment in (await booked(stage, legs=3)).segments]
    assert kinds == [SegmentKind.TALK, *KINDS.values(), SegmentKind.LISTEN]


async def test_the_agent_leaves_who_is_taken_over_from(stage: Stage) -> None:
    _, ana, boss = await supervised(stage, Mode.WHISPER)
    recording = stage.port(stage.call.caller).recording
    assert recording is not None
    row = await ask(stage, Mode.TAKE_OVER)
    assert (row.mode, row.state) == (Mode.TAKE_OVER, SupervisionState.CONNECTED)
    assert ana.endpoint.counts().sessions == 0
    assert stage.agent() == "wrap_up"
    assert stage.call.party is stage.call.ledger.legs[-1]
    assert [heard.split()[0] for heard in hear(stage)] == ["relay"] * 3
    assert "pause" not in recording.asked
    assert [e.how for e in stage.posted if isinstance(e, ConversationEnded)] == [ConversationEnd.TRANSFERRED]
    with pytest.raises(Unknown):
        stage.running.supervision(stage.call.id)
    await stage.pass_by(30)
    await boss.hang_up()
    await stage.settle()
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.ANSWERED, Reason.SUPERVISOR_HUNG_UP, EndedBy.SUPERVISOR)
    assert record.agent == "ana"
    caller, _, supervisor = (leg.id for leg in record.legs)
    assert (record.segments[-1].kind, record.segments[-1].legs) == (SegmentKind.TALK, (caller, supervisor))
    talked = stage.metrics().value("centralita_handle_seconds_sum", queue="support", phase="talk")
    assert talked < 5 < record.talk_s, "his time is not the agent's"
    assert stage.carrier.endpoint.counts().sessions == 0


async def test_who_calls_may_hang_up_on_who_took_over(stage: Stage) -> None:
    session, _, boss = await supervised(stage, Mode.TAKE_OVER)
    assert stage.agent() == "wrap_up"
    await stage.carrier.hang_up(session)
    assert boss.endpoint.counts().sessions == 0
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)


async def test_a_call_that_somebody_dialled_is_taken_over_too(stage: Stage) -> None:
    callee, boss = await stage.phone(), await stage.phone(BOSS)
    callee.behave = boss.behave = answering
    session = await stage.carrier.dial("81001")
    await ask(stage, Mode.BARGE)
    assert hear(stage) == ["room"] * 3
    await ask(stage, Mode.TAKE_OVER)
    assert callee.endpoint.counts().sessions == 0
    assert [heard.split()[0] for heard in hear(stage)] == ["relay"] * 3
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.COMPLETED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)


async def test_he_stays_with_the_call_when_its_agent_is_lost(stage: Stage) -> None:
    session, _, boss = await supervised(stage, Mode.WHISPER)
    first = stage.call.party
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(first), 20.0))
    await stage.pass_by(5)
    stage.lose = lambda data: False
    assert stage.call.party is None
    assert [stage.heard(leg) for leg in (stage.call.caller, stage.call.ledger.legs[-1])] == [
        "music default"
    ] * 2
    assert stage.running.supervision(stage.call.id).mode is Mode.WHISPER
    boss_leg = stage.call.ledger.legs[-1]
    stage.staffing.phone_reachable("1001")
    await stage.settle()
    assert stage.call.party not in (None, first)
    assert [stage.heard(leg) for leg in (stage.call.caller, stage.call.party, boss_leg)] == ["room"] * 3
    assert stage.call.party is not None
    assert stage.plane.rooms[-1].gains == {(stage.call.caller.port.number, boss_leg.port.number): 0.0}
    await stage.carrier.hang_up(session)
    assert boss.endpoint.counts().sessions == 0
    record = await booked(stage, legs=4)
    kinds = [segment.kind for segment in record.segments]
    assert kinds == [SegmentKind.TALK, SegmentKind.WHISPER] * 2
    assert all(segment.to is not None for segment in record.segments)


async def test_the_end_of_the_call_is_his_while_he_rings_too(stage: Stage) -> None:
    session, _ = await talking(stage)
    boss = await stage.phone(BOSS)
    boss.behave = ringing
    assert (await ask(stage)).state is SupervisionState.RINGING
    await stage.carrier.hang_up(session)
    assert boss.endpoint.counts().sessions == 0
    await booked(stage, legs=3)


async def test_a_phone_that_is_lost_changes_nothing_for_the_others(stage: Stage) -> None:
    await supervised(stage, Mode.BARGE)
    boss = stage.call.ledger.legs[-1]
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(boss), 20.0))
    await stage.pass_by(5)
    assert boss.over
    assert stage.call.supervision is None
    assert stage.heard(stage.call.caller).startswith("relay")
    assert stage.agent() == "on_call"


async def test_he_is_told_to_leave(stage: Stage) -> None:
    _, _, boss = await supervised(stage)
    stage.running.leave(stage.call.id)
    await stage.settle()
    assert boss.endpoint.counts().sessions == 0
    assert stage.heard(stage.call.caller).startswith("relay")
    with pytest.raises(Unknown, match="nobody supervises"):
        stage.running.leave(stage.call.id)


async def test_hold_is_out_of_the_room_and_his_digits_are_for_nobody(stage: Stage) -> None:
    _, ana, boss = await supervised(stage, Mode.BARGE)
    call = stage.call
    held = sdp(ana.address[0], direction="sendonly", version=2)
    await ana.reinvite(ana.invited.session, held)
    assert hear(stage) == ["room", "silence", "room"], "he goes on with the caller"
    await ask(stage, Mode.LISTEN)
    assert hear(stage) == ["music default", "silence", "music default"]
    await ana.reinvite(ana.invited.session, sdp(ana.address[0], version=3))
    assert hear(stage) == ["room"] * 3
    assert loudness(stage) == (0, 0)
    stage.tell(Digit(stage.port(call.ledger.legs[-1]), "1", 100))
    assert stage.port(call.caller).digits == stage.port(call.party).digits == []
    stage.tell(Digit(stage.port(call.caller), "2", 100))
    assert stage.port(call.party).digits == [("2", 100)], "nobody relays it in a room"
    assert stage.port(call.ledger.legs[-1]).digits == []
    await boss.reinvite(boss.invited.session, sdp(boss.address[0], direction="sendonly", version=2))
    assert hear(stage) == ["room", "room", "silence"]


@pytest.mark.parametrize(
    ("behave", "why"),
    [(refusing(486), "it is busy"), (refusing(603), "it answers 603"), (silent, "it says nothing")],
    ids=["busy", "declined", "silent"],
)
async def test_a_phone_that_is_called_in_vain(stage: Stage, behave: object, why: str) -> None:
    await talking(stage)
    boss = await stage.phone(BOSS)
    boss.behave = behave  # type: ignore[assignment]
    with pytest.raises(Refused, match=why):
        await ask(stage)
    assert stage.call.supervision is None
    assert stage.heard(stage.call.caller).startswith("relay")
    await stage.pass_by(40)
    assert boss.endpoint.counts().sessions == 0


async def test_ringing_comes_to_an_end(stage: Stage) -> None:
    await talking(stage)
    boss = await stage.phone(BOSS)
    await ask(stage)
    await stage.pass_by(RING_TIMEOUT_S + 1)
    assert stage.call.supervision is None
    assert boss.endpoint.counts().sessions == 0
    assert stage.agent("luis") == "ready"


async def test_what_cannot_be_supervised(stage: Stage) -> None:
    with pytest.raises(Unknown):
        await stage.running.supervise("none", BOSS, Mode.LISTEN)
    session = await stage.carrier.dial(NUMBER)
    with pytest.raises(Refused, match="not connected"):
        await ask(stage)
    ana = await stage.phone()
    await stage.settle()
    await ana.answer()
    for phone, why in (("1001", "busy"), (BOSS, "480"), ("1009", "404")):
        with pytest.raises(Refused, match=why):
            await stage.running.supervise(stage.call.id, phone, Mode.LISTEN)
    boss = await stage.phone(BOSS)
    boss.behave = answering
    await ask(stage)
    with pytest.raises(Refused, match="busy"):
        await stage.running.supervise(stage.call.id, "1001", Mode.LISTEN)
    with pytest.raises(Refused, match="supervised by phone '1002'"):
        await stage.running.supervise(stage.call.id, "1009", Mode.LISTEN)
    await stage.carrier.hang_up(session)


@pytest.mark.parametrize("sections", [{"media": {"codecs": ["PCMA", "G729"]}}])
async def test_what_cannot_be_heard_cannot_be_mixed(stage: Stage) -> None:
    callee = await stage.phone()
    callee.behave = answering
    callee.sdp = sdp(callee.address[0], types="18 101")
    await stage.phone(BOSS)
    await stage.carrier.dial("81001", sdp(CARRIER[0], types="18 101"))
    with pytest.raises(Refused, match="cannot be mixed: G729"):
        await ask(stage)


async def test_two_who_ask_at_once(stage: Stage) -> None:
    await talking(stage)
    boss = await stage.phone(BOSS)
    boss.behave = answering
    rows = await asyncio.gather(ask(stage, Mode.LISTEN), ask(stage, Mode.BARGE))
    assert [row.mode for row in rows] == [Mode.BARGE] * 2
    assert len([leg for leg in stage.call.ledger.legs if leg.role.value == "supervisor"]) == 1
    assert loudness(stage) == (1, 1)
