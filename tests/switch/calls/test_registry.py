"""Who is who: events find their legs, ended calls wait for their recording, and idleness is told."""

import asyncio

import pytest

from media.events import FirstPacket, PlaybackFinished, RecorderFellBehind, RecordingStopped
from sip.events import Acked, SessionId
from switch.events.types import Alarm, AlarmData, AlarmState
from switch.records import CallRecord, SegmentKind
from tests.switch.far_end import answering
from tests.switch.plane import NotingPort, NotingRecording
from tests.switch.stage import NUMBER, Stage


async def test_events_of_sessions_and_ports_that_are_gone_change_nothing(stage: Stage) -> None:
    session = await stage.carrier.dial("600")
    leg = stage.call.caller
    await stage.carrier.hang_up(session)
    stage.registry.sip_event(Acked(leg.session or SessionId(0), None))
    stage.registry.port_event(PlaybackFinished(leg.port, 1))
    stage.registry.port_event(FirstPacket(NotingPort(2, print)))
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_a_call_is_booked_when_its_recording_is_closed(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    call = stage.call
    recording = stage.port(call.caller).recording
    assert recording is not None
    recording.slow = True
    assert stage.metrics().value("centralita_recordings_active") == 1
    await stage.carrier.hang_up(session)
    assert list(stage.registry.closing) == [call.id]
    assert stage.history.calls == []
    assert stage.registry.record(call.id) is not None
    idle = asyncio.create_task(stage.registry.until_idle())
    await stage.settle()
    assert not idle.done()
    stage.tell(recording.stopped())
    await stage.settle()
    assert idle.done()
    (record,) = stage.history.calls
    assert record.recording is not None
    assert record.recording.sha256 is not None
    assert stage.metrics().value("centralita_recordings_active") == 0
    assert stage.registry.record(call.id) is None


async def test_a_call_is_noted_once_a_turn_however_far_it_has_come(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = await stage.phone()
    await stage.carrier.dial(NUMBER)
    noted: list[CallRecord] = []
    monkeypatch.setattr(stage.exchange.logbook, "call_noted", lambda call, paused: noted.append(call))
    await phone.answer()
    (record,) = noted
    assert record.answered_at is not None
    assert [segment.kind for segment in record.segments] == [SegmentKind.TALK]
    assert record.recording is not None
    assert len(record.legs) == 2


async def test_a_recording_of_nobodys_is_passed_over(stage: Stage) -> None:
    port = NotingPort(2, stage.tell)
    recording = NotingRecording(port, stage.folder / "x.wav", stage.tell)
    stage.registry.port_event(recording.stopped())
    assert isinstance(recording.stopped(), RecordingStopped)
    assert stage.history.calls == []


async def test_a_recording_that_loses_parts_or_fails_is_an_alarm(stage: Stage) -> None:
    told: list[AlarmData] = []
    stage.exchange.alarms.tell = told.append
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    call, port = stage.call, stage.port(stage.call.caller)
    assert port.recording is not None
    for _ in range(2):
        stage.tell(RecorderFellBehind(port, port.recording))
    port.recording.error = "No space left on device"
    await stage.carrier.hang_up(session)
    await stage.settle()
    assert [(each.alarm, each.state, each.subject) for each in told] == [
        (Alarm.RECORDER_BEHIND, AlarmState.HAPPENED, call.id),
        (Alarm.RECORDING_FAILED, AlarmState.HAPPENED, call.id),
    ]
    assert told[1].detail.endswith(".wav.part: No space left on device")


async def test_an_idle_switch_is_idle_at_once(stage: Stage) -> None:
    idle = asyncio.create_task(stage.registry.until_idle())
    await stage.settle()
    assert idle.done()


async def test_calls_and_trunk_calls_are_counted_while_they_last(stage: Stage) -> None:
    session = await stage.carrier.dial("600")
    scrape = stage.metrics()
    assert scrape.value("centralita_calls_active", direction="inbound") == 1
    assert scrape.value("centralita_trunk_calls_active", trunk="carrier") == 1
    await stage.carrier.hang_up(session)
    scrape = stage.metrics()
    assert scrape.value("centralita_calls_active", direction="inbound") == 0
    assert scrape.value("centralita_trunk_calls_active", trunk="carrier") == 0
    assert scrape.value("centralita_calls_total", direction="inbound", result="completed") == 1
    assert scrape.value("centralita_call_setup_seconds_count") == 1


async def test_the_dialogs_of_a_call_are_in_the_logbook_while_they_are_up(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    (survivor,) = stage.logbook.survivors()
    assert survivor.call.id == stage.call.id
    assert set(survivor.dialogs) == {leg.id for leg in stage.call.ledger.legs}
    await stage.carrier.hang_up(session)
    assert stage.logbook.survivors() == []


async def test_a_booked_call_leaves_the_logbook_only_when_the_history_has_it(stage: Stage) -> None:
    stage.history.works = False
    session = await stage.carrier.dial("600")
    await stage.carrier.hang_up(session)
    await stage.pass_by(5)
    assert [entry.call.id for entry in stage.logbook.unbooked()] == [stage.history.calls[0].id]
    stage.history.works = True
    await stage.pass_by(1)
    assert stage.logbook.unbooked() == []
