"""The watch ends what has used up its minutes, and keeps the book through restarts."""

import asyncio
import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from switch.peers import PhonePeer
from switch.toll.account import Spending
from switch.toll.guard import Spent
from switch.toll.watch import TICK_S, TollWatch
from tests.switch.toll.test_guard import MINUTE_US, NOON, PHONE, TRUNK, Desk, Talk, end


class Clock:
    """UTC that a test moves."""

    def __init__(self) -> None:
        self.now_us = NOON

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
async def written(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when a book was put in its place, which another thread does."""
    loop, event, replace = asyncio.get_running_loop(), asyncio.Event(), os.replace

    def replacing(fresh: Path, path: Path) -> None:
        replace(fresh, path)
        loop.call_soon_threadsafe(event.set)

    monkeypatch.setattr(os, "replace", replacing)
    return event


def book(path: Path) -> tuple[Spent, ...]:
    return msgspec.json.decode(path.read_bytes(), type=tuple[Spent, ...])


async def test_a_call_is_ended_when_its_minutes_are_used_up(tmp_path: Path) -> None:
    desk, clock = Desk(minutes_a_day=10), Clock()
    watch = TollWatch(desk.toll, tmp_path / "toll.json", asyncio.get_running_loop(), clock)
    watch.start()
    call, ended = desk.call(NOON), asyncio.Event()
    call.on_limit = ended.set
    clock.now_us = NOON + 9 * MINUTE_US
    watch.tick()
    assert not ended.is_set()
    clock.now_us = NOON + 10 * MINUTE_US
    async with asyncio.timeout(TICK_S * 5):
        await ended.wait()
    await watch.stop()


async def test_the_book_is_on_disk_soon_after_a_change_and_read_again(
    tmp_path: Path, written: asyncio.Event
) -> None:
    path = tmp_path / "toll.json"
    desk, clock = Desk(calls_an_hour=1), Clock()
    watch = TollWatch(desk.toll, path, asyncio.get_running_loop(), clock)
    watch.start()
    desk.call(NOON)
    async with asyncio.timeout(10):
        await written.wait()
    assert [spent.name for spent in book(path)] == ["1001"]

    again = Desk(calls_an_hour=1)
    second = TollWatch(again.toll, path, asyncio.get_running_loop(), clock)
    second.start()
    again.refused(NOON)
    for each in (watch, second):
        await each.stop()


async def test_the_last_word_is_written_when_it_stops(tmp_path: Path) -> None:
    desk, clock = Desk(), Clock()
    watch = TollWatch(desk.toll, tmp_path / "toll.json", asyncio.get_running_loop(), clock)
    watch.start()
    desk.call(NOON)
    clock.now_us = NOON + 3 * MINUTE_US
    await watch.stop()
    again = Desk()
    again.toll.restore(book(tmp_path / "toll.json"), clock.now_us)
    assert again.toll.used_s(PHONE, clock.now_us) == 180


async def test_it_goes_on_though_the_end_of_one_call_fails(tmp_path: Path) -> None:
    desk, clock = Desk(minutes_a_day=10), Clock()
    watch = TollWatch(desk.toll, tmp_path / "toll.json", asyncio.get_running_loop(), clock)
    watch.start()
    call, ended = desk.call(NOON), asyncio.Event()

    def fail() -> None:
        call.on_limit = ended.set
        raise RuntimeError("a call that would not end")

    call.on_limit = fail
    clock.now_us = NOON + 10 * MINUTE_US
    with pytest.raises(RuntimeError):
        watch.tick()
    async with asyncio.timeout(10):
        await ended.wait()
    await watch.stop()


@pytest.mark.parametrize("written", [b"no book", b"", b"{}", b'{"day_us": 1, "spent": [{"kind": "\xff"}]}'])
async def test_a_book_that_cannot_be_read_or_written_is_an_error_in_the_log(
    tmp_path: Path, written: bytes
) -> None:
    path = tmp_path / "toll.json"
    path.write_bytes(written)
    desk, clock = Desk(), Clock()
    with capture_logs() as lines:
        watch = TollWatch(desk.toll, path, asyncio.get_running_loop(), clock)
        watch.start()
        await watch.stop()
        lost = TollWatch(desk.toll, tmp_path / "nowhere" / "toll.json", asyncio.get_running_loop(), clock)
        lost.start()
        await lost.stop()
    assert [line["log_level"] for line in lines] == ["error", "error"]
    assert "cannot read" in lines[0]["event"]
    assert "cannot keep" in lines[1]["event"]


async def test_after_a_full_disk_it_is_written_though_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: asyncio.Event
) -> None:
    """The log says it once, and once that it is over."""
    path, room = tmp_path / "toll.json", iter([0, 0, 1])
    desk, write = Desk(), Path.write_bytes

    def write_bytes(fresh: Path, data: bytes) -> int:
        if not next(room):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fresh, data)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    monkeypatch.setattr("switch.toll.watch.RETRY_S", 0.01)
    watch = TollWatch(desk.toll, path, asyncio.get_running_loop(), Clock())
    with capture_logs() as lines:
        watch.start()
        desk.call(NOON)
        async with asyncio.timeout(10):
            await written.wait()
        monkeypatch.setattr(Path, "write_bytes", write)
        await watch.stop()
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("cannot keep what was spent", "error"),
        ("what was spent is kept again", "info"),
    ]
    assert [spent.name for spent in book(path)] == ["1001"]


async def test_while_much_is_written_the_loop_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a thousand phones with fifty calls each no turn of the loop encodes more than a few."""
    desk, clock, turns = Desk(), Clock(), 0
    for number in range(1000):
        for _ in range(50):
            admitted = desk.toll.admit(PhonePeer(f"p{number}"), "1", Talk(), NOON)
            assert isinstance(admitted, Spending)
            end(admitted, NOON)
    taken: list[int] = []
    changes = desk.toll.changes

    def counted(now_us: Callable[[], int]) -> Iterator[Spent]:
        for spent in changes(now_us):
            taken.append(turns)
            yield spent

    monkeypatch.setattr(desk.toll, "changes", counted)
    watch = TollWatch(desk.toll, tmp_path / "toll.json", asyncio.get_running_loop(), clock)
    watch.start()
    stopping = asyncio.create_task(watch.stop())
    while not stopping.done():
        turns += 1
        await asyncio.sleep(0)
    assert len(book(tmp_path / "toll.json")) == 1000
    assert max(Counter(taken).values()) < 50


async def test_only_what_changed_is_encoded_and_all_is_kept(tmp_path: Path, written: asyncio.Event) -> None:
    path, clock = tmp_path / "toll.json", Clock()
    desk = Desk()
    watch = TollWatch(desk.toll, path, asyncio.get_running_loop(), clock)
    watch.start()
    end(desk.call(NOON), NOON + MINUTE_US)
    async with asyncio.timeout(10):
        await written.wait()
    desk.call(NOON, origin=TRUNK)
    await watch.stop()
    assert {spent.name for spent in book(path)} == {"1001", "carrier"}


async def test_an_error_that_nobody_foresaw_is_logged_and_the_book_kept_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, failed = Desk(), asyncio.Event()
    changes = desk.toll.changes

    def fails_once(now_us: Callable[[], int]) -> Iterator[Spent]:
        if failed.is_set():
            return changes(now_us)
        failed.set()
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(desk.toll, "changes", fails_once)
    watch = TollWatch(desk.toll, tmp_path / "toll.json", asyncio.get_running_loop(), Clock())
    with capture_logs() as lines:
        watch.start()
        desk.call(NOON)
        async with asyncio.timeout(10):
            await failed.wait()
        desk.call(NOON)
        await watch.stop()
    assert [line["log_level"] for line in lines] == ["error", "info"]
    assert len(book(tmp_path / "toll.json")[0].begun) == 2
