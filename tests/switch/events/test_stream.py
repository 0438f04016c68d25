"""Numbers, what is kept, and listeners who are slow, away or choosy."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode

from switch.events import stream as streams
from switch.events.filter import ALL, Filter, UnknownType
from switch.events.listening import Listeners
from switch.events.rows import Kind, PhoneNow
from switch.events.stream import Stream
from switch.events.subject import agent, queue
from switch.events.types import EVENTS, Alarm, AlarmData, EventType, PhoneData
from tests.switch.events.follower import Follower

START_US = 1_800_000_000_000_000


def new_stream() -> Stream:
    return Stream(lambda: START_US, asyncio.get_running_loop())


def tell(stream: Stream, name: str = "1001", *, registered: bool = True) -> int:
    """A phone comes or goes, on the board and in the stream."""
    row = PhoneNow(name=name, agent=None, registered=registered)
    about = stream.board.put(row, [agent(name)])
    type = EventType.PHONE_REGISTERED if registered else EventType.PHONE_LOST
    return stream.tell(type, PhoneData(phone=row), about).seq


def read(frames: bytes) -> list[dict[str, Any]]:
    """The messages of unmasked frames (RFC 6455 section 5.2)."""
    messages = []
    while frames:
        assert frames[0] == 0x80 | Opcode.TEXT
        size, start = frames[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(frames[2:start])
        messages.append(json.loads(frames[start : start + size]))
        frames = frames[start + size :]
    return messages


class Reader:
    """A listener in memory, who reads only while `reads` is set."""

    def __init__(self) -> None:
        self.follower = Follower()
        self.reads = asyncio.Event()
        self.reads.set()

    async def write(self, frames: bytes) -> None:
        await self.reads.wait()
        for message in read(frames):
            self.follower.hear(message)


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not met():  # noqa: ASYNC110 - what a listener heard tells nobody
            await asyncio.sleep(0.001)


async def test_numbers_go_up_by_one_and_begin_with_the_time() -> None:
    stream = new_stream()
    assert [tell(stream), tell(stream)] == [START_US, START_US + 1]
    assert stream.last == START_US + 1 < 2**53, "JavaScript reads it exactly"


async def test_who_comes_back_hears_all_that_came_since() -> None:
    stream = new_stream()
    first = tell(stream)
    later = [tell(stream, registered=False), tell(stream)]
    assert stream.has(first)
    upto, frames = stream.after(first, ALL)
    assert upto == stream.last
    assert [message["seq"] for message in read(b"".join(frames))] == later


async def test_a_number_of_another_run_is_no_place_in_this_one() -> None:
    stream = new_stream()
    tell(stream)
    assert not stream.has(START_US - 2)
    assert not stream.has(0)
    assert not stream.has(stream.last + 1)


async def test_what_is_kept_is_bounded_by_number_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_EVENTS", 3)
    stream = new_stream()
    for _ in range(5):
        tell(stream)
    assert [stream.has(START_US + n) for n in range(5)] == [False, True, True, True, True]
    monkeypatch.setattr(streams, "MOST_BYTES", 1)
    tell(stream)
    assert not stream.has(stream.last - 1)
    assert stream.has(stream.last)


async def test_one_turn_tells_one_listener_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "AT_ONCE_BYTES", 1)
    stream = new_stream()
    first = tell(stream)
    tell(stream)
    assert stream.after(first - 1, ALL)[0] == first


async def test_filters_by_type_queue_agent_and_right() -> None:
    calls = Filter.of(types=["call.*", "alarm"])
    assert calls.passes(EventType.CALL_HELD, frozenset())
    assert not calls.passes(EventType.AGENT_STATE, frozenset())
    assert calls.kinds == {Kind.CALL}
    some = Filter.of(queues=["support"], agents=["ana"])
    assert some.concerns(frozenset([queue("support")]))
    assert some.concerns(frozenset([agent("ana"), queue("sales")]))
    assert not some.concerns(frozenset([agent("support")]))
    bounded = Filter.of(queues=["sales"], allowed=frozenset([queue("support")]))
    assert not bounded.concerns(frozenset([queue("sales")])), "who asks for more sees no more"
    with pytest.raises(UnknownType, match=r"call\.asnwered"):
        Filter.of(types=["call.asnwered"])


async def test_a_listener_follows_and_goes() -> None:
    stream, reader = new_stream(), Reader()
    listeners = Listeners(stream)
    telling = asyncio.create_task(listeners.tell(reader.write, None, ALL))
    await until(lambda: reader.follower.types == ["snapshot"])
    tell(stream)
    await until(lambda: reader.follower.seq == stream.last)
    assert reader.follower.rows["phone"]["1001"]["registered"] is True
    assert listeners.count == 1
    telling.cancel()
    await asyncio.wait({telling})
    assert listeners.count == 0


async def test_who_reads_too_slowly_gets_everything_anew_and_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "MOST_EVENTS", 20)
    stream, slow, quick = new_stream(), Reader(), Reader()
    listeners = Listeners(stream)
    tasks = [asyncio.create_task(listeners.tell(each.write, None, ALL)) for each in (slow, quick)]
    await until(lambda: slow.follower.types == quick.follower.types == ["snapshot"])
    slow.reads.clear()
    for n in range(40):
        tell(stream, f"{n % 7}", registered=n % 3 > 0)
        await until(lambda: quick.follower.seq == stream.last)
    slow.reads.set()
    await until(lambda: slow.follower.seq == stream.last)
    assert listeners.overtaken == 1
    assert slow.follower.rows == quick.follower.rows
    assert quick.follower.types.count("snapshot") == 1
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


Step = tuple[str, bool]


@given(st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), st.booleans()), max_size=40), st.data())
def test_a_snapshot_and_what_came_after_are_a_later_snapshot(steps: list[Step], data: st.DataObject) -> None:
    """At every place, for every filter of one phone."""

    async def play() -> None:
        stream = new_stream()
        at = data.draw(st.integers(0, len(steps)))
        wanted = data.draw(st.sampled_from([ALL, Filter.of(agents=["1"])]))
        follower = Follower()
        for n, (name, registered) in enumerate(steps):
            if n == at:
                follower.hear(read(stream.snapshot(wanted)[1])[0])
            tell(stream, name, registered=registered)
        if follower.seq < 0:
            follower.hear(read(stream.snapshot(wanted)[1])[0])
        since = follower.seq
        while since < stream.last:
            since, frames = stream.after(since, wanted)
            for message in read(b"".join(frames)):
                follower.seq = message["seq"] - 1  # a filter leaves numbers out
                follower.hear(message)
        fresh = Follower()
        fresh.hear(read(stream.snapshot(wanted)[1])[0])
        assert follower.rows == fresh.rows

    asyncio.run(play())


def test_every_type_is_told_of_and_every_event_fits_its_schema() -> None:
    assert EVENTS.keys() == set(EventType)
    schema = msgspec.json.schema(AlarmData)
    assert set(schema["$defs"]["AlarmData"]["required"]) == {"alarm", "state", "subject", "detail"}
    assert len(Alarm) == len(set(Alarm))


async def test_who_is_told_nothing_that_he_wants_waits_for_the_next_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many they are: each is woken once by an event, and then nothing stirs."""
    stream, turns = new_stream(), 0
    wake_some = stream._wake_some

    def counting() -> None:
        nonlocal turns
        turns += 1
        wake_some()

    async def listen() -> None:
        heard = stream.last
        while True:
            await stream.more(heard)
            heard, _ = stream.after(heard, Filter(types=frozenset({EventType.CALL_ENDED})))

    monkeypatch.setattr(stream, "_wake_some", counting)
    listeners = [asyncio.create_task(listen()) for _ in range(3 * streams._WAKES + 1)]
    await asyncio.sleep(0)
    for events in (1, 2):
        tell(stream)
        for _ in range(20):
            await asyncio.sleep(0)
        assert turns == 4 * events
    for each in listeners:
        each.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
