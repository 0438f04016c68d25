"""A call and its verbs: what a flow can do, and how each way to end a call is told and booked."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from acd.events import ConversationEnd, ConversationEnded
from media.events import PlaybackFinished, Silent
from media.port import Play
from media.spoken.sayings import Ahead, Position
from sip.events import IncomingInvite, SessionId
from switch.api.backend import Refused, Unknown
from switch.api.rows import RecordingState
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.flow import Call
from switch.calls.legs.events import Lost
from switch.records import CallRecord, SegmentKind
from tests.switch.far_end import FarEnd, answering, refusing, ringing, sdp, silent
from tests.switch.stage import CARRIER, NUMBER, OURS, Stage

Directing = Callable[[Call], Awaitable[None]]
Ending = tuple[Result | None, Reason | None, EndedBy | None]

ON_AGENT = {"queues": {"support": {"answer": "on-agent"}}}
NOTICE = {"queues": {"support": {"recording_notice": "recording"}}}


def ending(record: CallRecord) -> Ending:
    return record.result, record.reason, record.ended_by


async def talking(stage: Stage) -> tuple[SessionId, FarEnd]:
    """The caller talks to Ana."""
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    assert stage.call.agent == "ana"
    return session, phone


async def booked(stage: Stage, legs: int = 1) -> CallRecord:
    """The only call's record, when everything has run out."""
    await stage.settle()
    (record,) = stage.history.calls
    assert len(record.legs) == legs
    await stage.pass_by(60)
    stage.assert_nothing_left()
    return record


async def directed(stage: Stage, monkeypatch: pytest.MonkeyPatch, flow: Directing) -> SessionId:
    """A caller whose call is directed by a flow of the test's."""
    monkeypatch.setattr("switch.flows.leading.echo", flow)
    return await stage.carrier.dial("600")


# Verbs


async def test_a_prompt_is_played_to_its_own_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    async def two_prompts(call: Call) -> None:
        await call.answer()
        await call.play("one")
        heard.append("one")
        await call.play("two")
        heard.append("two")

    await directed(stage, monkeypatch, two_prompts)
    caller = stage.call.caller
    assert stage.heard(caller) == "prompt one"
    first = stage.port(caller).source
    stage.played(caller)
    await stage.settle()
    assert stage.heard(caller) == "prompt two"
    assert isinstance(first, Play)
    stage.tell(PlaybackFinished(caller.port, first.token))  # late
    await stage.settle()
    assert heard == ["one"]
    stage.played(caller)
    record = await booked(stage)
    assert heard == ["one", "two"]
    assert ending(record) == (Result.COMPLETED, Reason.FLOW_ENDED, EndedBy.SWITCH)


