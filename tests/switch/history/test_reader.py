"""Pages of calls: complete, in order, each call once."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.why import Kept
from switch.calls.ending import Reason, Result
from switch.events.alarms import Alarms
from switch.events.subject import agent as of_agent
from switch.events.subject import queue as of_queue
from switch.history.entries import CallEnded, Decided
from switch.history.pages import BadCursor, cursor_of
from switch.history.reader import Reader
from switch.history.tables import agent_states
from switch.history.writer import Writer
from switch.records import CallRecord, OfferRecord, OfferResult, VisitRecord
from tests.switch.samples import answered_call, at


async def stored(engine: AsyncEngine, tmp_path: Path, *calls: CallRecord, tenant: str = "default") -> Reader:
    writer = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    writer.start()
    for call in calls:
        writer.put(CallEnded(call=call, tenant=tenant))
    assert await writer.flush(5)
    await writer.close()
    return Reader(engine)


def moved_call() -> CallRecord:
    """Overflowed from sales to support, where Luis took it."""
    return replace(
        answered_call("moved", ended_at=at(50)),
        agent="luis",
        visits=(
            VisitRecord(
                queue="sales",
                entered_at=at(0),
                left_at=at(10),
                wait_s=10.0,
                result=Result.OVERFLOWED,
                reason=Reason.MAX_WAIT,
            ),
            VisitRecord(
                queue="support",
                entered_at=at(10),
                left_at=at(12),
                wait_s=2.0,
                result=Result.ANSWERED,
                reason=Reason.AGENT_ANSWERED,
                agent="luis",
            ),
        ),
    )


async def test_pages_hold_every_call_once_newest_first(engine: AsyncEngine, tmp_path: Path) -> None:
    """Calls that ended in the same microsecond are told apart by their ids."""
    calls = [answered_call(f"call-{n}", ended_at=at(100 + n // 3)) for n in range(10)]
    reader = await stored(engine, tmp_path, *calls)
    found: list[CallRecord] = []
    page = await reader.calls(limit=3)
    while True:
        found += page.items
        if page.next is None:
            break
        page = await reader.calls(limit=3, cursor=page.next)
    assert found == sorted(calls, key=lambda call: (call.ended_at, call.id), reverse=True)


async def test_a_page_that_is_just_full_is_the_last(engine: AsyncEngine, tmp_path: Path) -> None:
    reader = await stored(engine, tmp_path, *(answered_call(f"call-{n}") for n in range(3)))
    assert (await reader.calls(limit=3)).next is None


@pytest.mark.parametrize(
    ("queue", "agent", "since", "found"),
    [
        (None, None, None, ["plain", "moved"]),
        ("sales", None, None, ["moved"]),
        ("support", None, None, ["plain", "moved"]),
        (None, "luis", None, ["moved"]),
        ("sales", "ana", None, []),
        (None, None, at(50), ["plain", "moved"]),
        (None, None, at(50.001), ["plain"]),
    ],
)
async def test_filters(
    engine: AsyncEngine,
    tmp_path: Path,
    queue: str | None,
    agent: str | None,
    since: datetime | None,
    found: list[str],
) -> None:
    reader = await stored(engine, tmp_path, answered_call("plain"), moved_call())
    page = await reader.calls(queue=queue, agent=agent, since=since)
    assert [call.id for call in page.items] == found


async def test_visits_keep_their_order(engine: AsyncEngine, tmp_path: Path) -> None:
    reader = await stored(engine, tmp_path, moved_call())
    assert await reader.call("moved") == moved_call()


async def test_a_tenants_calls_are_its_own(engine: AsyncEngine, tmp_path: Path) -> None:
    reader = await stored(engine, tmp_path, answered_call("theirs"), tenant="other")
    assert await reader.call("theirs") is None
    assert (await reader.calls()).items == ()
    assert await Reader(engine, tenant="other").call("theirs") is not None


async def test_how_far_it_goes_back(engine: AsyncEngine, tmp_path: Path) -> None:
    reader = await stored(engine, tmp_path, answered_call("theirs", ended_at=at(50)), tenant="another")
    assert not await reader.goes_back(at(100))
    await stored(engine, tmp_path, answered_call(ended_at=at(50)))
    assert [await reader.goes_back(at(seconds)) for seconds in (49, 50, 51)] == [False, False, True]
    async with engine.begin() as connection:
        values = {"tenant": "default", "node": "test", "agent": "ana", "since": at(10), "state": "ready"}
        await connection.execute(agent_states.insert().values(values))
    assert [await reader.goes_back(at(seconds)) for seconds in (10, 11)] == [False, True]


@pytest.mark.parametrize("cursor", ["", "x", "W10", "ñ", "WzEsMl0", "a" * 10_000])
async def test_a_cursor_that_is_not_ours(engine: AsyncEngine, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await Reader(engine).calls(cursor=cursor)


async def test_a_call_s_decisions_are_its_own_and_those_of_offers_that_came_with_a_transfer(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    writer = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    writer.start()
    came = OfferRecord(
        id="main-3-0",
        queue="support",
        agent="ana",
        offered_at=at(0),
        ended_at=at(1),
        result=OfferResult.ANSWERED,
    )
    for number, (offer, call) in enumerate(
        (("main-3-0", "other"), ("main-5-0", "c1"), ("main-6-0", "c2")), 1
    ):
        entry = Decided(
            seal=f"seal-{number}",
            decided_at=at(number),
            number=number,
            offer=offer,
            call=call,
            text=f"[{number}]",
        )
        writer.put(entry)
        writer.put(entry)
    writer.put(CallEnded(call=answered_call("c1"), offers=(came,)))
    assert await writer.flush(5)
    await writer.close()
    reader = Reader(engine)
    assert await reader.decisions("c1") == [Kept(b"[1]", "seal-1"), Kept(b"[2]", "seal-2")]
    assert await reader.decisions("other") == [Kept(b"[1]", "seal-1")]
    assert await reader.offers("c1") == {"main-3-0": came}


async def test_the_last_agent_of_a_number(engine: AsyncEngine, tmp_path: Path) -> None:
    first = answered_call("first", ended_at=at(10))
    calls = (
        first,
        replace(answered_call("then", ended_at=at(20)), agent="luis"),
        replace(answered_call("nobody", ended_at=at(30)), agent=None),
        replace(answered_call("other", ended_at=at(40)), agent="eva", from_="+34999"),
    )
    reader = await stored(engine, tmp_path, *calls)
    assert await reader.last_agent(first.from_, at(0)) == "luis"
    assert await reader.last_agent(first.from_, at(20)) == "luis"
    assert await reader.last_agent(first.from_, at(21)) is None
    assert await reader.last_agent("+34888", at(0)) is None


async def plan(engine: AsyncEngine, ask: Callable[[Reader], Awaitable[object]]) -> list[str]:
    """By which steps the database finds what is asked first. PostgreSQL reads a small table whole unless it
    is told that this is dear."""
    sqlite = engine.dialect.name == "sqlite"
    asked: list[tuple[str, Any]] = []

    def note(connection: object, cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await ask(Reader(engine))
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    statement, parameters = asked[0]
    async with engine.connect() as connection:
        if not sqlite:
            for way in ("seqscan", "bitmapscan"):
                await connection.exec_driver_sql(f"SET enable_{way} = off")
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        steps = [row[-1] for row in await connection.exec_driver_sql(f"{explain} {statement}", parameters)]
    assert steps
    return steps


def through(steps: list[str], table: str) -> list[str]:
    """Those that read a table from its one end to the other."""
    return [step for step in steps if f"SCAN {table}" in step or f"Seq Scan on {table}" in step]


async def test_nobody_looks_at_all_decisions_for_one_call(engine: AsyncEngine) -> None:
    assert not through(await plan(engine, lambda reader: reader.decisions("some call")), "decisions")


ANA, SUPPORT = of_agent("ana"), of_queue("support")


@pytest.mark.parametrize(
    ("asked", "indexes"),
    [
        ({"queue": "support"}, {"queue"}),
        ({"agent": "ana", "since": at(0)}, {"agent"}),
        ({"queue": "support", "agent": "ana"}, {"agent"}),
        ({"scope": frozenset([ANA])}, {"agent"}),
        ({"scope": frozenset([ANA, SUPPORT])}, {"agent", "queue"}),
        ({"queue": "support", "scope": frozenset([ANA, SUPPORT])}, {"queue"}),
        ({"queue": "support", "cursor": cursor_of(at(60), "call")}, {"queue"}),
    ],
)
async def test_nobody_looks_at_all_calls_for_a_few(
    engine: AsyncEngine, asked: dict[str, Any], indexes: set[str]
) -> None:
    """The visits' indexes have them in the order of the page, so it ends where it is full."""
    steps = await plan(engine, lambda reader: reader.calls(**asked))
    assert not through(steps, "calls") + through(steps, "queue_visits"), steps
    used = {each for each in ("queue", "agent") if f"ix_queue_visits_{each}_call_ended_at" in " ".join(steps)}
    assert used >= indexes, steps


