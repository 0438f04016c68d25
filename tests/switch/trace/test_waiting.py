"""The queue of those who are slower than the wire."""

import asyncio

from switch.trace.ring import Entry, Strand
from switch.trace.waiting import AT_ONCE_BYTES, Waiting
from tests.switch.trace.wire import Wire, request


def passed(size: int = 0) -> tuple[Strand, Entry]:
    wire = Wire()
    ring = wire.ring()
    wire.show("in", request(body="x" * size))
    (strand,) = ring.strands()
    return strand, strand.entries[0]


async def test_what_came_first_is_taken_first() -> None:
    waiting = Waiting(3, 10_000)
    all_ = [passed() for _ in range(3)]
    assert [waiting.put(*each) for each in all_] == [True] * 3
    assert not waiting.put(*passed())
    assert await waiting.take(2) == all_[:2]
    assert await waiting.take(2) == all_[2:]
    assert len(waiting) == 0


async def test_bytes_are_bounded_and_given_back() -> None:
    waiting = Waiting(100, 2000)
    assert [waiting.put(*passed(1500)) for _ in range(3)] == [True, True, False]
    await waiting.take(1)
    assert waiting.put(*passed(1500))


async def test_of_large_messages_few_are_taken_at_once() -> None:
    waiting = Waiting(100, 1_000_000)
    for _ in range(5):
        waiting.put(*passed(AT_ONCE_BYTES // 2))
    assert [len(await waiting.take(20)) for _ in range(3)] == [2, 2, 1]


async def test_who_waits_is_woken_by_a_message_and_by_the_end() -> None:
    waiting = Waiting(1, 10_000)
    for wake in (lambda: waiting.put(*passed()), waiting.wake):
        taking = asyncio.create_task(waiting.take(5))
        await asyncio.sleep(0)
        assert not taking.done()
        wake()
        async with asyncio.timeout(10):
            await taking