async def test_a_caller_is_spoken_to_in_his_calls_language(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def two_languages(call: Call) -> None:
        await call.answer()
        await call.say(Position(21), Ahead(1))
        call.language = "es"
        await call.say(Ahead(1))

    await directed(stage, monkeypatch, two_languages)
    caller = stage.call.caller
    english = "en you-are-number, en number-20, en number-1, en pause, en there-is, en number-1, en call"
    assert stage.heard(caller) == f"{english}, en ahead-of-you"
    stage.played(caller)
    await stage.settle()
    assert stage.heard(caller) == "es there-are, es number-1-feminine, es call, es ahead-of-you"
    stage.played(caller)
    assert ending(await booked(stage)) == (Result.COMPLETED, Reason.FLOW_ENDED, EndedBy.SWITCH)


async def test_hangup_ends_the_call_for_the_reason_that_the_flow_gives(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(call: Call) -> None:
        await call.ring()
        await call.hangup(Result.REJECTED, Reason.BUSY)

    session = await directed(stage, monkeypatch, refuse)
    assert stage.carrier.status(session) == 486
    assert ending(await booked(stage)) == (Result.REJECTED, Reason.BUSY, EndedBy.SWITCH)


async def test_a_broken_flow_ends_its_own_call_only(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    other = await stage.carrier.dial("602")

    async def broken(call: Call) -> None:
        raise ZeroDivisionError

    session = await directed(stage, monkeypatch, broken)
    assert stage.carrier.status(session) == 500
    assert ending(stage.history.calls[0]) == (Result.FAILED, Reason.ERROR, EndedBy.SWITCH)
    assert stage.heard(stage.call.caller) == "tone 1004"
    await stage.carrier.hang_up(other)


async def test_the_end_of_the_call_is_the_end_of_its_task(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def waiting(call: Call) -> None:
        try:
            await call.answer()
            await call.until_over()
        finally:
            ended.set()

    session = await directed(stage, monkeypatch, waiting)
    await stage.carrier.hang_up(session)
    assert ended.is_set()


async def test_early_is_183_with_our_sdp_or_180_where_no_offer_came(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def greet(call: Call) -> None:
        await call.early()
        await call.until_over()

    await directed(stage, monkeypatch, greet)
    await stage.carrier.dial("600", None)
    assert [kind for kind in stage.kinds() if kind.startswith("18")] == ["183 INVITE", "180 INVITE"]


# The end, from each side and in each state


async def test_an_end_comes_once(stage: Stage) -> None:
    await talking(stage)
    call = stage.call
    call.end(Result.ANSWERED, Reason.ADMINISTRATOR, EndedBy.ADMINISTRATOR)
    call.end(Result.FAILED, Reason.ERROR, EndedBy.SWITCH)
    call.leg_event(call.caller, Lost())
    record = await booked(stage, legs=2)
    assert ending(record) == (Result.ANSWERED, Reason.ADMINISTRATOR, EndedBy.ADMINISTRATOR)
    assert stage.kinds().count("BYE") == 2


async def test_a_waiting_caller_hangs_up(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(30)
    await stage.carrier.hang_up(session)
    record = await booked(stage)
    assert ending(record) == (Result.ABANDONED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert record.wait_s == pytest.approx(30, abs=0.2)
    assert record.connected_at is not None
    assert record.answered_at is None


@pytest.mark.parametrize("sections", [ON_AGENT])
async def test_a_caller_who_hears_ringing_cancels(stage: Stage) -> None:
    phone = await stage.phone()
    session = await stage.carrier.dial(NUMBER)
    assert stage.agent() == "ringing"
    await stage.carrier.hang_up(session)
    record = await booked(stage)
    assert ending(record) == (Result.ABANDONED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert record.connected_at is None
    assert phone.endpoint.counts().sessions == 0
    assert stage.agent() == "ready"


async def test_the_caller_hangs_up_on_the_agent(stage: Stage) -> None:
    session, phone = await talking(stage)
    await stage.pass_by(61)
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=2)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert (record.agent, record.queue) == ("ana", "support")
    assert record.talk_s == pytest.approx(61, abs=0.2)
    assert phone.endpoint.counts().sessions == 0
    assert [leg.role.value for leg in record.legs] == ["caller", "agent"]


async def test_the_agent_hangs_up(stage: Stage) -> None:
    _, phone = await talking(stage)
    await phone.hang_up()
    record = await booked(stage, legs=2)
    assert ending(record) == (Result.ANSWERED, Reason.AGENT_HUNG_UP, EndedBy.AGENT)


@pytest.mark.parametrize(("agents", "result"), [(0, Result.FAILED), (1, Result.ANSWERED)])
async def test_a_caller_whose_media_stops(stage: Stage, agents: int, result: Result) -> None:
    if agents:
        await talking(stage)
    else:
        await stage.carrier.dial(NUMBER)
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.call.caller.port, 20.0))
    await stage.pass_by(5)
    record = await booked(stage, legs=1 + agents)
    assert ending(record) == (result, Reason.MEDIA_LOST, EndedBy.SWITCH)


async def test_a_caller_who_never_acknowledges_is_hung_up_on(stage: Stage) -> None:
    stage.lose = lambda data: data.startswith(b"ACK")
    await stage.carrier.dial("600")
    await stage.pass_by(33)
    record = await booked(stage)
    assert ending(record) == (Result.COMPLETED, Reason.ACK_TIMEOUT, EndedBy.SWITCH)
    assert "BYE" in stage.kinds()


# The agent's side


async def test_what_each_hears_from_the_first_ring_to_the_end(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    call = stage.call
    assert stage.heard(call.caller) == "music default"
    phone = await stage.phone()
    await stage.settle()
    assert stage.heard(call.caller) == "music default"
    await phone.answer()
    assert stage.heard(call.caller) == f"relay {stage.port(call.party).number}"
    assert stage.heard(call.party) == f"relay {stage.port(call.caller).number}"
    await phone.reinvite(phone.invited.session, sdp(phone.address[0], direction="sendonly", version=2))
    assert stage.heard(call.caller) == "music default"
    await phone.reinvite(phone.invited.session, sdp(phone.address[0], version=3))
    assert stage.heard(call.caller) == f"relay {stage.port(call.party).number}"
    await stage.carrier.hang_up(session)
    assert stage.plane.open_ports == []


async def test_hold_is_a_segment_of_its_own(stage: Stage) -> None:
    session, phone = await talking(stage)
    await stage.pass_by(10)
    held = sdp(phone.address[0], direction="sendonly", version=2)
    await phone.reinvite(phone.invited.session, held)
    await stage.pass_by(5)
    await phone.reinvite(phone.invited.session, sdp(phone.address[0], version=3))
    await stage.pass_by(10)
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=2)
    assert [segment.kind for segment in record.segments] == [
        SegmentKind.TALK,
        SegmentKind.HOLD,
        SegmentKind.TALK,
    ]
    assert record.hold_s == pytest.approx(5, abs=0.2)
    assert record.talk_s == pytest.approx(20, abs=0.3)


@pytest.mark.parametrize("sections", [NOTICE])
async def test_both_hear_the_notice_before_they_hear_each_other(stage: Stage) -> None:
    await talking(stage)
    call = stage.call
    assert stage.heard(call.caller) == stage.heard(call.party) == "prompt recording"
    assert call.taps.recording is None
    stage.played(call.caller)
    assert stage.heard(call.caller) == "prompt recording"
    stage.played(call.party)
    assert stage.heard(call.caller).startswith("relay")
    assert call.taps.recording is not None


async def test_a_phone_that_was_started_anew_has_lost_its_talk_but_not_its_agent(stage: Stage) -> None:
    """It knows nothing of the dialog, and says so: the next caller is his."""
    session, phone = await talking(stage)
    call = stage.call
    again = stage.add(FarEnd(stage, "1001", phone.address, OURS, "secret of 1001"))
    assert await again.register() == 200
    stage.tell(Silent(stage.port(call.party), 20.0))
    await stage.settle()
    assert [each.how for each in stage.posted if isinstance(each, ConversationEnded)] == [
        ConversationEnd.AGENT_LOST
    ]
    assert stage.agent("ana") == "ringing", "for the caller whom he lost"
    await again.answer()
    assert call.agent == "ana"
    await stage.carrier.hang_up(session)


async def test_a_lost_agent_costs_the_caller_his_agent_but_not_his_place(stage: Stage) -> None:
    session, phone = await talking(stage)
    call = stage.call
    queued_at = call.ledger.visits[0].entered_us
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(call.party), 20.0))
    await stage.pass_by(4.1)
    assert stage.heard(call.caller) == "music default"
    assert (call.agent, call.party) == (None, None)
    assert stage.agent("ana") == "unreachable"
    how = [event.how for event in stage.posted if isinstance(event, ConversationEnded)]
    assert how == [ConversationEnd.AGENT_LOST]
    other = await stage.phone("1002")
    await stage.settle()
    await other.answer()
    assert call.agent == "luis"
    assert stage.heard(call.caller).startswith("relay")
    await stage.carrier.hang_up(session)
    stage.lose = lambda data: False
    await phone.hang_up()
    await stage.pass_by(60)
    (record,) = stage.history.calls
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert (record.agent, len(record.visits), len(record.segments)) == ("luis", 2, 2)
    assert call.ledger.visits[1].entered_us >= queued_at
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [{"queues": {"support": {"on_agent_lost": "hangup"}}}])
async def test_or_ends_the_call_where_the_queue_says_so(stage: Stage) -> None:
    await talking(stage)
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(stage.call.party), 20.0))
    await stage.pass_by(4.1)
    stage.lose = lambda data: False
    await stage.pass_by(60)
    (record,) = stage.history.calls
    assert record.reason is Reason.AGENT_LOST


