"""The logbook: what a crash would leave is there after it, what ended is not, a torn line harms nothing."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sip.dialogs.dialog import Dialog
from sip.flow import Flow
from switch.history.entries import CallEnded
from switch.persistence.logbook import Logbook
from switch.records import CallRecord, Direction

FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 5080))


def call(id: str) -> CallRecord:
    return CallRecord(id=id, direction=Direction.INBOUND, from_="1", to="2", started_at=datetime.now(UTC))


def dialog(call_id: str) -> Dialog:
    return Dialog(
        call_id=call_id,
        local_tag="a",
        remote_tag="b",
        local="<sip:a@x>;tag=a",
        remote="<sip:b@x>;tag=b",
        local_cseq=1,
        remote_cseq=None,
        target="sip:b@127.0.0.1",
        routes=(),
        flow=FLOW,
    )


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "logbook.jsonl"


def opened(path: Path) -> Logbook:
    return Logbook(path, asyncio.get_running_loop())


async def test_an_open_dialog_survives_a_crash(path: Path) -> None:
    book = opened(path)
    book.call_noted(call("c1"))
    book.dialog_opened("caller", "c1", dialog("one"))
    book.dialog_opened("agent", "c1", dialog("two"))
    book.dialog_opened("other", "c1", dialog("three"))
    book.dialog_closed("other")
    await asyncio.sleep(0)  # the turn of the loop ends, and with it the write; then the process is gone
    (survivor,) = opened(path).survivors()
    assert survivor.call.id == "c1"
    assert [each.call_id for each in survivor.dialogs.values()] == ["one", "two"]


async def test_a_dialog_that_was_seen_to_is_struck_out(path: Path) -> None:
    book = opened(path)
    book.call_noted(call("c1"))
    book.dialog_opened("caller", "c1", dialog("one"))
    book.close()
    again = opened(path)
    again.dialog_closed("caller")
    again.close()
    (survivor,) = opened(path).survivors()
    assert survivor.dialogs == {}


async def test_an_ended_call_is_kept_until_the_history_has_it(path: Path) -> None:
    book = opened(path)
    book.call_noted(call("c1"))
    book.dialog_opened("caller", "c1", dialog("one"))
    book.dialog_closed("caller")
    book.call_ended(CallEnded(call=call("c1")))
    book.call_ended(CallEnded(call=call("c2")))
    book.call_booked("c2")
    book.close()
    again = opened(path)
    assert again.survivors() == []
    assert [entry.call.id for entry in again.unbooked()] == ["c1"]


async def test_a_call_that_ended_before_its_last_dialog_is_not_booked_twice(path: Path) -> None:
    book = opened(path)
    book.call_noted(call("c1"))
    book.dialog_opened("caller", "c1", dialog("one"))
    book.call_ended(CallEnded(call=call("c1")))
    book.close()
    assert opened(path).survivors() == []


async def test_a_line_that_a_crash_tore_is_passed_over(path: Path) -> None:
    book = opened(path)
    book.call_noted(call("c1"))
    book.dialog_opened("caller", "c1", dialog("one"))
    book.close()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    assert [survivor.call.id for survivor in opened(path).survivors()] == ["c1"]


async def test_it_does_not_grow_with_the_calls_that_have_ended(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switch.persistence.logbook._COMPACT_AFTER", 20)
    book = opened(path)
    book.call_noted(call("kept"))
    for number in range(40):
        book.dialog_opened(f"leg {number}", f"c{number}", dialog("x"))
        book.dialog_closed(f"leg {number}")
        await asyncio.sleep(0)
    book.close()
    assert len(path.read_bytes().splitlines()) < 30
    assert [survivor.call.id for survivor in opened(path).survivors()] == ["kept"]


async def test_it_knows_when_the_former_run_was_last_alive(path: Path) -> None:
    assert opened(path).last_beat_us == 0
    book = opened(path)
    book.beat()
    os.utime(path, (1_800_000_000, 1_800_000_000))
    assert opened(path).last_beat_us == 1_800_000_000_000_000
