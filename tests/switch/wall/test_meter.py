"""The meter: ends what has used up its minutes, and keeps the book through restarts."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from switch.wall.meter import TICK_S, Meter
from switch.wall.toll import Tollbook
from tests.switch.wall.test_toll import MINUTE_US, NOON, PHONE, Desk


class Clock:
    """UTC that a test moves."""

    def __init__(self) -> None:
        self.now_us = NOON

    def __call__(self) -> int:
        return self.now_us


async def test_a_call_is_ended_when_its_minutes_are_used_up(tmp_path: Path) -> None:
    desk, clock = Desk(minutes_a_day=10), Clock()
    meter = Meter(desk.toll, tmp_path / "toll.json", asyncio.get_running_loop(), clock)
    meter.start()
    call, ended = desk.call(NOON), asyncio.Event()
    call.on_limit = ended.set
    clock.now_us = NOON + 9 * MINUTE_US
    meter.tick()
    assert not ended.is_set()
    clock.now_us = NOON + 10 * MINUTE_US
    async with asyncio.timeout(TICK_S * 5):
        await ended.wait()
    await meter.stop()


async def test_the_book_is_on_disk_soon_after_a_change_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "toll.json"
    desk, clock = Desk(calls_an_hour=1), Clock()
    meter = Meter(desk.toll, path, asyncio.get_running_loop(), clock)
    meter.start()
    desk.call(NOON)
    async with asyncio.timeout(10):
        while not path.exists():  # noqa: ASYNC110 - written by another thread
            await asyncio.sleep(0.01)
    assert msgspec.json.decode(path.read_bytes(), type=Tollbook).spent[0].name == "1001"

    again = Desk(calls_an_hour=1)
    second = Meter(again.toll, path, asyncio.get_running_loop(), clock)
    second.start()
    again.refused(NOON)
    for each in (meter, second):
        await each.stop()


async def test_the_last_word_is_written_when_it_stops(tmp_path: Path) -> None:
    desk, clock = Desk(), Clock()
    meter = Meter(desk.toll, tmp_path / "toll.json", asyncio.get_running_loop(), clock)
    meter.start()
    desk.call(NOON)
    clock.now_us = NOON + 3 * MINUTE_US
    await meter.stop()
    again = Desk()
    book = msgspec.json.decode((tmp_path / "toll.json").read_bytes(), type=Tollbook)
    again.toll.restore(book, clock.now_us)
    assert again.toll.used_s(PHONE, clock.now_us) == 180


async def test_it_goes_on_though_the_end_of_one_call_fails(tmp_path: Path) -> None:
    desk, clock = Desk(minutes_a_day=10), Clock()
    meter = Meter(desk.toll, tmp_path / "toll.json", asyncio.get_running_loop(), clock)
    meter.start()
    call, ended = desk.call(NOON), asyncio.Event()

    def fail() -> None:
        call.on_limit = ended.set
        raise RuntimeError("a call that would not end")

    call.on_limit = fail
    clock.now_us = NOON + 10 * MINUTE_US
    with pytest.raises(RuntimeError):
        meter.tick()
    async with asyncio.timeout(10):
        await ended.wait()
    await meter.stop()


@pytest.mark.parametrize("book", [b"no book", b"", b"[]", b'{"day_us": 1, "spent": [{"kind": "\xff"}]}'])
async def test_a_book_that_cannot_be_read_or_written_is_an_error_in_the_log(
    tmp_path: Path, book: bytes
) -> None:
    path = tmp_path / "toll.json"
    path.write_bytes(book)
    desk, clock = Desk(), Clock()
    with capture_logs() as lines:
        meter = Meter(desk.toll, path, asyncio.get_running_loop(), clock)
        meter.start()
        await meter.stop()
        lost = Meter(desk.toll, tmp_path / "nowhere" / "toll.json", asyncio.get_running_loop(), clock)
        lost.start()
        await lost.stop()
    assert [line["log_level"] for line in lines] == ["error", "error"]
    assert "cannot read" in lines[0]["event"]
    assert "cannot keep" in lines[1]["event"]