# Recording


async def test_one_file_is_begun_at_the_first_bridge_and_goes_on_at_the_next(stage: Stage) -> None:
    session, _ = await talking(stage)
    call = stage.call
    recording = stage.port(call.caller).recording
    assert recording is not None
    written = call.ledger.record(0).recording
    assert written is not None
    assert recording.path == stage.folder / written.path.removesuffix(".part")
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(call.party), 20.0))
    await stage.pass_by(4.1)
    other = await stage.phone("1002")
    await stage.settle()
    await other.answer()
    assert recording.asked == ["record", "pause", "resume"]
    await stage.carrier.hang_up(session)
    assert recording.asked[-1] == "stop"
    (record,) = stage.history.calls
    assert record.recording is not None
    assert record.recording.path.endswith(f"{record.id}.wav")
    assert (record.recording.duration_s, record.recording.sha256) == (1.0, "ab" * 32)


async def test_a_paused_recording_stays_paused_from_agent_to_agent(stage: Stage) -> None:
    await talking(stage)
    call = stage.call
    recording = stage.port(call.caller).recording
    assert recording is not None
    assert stage.port(call.caller).masks_digits
    stage.running.set_recording(call.id, RecordingState.PAUSED)
    stage.running.set_recording(call.id, RecordingState.PAUSED)
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(call.party), 20.0))
    await stage.pass_by(4.1)
    other = await stage.phone("1002")
    await stage.settle()
    await other.answer()
    assert stage.running.recording(call.id).state is RecordingState.PAUSED
    assert stage.running.set_recording(call.id, RecordingState.RECORDING).state is RecordingState.RECORDING
    assert recording.asked == ["record", "blank", "pause", "blank", "resume"]


