"""The logbook: what a crash would leave is there after it, what ended is not, a torn line harms nothing."""

import asyncio
import errno
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sip.dialogs.dialog import Dialog
from sip.flow import Flow
from switch.history.entries import CallEnded
from switch.persistence import lines
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
    monkeypatch.setattr(lines, "REWRITE_AFTER", 20)
    book = opened(path)
    old = path.stat().st_ino
    book.call_noted(call("kept"))
    for number in range(40):
        book.dialog_opened(f"leg {number}", f"c{number}", dialog("x"))
        book.dialog_closed(f"leg {number}")
        await asyncio.sleep(0)
    await written_anew(path, old)
    book.close()
    assert len(path.read_bytes().splitlines()) < 81
    assert [survivor.call.id for survivor in opened(path).survivors()] == ["kept"]


async def written_anew(path: Path, old: int) -> None:
    """Waits until there is another file in the place of that inode."""
    async with asyncio.timeout(5):
        while path.stat().st_ino == old:  # noqa: ASYNC110  nobody tells when
            await asyncio.sleep(0)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Until it is set, no thread gets a file of lines to the disk."""
    event, fsync = threading.Event(), os.fsync
    main = threading.get_ident()

    def synced(descriptor: int) -> None:
        assert threading.get_ident() == main or event.wait(5)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    return event


async def many(book: Logbook) -> None:
    """More than are needed for the file to be written anew."""
    for number in range(lines.REWRITE_AFTER + 1):
        book.dialog_opened("gone", f"c{number}", dialog("x"))
        book.dialog_closed("gone")
    await asyncio.sleep(0)


async def test_what_comes_while_it_is_written_anew_is_in_both_files(
    path: Path, monkeypatch: pytest.MonkeyPatch, held: threading.Event
) -> None:
    """The loop does not wait for the disk; and whenever a crash comes, it finds all."""
    monkeypatch.setattr(lines, "REWRITE_AFTER", 20)
    book = opened(path)
    old = path.stat().st_ino
    book.call_noted(call("c1"))
    await many(book)
    book.call_noted(call("c2"))
    await asyncio.sleep(0)
    before = path.read_bytes()
    held.set()
    await written_anew(path, old)
    after = path.read_bytes()
    assert len(after) < len(before)
    book.call_noted(call("c3"))
    await asyncio.sleep(0)
    assert [survivor.call.id for survivor in opened(path).survivors()] == ["c1", "c2", "c3"]
    path.write_bytes(before)
    assert [survivor.call.id for survivor in opened(path).survivors()] == ["c1", "c2"]


async def test_it_may_end_while_it_is_written_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch, held: threading.Event
) -> None:
    monkeypatch.setattr(lines, "REWRITE_AFTER", 20)
    book = opened(path)
    book.call_noted(call("c1"))
    await many(book)
    book.close()
    held.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    await asyncio.sleep(0)
    assert [survivor.call.id for survivor in opened(path).survivors()] == ["c1"]


async def test_what_is_told_after_the_end_is_written_nowhere(path: Path, tmp_path: Path) -> None:
    """Least of all into a file that has got the descriptor since."""
    book = opened(path)
    book.call_noted(call("c1"))
    book.close()
    with (tmp_path / "another").open("wb") as another:
        book.call_noted(call("c2"))
        await asyncio.sleep(0)
        assert another.fileno() == book._file._file
    assert (tmp_path / "another").read_bytes() == b""
    assert [survivor.call.id for survivor in opened(path).survivors()] == ["c1"]


async def test_a_disk_that_takes_a_part_gets_the_rest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few octets at a time, then for a while none, then all."""
    book = opened(path)
    write, room = os.write, [30, 5]

    def writes(descriptor: int, data: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, bytes(data[: room.pop()]))

    with monkeypatch.context() as full:
        full.setattr(os, "write", writes)
        book.call_noted(call("c1"))
        await asyncio.sleep(0)
        book.call_noted(call("c2"))
        await asyncio.sleep(0)
    assert len(path.read_bytes()) == 35
    book.beat()
    assert [survivor.call.id for survivor in opened(path).survivors()] == ["c1", "c2"]


async def test_what_a_full_disk_never_takes_does_not_fill_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is dropped; and written anew, as far as it counts, as soon as there is room."""
    monkeypatch.setattr(lines, "MOST_WAITING", 1000)
    book = opened(path)
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space")))
        book.call_noted(call("c1"))
        for number in range(20):
            book.dialog_opened("leg", f"c{number}", dialog("x"))
            await asyncio.sleep(0)
        assert len(book._file._waiting) < 2000
    old = path.stat().st_ino
    book.beat()
    await written_anew(path, old)
    assert [survivor.call.id for survivor in opened(path).survivors()] == ["c1"]


async def test_it_knows_when_the_former_run_was_last_alive(path: Path) -> None:
    assert opened(path).last_beat_us == 0
    book = opened(path)
    book.beat()
    os.utime(path, (1_800_000_000, 1_800_000_000))
    assert opened(path).last_beat_us == 1_800_000_000_000_000