async def test_the_calls_of_a_scope(engine: AsyncEngine, tmp_path: Path) -> None:
    """Each once, whatever it is in the scope for, and however many are in it; page by page."""
    calls = [replace(moved_call(), id=f"moved-{n}", ended_at=at(50 + n)) for n in range(5)]
    placed = replace(
        answered_call("placed", ended_at=at(1)), agent=None, queue=None, placed_by="eva", visits=()
    )
    reader = await stored(engine, tmp_path, placed, answered_call("plain"), *calls)
    newest = [call.id for call in reversed(calls)]
    for scope, found in (
        ([of_agent("luis")], newest),
        ([of_agent("luis"), of_queue("sales")], newest),
        ([of_agent("ana")], ["plain"]),
        ([of_agent(f"agent{n}") for n in range(20)], []),
        ([of_agent(f"agent{n}") for n in range(20)] + [of_queue("sales")], newest),
        ([of_agent("eva")], ["placed"]),
        ([of_agent("eva"), of_agent("ana")], ["plain", "placed"]),
        ([of_agent("eva")] + [of_agent(f"agent{n}") for n in range(20)], ["placed"]),
        ([], []),
    ):
        first = await reader.calls(scope=frozenset(scope), limit=2)
        rest = await reader.calls(scope=frozenset(scope), cursor=first.next) if first.next else None
        assert [call.id for call in (*first.items, *(rest.items if rest else ()))] == found
    assert (await reader.calls(queue="support", scope=frozenset([of_agent("eva")]))).items == ()
    both = await reader.calls(queue="sales", agent="luis", scope=frozenset([of_queue("support")]))
    assert [call.id for call in both.items] == newest