async def test_a_recording_that_goes_on_while_nobody_talks_begins_with_the_talk(stage: Stage) -> None:
    await talking(stage)
    call = stage.call
    recording = stage.port(call.caller).recording
    assert recording is not None
    stage.running.set_recording(call.id, RecordingState.PAUSED)
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(call.party), 20.0))
    await stage.pass_by(4.1)
    stage.running.set_recording(call.id, RecordingState.RECORDING)
    assert recording.asked == ["record", "blank", "pause"]
    other = await stage.phone("1002")
    await stage.settle()
    await other.answer()
    assert recording.asked == ["record", "blank", "pause", "resume"]


@pytest.mark.parametrize("sections", [{"queues": {"support": {"record_digits": "audible"}}}])
async def test_digits_are_audible_where_the_queue_says_so(stage: Stage) -> None:
    await talking(stage)
    assert stage.port(stage.call.caller).masks_digits is False


async def test_what_is_not_recorded_cannot_be_paused(stage: Stage) -> None:
    with pytest.raises(Unknown):
        stage.running.recording("none")
    await stage.carrier.dial("600")
    with pytest.raises(Refused, match="not being recorded"):
        stage.running.set_recording(stage.call.id, RecordingState.PAUSED)


async def test_nobody_hears_a_call_whom_the_configuration_does_not_name(stage: Stage) -> None:
    await talking(stage)
    call = stage.call.id
    assert stage.running.forks(call) == []
    with pytest.raises(Refused, match=r"fork_to does not name 127\.0\.0\.1:9"):
        stage.running.begin_fork(call, "ws://127.0.0.1:9/", 8000)
    with pytest.raises(Unknown, match="no fork"):
        stage.running.end_fork(call, "1")
    with pytest.raises(Unknown, match="no call"):
        stage.running.begin_fork("none", "ws://127.0.0.1:9/", 8000)
    assert stage.port(stage.call.caller).forks == []


async def test_a_disk_that_fails_costs_the_recording_and_not_the_call(stage: Stage) -> None:
    session, _ = await talking(stage)
    recording = stage.port(stage.call.caller).recording
    assert recording is not None
    recording.error = "No space left on device"
    recording.stop()
    await stage.settle()
    assert not stage.call.over
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=2)
    assert record.recording is not None
    assert record.recording.path.endswith(".wav.part")


async def test_no_directory_for_recordings_costs_the_recording_and_not_the_call(
    stage: Stage, tmp_path: Path
) -> None:
    (tmp_path / "recordings").write_text("a file where a directory should be")
    session, _ = await talking(stage)
    assert stage.heard(stage.call.caller).startswith("relay")
    await stage.carrier.hang_up(session)
    assert (await booked(stage, legs=2)).recording is None


@pytest.mark.parametrize("sections", [{"queues": {"support": {"record": "no"}}}])
async def test_a_queue_that_does_not_record(stage: Stage) -> None:
    await talking(stage)
    assert stage.port(stage.call.caller).recording is None


