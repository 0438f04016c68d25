"""Rows that are read as they were written: calls, and visits to queues that ended without an answer."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, exists, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from switch.calls.ending import Result
from switch.figures import Dimension, Fact, Span
from switch.figures.batch import counted_calls
from switch.history.tables import calls, queue_visits
from switch.reports.question import Filters, Name, Question, Scope
from switch.reports.sheet import Value

_AT_ONCE: Final = 1000
_TENANT: Final = "default"
_DIMENSIONS: Final = ("queue", "agent", "number")
_SHOWN: Final = (
    "ended_at",
    "started_at",
    "direction",
    "from",
    "to",
    "trunk",
    "queue",
    "agent",
    "wait_s",
    "talk_s",
    "hold_s",
    "wrap_up_s",
    "result",
    "reason",
    "id",
)


async def count(connection: AsyncConnection, question: Question) -> int:
    """How many rows there will be."""
    query = select(func.count()).select_from(_QUERIES[question.report](question).order_by(None).subquery())
    return int((await connection.execute(query)).scalar_one())


async def rows(connection: AsyncConnection, question: Question) -> AsyncIterator[Sequence[Value]]:
    """All of them, a thousand in memory at a time."""
    zone = ZoneInfo(question.zone)
    result = await connection.stream(_QUERIES[question.report](question))
    async for some in result.partitions(_AT_ONCE):
        for row in some:
            yield _told(row, zone)


async def counted(engine: AsyncEngine, question: Question, fact: Fact) -> AsyncIterator[Sequence[Value]]:
    """The calls that a fact counts, once for each time that it does, a thousand in memory at a time."""
    zone, filters = ZoneInfo(question.zone), question.filters
    wanted = {Dimension(key): value for key in _DIMENSIONS if (value := getattr(filters, key)) is not None}
    among = None if question.scope is None else in_scope(question)
    span, ids = Span.of(question.start, question.end), list[str]()
    async for call in counted_calls(engine, span, fact, wanted, among=among):
        ids.append(call)
        if len(ids) == _AT_ONCE:
            for row in await _by_ids(engine, ids, question):
                yield _told(row, zone)
            ids = []
    for row in await _by_ids(engine, ids, question):
        yield _told(row, zone)


def in_scope(question: Question) -> dict[Dimension, frozenset[str]]:
    """The queues and the agents in the scope, where there are any."""
    scope = Scope() if question.scope is None else question.scope
    names = {Dimension.QUEUE: frozenset(scope.queues), Dimension.AGENT: frozenset(scope.agents)}
    return {at: each for at, each in names.items() if each}


async def _by_ids(engine: AsyncEngine, ids: list[str], question: Question) -> list[Row[Any]]:
    """In the order of the ids; those out of scope, or who called from elsewhere, are left out."""
    query = select(*(calls.c[name] for name in _SHOWN)).where(
        calls.c.tenant == _TENANT, calls.c.id.in_(sorted(set(ids)))
    )
    if question.filters.caller is not None:
        query = query.where(calls.c["from"] == question.filters.caller)
    if question.scope is not None:
        query = query.where(_seen(question))
    async with engine.connect() as connection:
        found = {row[-1]: row for row in (await connection.execute(query)).all()}
    return [found[call] for call in ids if call in found]


def _told(row: Row[Any], zone: ZoneInfo) -> list[Value]:
    """The first column is the time at which the row counts; how far that is from UTC stands beside it."""
    first, *rest = [value.astimezone(zone) if isinstance(value, datetime) else value for value in row]
    return [first, offset(first), *rest]


def offset(moment: datetime) -> str:
    """How far its zone is from UTC then: what tells the two hours apart that have the same name in autumn."""
    written = moment.strftime("%z")
    return f"{written[:3]}:{written[3:5]}"


def _calls(question: Question) -> Select[Any]:
    filters = question.filters
    query = select(*(calls.c[name] for name in _SHOWN)).where(
        calls.c.tenant == _TENANT, calls.c.ended_at >= question.start, calls.c.ended_at < question.end
    )
    if filters.queue is not None:
        query = query.where(_was_with(Dimension.QUEUE, {filters.queue}))
    if filters.agent is not None:
        query = query.where(_was_with(Dimension.AGENT, {filters.agent}))
    if question.scope is not None:
        query = query.where(_seen(question))
    return _of_numbers(query, filters).order_by(calls.c.ended_at, calls.c.id)


def _seen(question: Question) -> ColumnElement[bool]:
    """Calls that were with somebody in the scope."""
    return or_(false(), *(_was_with(at, names) for at, names in in_scope(question).items()))


def _was_with(at: Dimension, names: Collection[str]) -> ColumnElement[bool]:
    """Calls whose queue or agent is one of these, or that of one of their visits; or who placed them."""
    visited = exists().where(queue_visits.c.call == calls.c.id, queue_visits.c[at.value].in_(names))
    placed = calls.c.placed_by.in_(names) if at is Dimension.AGENT else false()
    return or_(calls.c[at.value].in_(names), placed, visited)


def _of_numbers(query: Select[Any], filters: Filters) -> Select[Any]:
    if filters.number is not None:
        query = query.where(calls.c.to == filters.number)
    return query if filters.caller is None else query.where(calls.c["from"] == filters.caller)


def _abandons(question: Question) -> Select[Any]:
    visits, filters = queue_visits.c, question.filters
    query = (
        select(visits.left_at, visits.queue, calls.c["from"], calls.c.to, visits.wait_s, visits.call)
        .join(calls, calls.c.id == visits.call)
        .where(
            visits.tenant == _TENANT,
            visits.result == Result.ABANDONED.value,
            visits.left_at >= question.start,
            visits.left_at < question.end,
        )
    )
    if filters.queue is not None:
        query = query.where(visits.queue == filters.queue)
    if question.scope is not None:
        query = query.where(visits.queue.in_(question.scope.queues))
    return _of_numbers(query, filters).order_by(visits.left_at, visits.call, visits.n)


_QUERIES: Final[Mapping[Name, Callable[[Question], Select[Any]]]] = {
    Name.CALLS: _calls,
    Name.ABANDONS: _abandons,
}
