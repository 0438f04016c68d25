"""After a crash: the dialogs that were left are ended on the wire, and each call is booked once."""

import os
from pathlib import Path
from typing import Any

import pytest

from acd.router import Router
from switch.calls.ending import EndedBy, Reason, Result
from switch.persistence.survivors import end_survivors
from tests.switch.far_end import FarEnd, answering
from tests.switch.stage import CARRIER, NUMBER, Stage


async def crashed(
    stage: Stage, folder: Path, sections: dict[str, Any] | None = None, router: Router | None = None
) -> Stage:
    """A switch that begins where the first one stopped in the middle of its work; without the `router` of
    that one, no call returns.
    """
    logbook = (stage.folder / "journal" / "logbook.jsonl").read_bytes()
    (folder / "journal").mkdir(parents=True)
    (folder / "journal" / "logbook.jsonl").write_bytes(logbook)
    last_beat_s = stage.exchange.now_us() / 1e6
    os.utime(folder / "journal" / "logbook.jsonl", (last_beat_s, last_beat_s))
    after = Stage(folder, sections, router)
    await after.settle()
    return after


async def test_the_dialogs_of_a_talk_get_bye_and_the_call_is_booked(stage: Stage, tmp_path: Path) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    call, recording = stage.call, stage.port(stage.call.caller).recording
    assert recording is not None
    await stage.pass_by(5)
    after = await crashed(stage, tmp_path / "after")
    part = after.folder / f"{recording.path.relative_to(stage.folder)}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"RIFF")
    after.take_over(stage.carrier, phone)

    (recorded,) = end_survivors(after.exchange)
    await after.settle()
    assert stage.carrier.endpoint.dialog(session) is None
    assert phone.endpoint.counts().sessions == 0
    assert after.history.calls == []
    after.exchange.booking.book(recorded)
    (record,) = after.history.calls
    assert record.id == call.id
    ending = (record.result, record.reason, record.ended_by)
    assert ending == (Result.ANSWERED, Reason.SWITCH_RESTARTED, EndedBy.SWITCH)
    assert record.agent == "ana"
    assert record.recording is not None
    assert record.recording.path == str(part.relative_to(after.folder))
    assert b"Reason: Q.850;cause=41" in stage.carrier.received[-1]
    assert all(segment.to is not None for segment in record.segments)
    assert record.talk_s == pytest.approx(5.0, abs=0.1)
    assert [leg.packets_received for leg in record.legs] == [None, None], "the ports died with their counts"
    await after.pass_by(60)
    after.assert_nothing_left()
    assert end_survivors(after.exchange) == ()
    await after.close()


async def test_an_agent_whose_caller_never_had_our_200_has_answered_no_call(
    stage: Stage, tmp_path: Path
) -> None:
    await stage.reload(queues={"support": {"requires": "support >= 1", "answer": "early"}})
    stage.carrier.supports_reliable = True
    stage.lose = lambda data: data.startswith(b"PRACK")
    phone = await stage.phone()
    await stage.carrier.dial(NUMBER)
    await phone.answer()
    after = await crashed(stage, tmp_path / "after")
    assert end_survivors(after.exchange) == ()
    (record,) = after.history.calls
    assert (record.result, record.agent, record.connected_at) == (Result.FAILED, "ana", None)
    await after.close()


async def test_a_caller_who_waited_is_booked_as_failed(stage: Stage, tmp_path: Path) -> None:
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(7)
    after = await crashed(stage, tmp_path / "after")
    after.take_over(stage.carrier)
    assert end_survivors(after.exchange) == ()
    await after.settle()
    assert stage.carrier.endpoint.dialog(session) is None
    (record,) = after.history.calls
    assert (record.result, record.reason) == (Result.FAILED, Reason.SWITCH_RESTARTED)
    (visit,) = record.visits
    assert visit.wait_s == pytest.approx(7.0, abs=0.1)
    await after.pass_by(60)
    await after.close()


async def test_what_had_ended_but_was_not_booked_is_booked_as_it_ended(stage: Stage, tmp_path: Path) -> None:
    stage.history.works = False
    session = await stage.carrier.dial("600")
    await stage.carrier.hang_up(session)
    after = await crashed(stage, tmp_path / "after")
    assert end_survivors(after.exchange) == ()
    (record,) = after.history.calls
    assert (record.result, record.reason) == (Result.COMPLETED, Reason.CALLER_HUNG_UP)
    stage.history.works = True
    await after.pass_by(1)
    await after.close()


async def test_a_peer_that_is_gone_costs_no_more_than_its_timers(stage: Stage, tmp_path: Path) -> None:
    await stage.carrier.dial("600")
    after = await crashed(stage, tmp_path / "after")
    gone = FarEnd(after, "gone", ("192.0.2.99", 5060), CARRIER)
    assert gone.events == []
    assert end_survivors(after.exchange) == ()
    await after.pass_by(33)
    after.assert_nothing_left()
    await after.close()


async def test_a_first_start_has_no_survivors(stage: Stage) -> None:
    assert end_survivors(stage.exchange) == ()
    assert stage.history.entries == []
    assert stage.sent == []