# One party reaches another


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (486, (Result.REJECTED, Reason.BUSY)),
        (603, (Result.REJECTED, Reason.DECLINED)),
        (404, (Result.FAILED, Reason.NOT_FOUND)),
        (488, (Result.FAILED, Reason.NOT_ACCEPTABLE)),
        (500, (Result.FAILED, Reason.ERROR)),
    ],
)
async def test_a_final_error_crosses_as_itself(
    stage: Stage, status: int, expected: tuple[Result, Reason]
) -> None:
    phone = await stage.phone()
    phone.behave = refusing(status)
    session = await stage.carrier.dial("81001")
    assert stage.carrier.status(session) == status
    record = await booked(stage, legs=2)
    assert ending(record) == (*expected, EndedBy.CALLEE)


async def test_its_cause_crosses_with_it(stage: Stage) -> None:
    phone = await stage.phone()
    session = await stage.carrier.dial("81001")
    await phone.refuse(480, ("Reason", "Q.850;cause=20"))
    (refused,) = [data for data in stage.carrier.received if data.startswith(b"SIP/2.0 480")]
    assert b"Reason: Q.850;cause=20" in refused
    assert stage.carrier.status(session) == 480


async def test_a_phone_that_is_not_there_is_480_with_cause_20(stage: Stage) -> None:
    session = await stage.carrier.dial("81001")
    assert stage.carrier.status(session) == 480
    assert b"Reason: Q.850;cause=20" in stage.carrier.received[-1]
    assert ending(await booked(stage)) == (Result.REJECTED, Reason.NO_ANSWER, EndedBy.SWITCH)


async def test_180_crosses_and_the_caller_is_answered_when_the_phone_is(stage: Stage) -> None:
    phone = await stage.phone()
    session = await stage.carrier.dial("81001")
    assert "180 INVITE" in [kind for kind in stage.kinds() if kind.startswith("18")]
    assert stage.carrier.status(session) is None
    await phone.answer()
    assert stage.carrier.status(session) == 200
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
    await phone.hang_up()
    assert ending(await booked(stage, legs=2)) == (
        Result.COMPLETED,
        Reason.CALLEE_HUNG_UP,
        EndedBy.CALLEE,
    )


async def test_early_media_is_bridged_at_once(stage: Stage) -> None:
    def early(end: FarEnd, invite: IncomingInvite) -> None:
        end.endpoint.progress(invite.session, 183, stage.now(), sdp=end.sdp)

    phone = await stage.phone()
    phone.behave = early
    await stage.carrier.dial("81001")
    call = stage.call
    assert b"SIP/2.0 183" in b"".join(stage.carrier.received)
    assert stage.heard(call.caller) == f"relay {stage.port(call.party).number}"
    assert stage.heard(call.party) == f"relay {stage.port(call.caller).number}"


async def test_a_caller_who_gives_up_stops_the_ring(stage: Stage) -> None:
    phone = await stage.phone()
    session = await stage.carrier.dial("81001")
    await stage.carrier.hang_up(session)
    assert phone.endpoint.counts().sessions == 0
    record = await booked(stage, legs=2)
    assert ending(record) == (Result.ABANDONED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)


async def test_max_forwards_minus_one_and_the_callers_codec_first_cross(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.carrier.dial("81001", sdp(CARRIER[0], types="0 8 101"), max_forwards=17)
    invite = phone.invited
    assert invite.request.max_forwards == 16
    codec = stage.call.caller.agreed
    assert codec is not None
    first = "8" if codec.codec == "PCMA" else "0"
    assert invite.sdp is not None
    assert f"RTP/AVP {first} ".encode() in invite.sdp


async def test_nobody_answers_an_invite(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = silent
    stage.lose = lambda data: data.startswith(b"INVITE sip:192.0.2.21")
    session = await stage.carrier.dial("81001")
    await stage.pass_by(33)
    assert stage.carrier.status(session) == 408
    stage.lose = lambda data: False
    assert ending(await booked(stage, legs=2)) == (Result.FAILED, Reason.UNREACHABLE, EndedBy.SWITCH)


async def test_a_phone_calls_out_over_the_trunk(stage: Stage) -> None:
    phone = await stage.phone()
    stage.carrier.behave = ringing
    session = await phone.dial("0600111222")
    assert stage.carrier.invited.request.uri == f"sip:600111222@{CARRIER[0]}:5060"
    await stage.carrier.answer()
    assert phone.status(session) == 200
    assert stage.agent() == "on_call"
    await phone.hang_up(session)
    record = await booked(stage, legs=2)
    assert (record.direction.value, record.trunk, record.to) == ("outbound", "carrier", "0600111222")
