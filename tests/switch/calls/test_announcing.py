"""What an agent hears before he is connected, what both hear first, and what the books say of it."""

from typing import Any

import pytest

from sip.events import SessionId
from switch.api.backend import Refused
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.supervision import Mode
from switch.records import CallRecord, SegmentKind
from tests.switch.calls.test_flow import booked, ending
from tests.switch.far_end import FarEnd, answering, ringing
from tests.switch.stage import NUMBER, Stage

TOLD = ["support-call", "{wait}", "{priority}"]
IN_SPANISH = "es support-call, es pause, es number-5, es seconds, es pause, es number-0"


def sections(agent: dict[str, Any] | None = None, **queue: Any) -> dict[str, Any]:
    """A queue that announces its calls, and agents who speak Spanish."""
    ana = {"phone": "1001", "language": "es", **(agent or {})}
    return {
        "queues": {"support": {"announce_to_agent": TOLD, **queue}},
        "agents": {"ana": ana, "luis": {"phone": "1002"}},
    }


ON_AGENT = sections(answer="on-agent")
GREETED = sections({"greeting": "ana"}, recording_notice="notice")


async def told(stage: Stage) -> tuple[SessionId, FarEnd]:
    """Ana has answered after 5 s, and is being told; the caller's session and her phone."""
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(5)
    phone = await stage.phone()
    await phone.answer()
    assert (stage.call.agent, stage.agent()) == ("ana", "on_call")
    return session, phone


def hear(stage: Stage) -> list[str]:
    """Caller and agent."""
    return [stage.heard(stage.call.caller), stage.heard(stage.call.party)]


def told_s(record: CallRecord) -> float:
    """From the agent's answer to the talk."""
    assert record.answered_at is not None
    return (record.segments[0].from_ - record.answered_at).total_seconds()


@pytest.mark.parametrize("sections", [sections()])
async def test_the_agent_is_told_while_the_caller_hears_on(stage: Stage) -> None:
    session, _ = await told(stage)
    caller = stage.port(stage.call.caller)
    assert hear(stage) == ["music default", IN_SPANISH]
    music = len(caller.sources)
    with pytest.raises(Refused):
        await stage.running.supervise(stage.call.id, "1002", Mode.LISTEN)
    await stage.pass_by(3)
    assert (len(caller.sources), caller.recording) == (music, None), "nothing has come to the caller's ear"
    stage.played(stage.call.party)
    assert [heard.split()[0] for heard in hear(stage)] == ["relay", "relay"]
    assert caller.recording is not None
    await stage.pass_by(10)
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=2)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert record.wait_s == pytest.approx(5, abs=0.5)
    assert told_s(record) == pytest.approx(3, abs=0.2)
    assert record.talk_s == pytest.approx(10, abs=0.2)


@pytest.mark.parametrize("sections", [ON_AGENT])
async def test_a_caller_who_hears_ringback_is_answered_when_he_is_put_through(stage: Stage) -> None:
    session, _ = await told(stage)
    await stage.pass_by(3)
    assert stage.carrier.status(session) is None, "he pays for no announcement"
    stage.played(stage.call.party)
    await stage.settle()
    assert stage.carrier.status(session) == 200
    assert [heard.split()[0] for heard in hear(stage)] == ["relay", "relay"]
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=2)
    assert record.connected_at is not None
    assert record.answered_at is not None
    assert (record.connected_at - record.answered_at).total_seconds() == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize(
    ("sections", "result"), [(sections(), Result.ANSWERED), (ON_AGENT, Result.ABANDONED)]
)
async def test_a_caller_who_hangs_up_meanwhile(stage: Stage, result: Result) -> None:
    session, phone = await told(stage)
    await stage.carrier.hang_up(session)
    assert stage.agent() == "wrap_up"
    assert phone.endpoint.counts().sessions == 0
    record = await booked(stage, legs=2)
    assert ending(record) == (result, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert (record.agent, record.talk_s, record.recording) == ("ana", 0, None)


@pytest.mark.parametrize("sections", [sections(), ON_AGENT, sections(on_agent_lost="hangup")])
async def test_an_agent_who_hangs_up_meanwhile_leaves_the_caller_in_line(stage: Stage) -> None:
    session, phone = await told(stage)
    await phone.hang_up()
    assert stage.agent() == "wrap_up"
    assert stage.call.party is None
    assert stage.heard(stage.call.caller) == "music default"
    luis = await stage.phone("1002")
    await luis.answer()
    assert stage.heard(stage.call.party).startswith("en support-call")
    stage.played(stage.call.party)
    await stage.settle()
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert [(visit.agent, visit.result) for visit in record.visits] == [
        ("ana", Result.ANSWERED),
        ("luis", Result.ANSWERED),
    ]
    assert [segment.kind for segment in record.segments] == [SegmentKind.TALK]


@pytest.mark.parametrize("sections", [GREETED])
async def test_both_hear_the_notice_and_the_agents_greeting_and_then_each_other(stage: Stage) -> None:
    session, _ = await told(stage)
    stage.played(stage.call.party)
    assert hear(stage) == ["prompt notice, es ana"] * 2
    for leg in (stage.call.caller, stage.call.party):
        assert stage.port(stage.call.caller).recording is None
        stage.played(leg)
    assert [heard.split()[0] for heard in hear(stage)] == ["relay", "relay"]
    assert stage.port(stage.call.caller).recording is not None
    await stage.carrier.hang_up(session)
    await booked(stage, legs=2)


@pytest.mark.parametrize("sections", [sections({"greeting": "ana"})])
async def test_a_sound_that_is_missing_keeps_nobody_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(sayings: object, language: str) -> None:
        raise ValueError("no such prompt")

    monkeypatch.setattr(stage.sounds, "spoken", missing)
    session, _ = await told(stage)
    assert [heard.split()[0] for heard in hear(stage)] == ["relay", "relay"]
    await stage.carrier.hang_up(session)
    await booked(stage, legs=2)


@pytest.mark.parametrize("sections", [sections({"greeting": "ana"})])
async def test_whoever_is_dialled_is_told_nothing(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial("81001")
    assert [heard.split()[0] for heard in hear(stage)] == ["relay", "relay"]
    await stage.carrier.hang_up(session)
    phone.behave = ringing
    await booked(stage, legs=2)
