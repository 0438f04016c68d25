"""Figures from the database: rows are streamed, a local day at a time, so that memory stays flat.

Not for the switch's own process: a child's work. What SQLite and PostgreSQL are asked for is the same, and no
arithmetic is left to them.
"""

import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from switch.figures import happenings
from switch.figures.calendar import Interval, Span, days, intervals
from switch.figures.cells import Cells, Key, Row, keys
from switch.figures.facts import Dimension, Fact, Happened, Stay
from switch.history.tables import agent_states, calls, legs, offers, queue_visits, transfers
from switch.records import AgentState, LegRole, to_us, utc

_AT_ONCE: Final = 2000
"""Rows that are held at a time."""


async def figures(
    engine: AsyncEngine,
    span: Span,
    zone: ZoneInfo,
    *,
    by: Sequence[Dimension] = (),
    interval: Interval | None = None,
    tenant: str = "default",
    now_us: int | None = None,
    before_us: int | None = None,
) -> AsyncIterator[Row]:
    """The counts of every key in every interval of the span that has any: by interval, then by key. Calls
    count once they have ended, with `before_us` only those that ended before that. Agents' seconds end with
    `now_us`, which is the present moment if left out.

        async for key, at, counts in figures(engine, span, zone, by=(Dimension.QUEUE,)):
            level = FORMULAS["service_level.abandons_negative"].value(counts)
    """
    now_us = time.time_ns() // 1000 if now_us is None else now_us
    async with engine.connect() as connection:
        source = Source(connection, tenant, before_us)
        waiting: dict[Key, int] = {}
        if Dimension.AGENT not in by:
            async for happened in source.waiting(span.start_us):
                for key in keys(happened, by):
                    waiting[key] = waiting.get(key, 0) + 1
        states = {stay.agent: stay for stay in await source.states_at(span.start_us)}
        for part in [span] if interval is None else days(span, zone):
            cells = Cells(list(intervals(part, zone, interval)), by)
            if Dimension.REASON not in by:
                async for happened in source.all(part):
                    cells.add(happened)
            await _stay(cells, source, states, part, now_us)
            for row in cells.rows(waiting):
                yield row


async def counted_calls(
    engine: AsyncEngine,
    span: Span,
    fact: Fact,
    where: Mapping[Dimension, str] | None = None,
    *,
    among: Mapping[Dimension, Collection[str]] | None = None,
    tenant: str = "default",
) -> AsyncIterator[str]:
    """The ids of the calls that this fact counts, once for each time it does: what stands behind a number.
    With `among` only what is of one of these.
    """
    by, wanted = tuple(where or {}), tuple((where or {}).values())
    async with engine.connect() as connection:
        async for happened in Source(connection, tenant).all(span):
            if happened.facts.get(fact) and wanted in keys(happened, by) and _is_of(happened, among):
                yield happened.call


def _is_of(happened: Happened, among: Mapping[Dimension, Collection[str]] | None) -> bool:
    if among is None:
        return True
    return any(value in names for at, names in among.items() for value in happened.keys.get(at, ()))


async def _stay(cells: Cells, source: "Source", states: dict[str, Stay], part: Span, now_us: int) -> None:
    """Count the agents' seconds and pauses in this part. `states` are their last ones, since they count."""
    async for stay in source.changes(part):
        if stay.since_us < now_us:
            if (before := states.get(stay.agent)) is not None:
                cells.stayed(before, stay.since_us)
            if stay.state is AgentState.PAUSED:
                cells.add(happenings.pause_began(stay))
            states[stay.agent] = stay
    end_us = min(part.end_us, now_us)
    for agent, stay in states.items():
        cells.stayed(stay, end_us)
        states[agent] = stay._replace(since_us=max(stay.since_us, end_us))


class Source:
    """One tenant's rows."""

    def __init__(self, connection: AsyncConnection, tenant: str, before_us: int | None = None) -> None:
        """`before_us`: only calls that ended before that."""
        self._connection = connection
        self._tenant = tenant
        self._before_us = before_us

    async def all(self, span: Span) -> AsyncIterator[Happened]:
        """All that counts in the span, in no order."""
        async for visit in self._visits(_within(queue_visits.c.entered_at, span)):
            yield happenings.visit_entered(visit)
        async for visit in self._visits(_within(queue_visits.c.left_at, span)):
            yield happenings.visit_left(visit)
        o, t = offers.c, transfers.c
        query = select(o.call, o.ended_at, o.queue, o.agent, o.result).join(calls)
        query = query.where(*_within(o.ended_at, span), *self._ended(calls.c.ended_at, o.ended_at))
        async for row in self._stream(query.where(o.tenant == self._tenant)):
            yield happenings.offer_ended(row[0], to_us(row[1]), *row[2:])
        query = select(t.call, t.at, t.queue, t.agent, t.kind).join(calls)
        query = query.where(*_within(t.at, span), *self._ended(calls.c.ended_at))
        async for row in self._stream(query.where(t.tenant == self._tenant)):
            yield happenings.transferred(row[0], to_us(row[1]), *row[2:])
        async for leg in self._trunk_legs(span):
            yield happenings.trunk_leg_ended(leg)

    async def wrapping(self, since_us: int) -> AsyncIterator[happenings.Visit]:
        """What was answered since then, and whose agents have not told that they wrapped up."""
        v = queue_visits.c
        where = v.left_at >= utc(since_us), v.agent.is_not(None), v.wrap_up_s.is_(None)
        async for visit in self._visits(where):
            yield visit

    async def waiting(self, at_us: int) -> AsyncIterator[Happened]:
        """Who was in line before that moment, and did not leave before it."""
        moment = utc(at_us)
        v = queue_visits.c
        async for visit in self._visits((v.entered_at < moment, v.left_at >= moment)):
            yield happenings.visit_entered(visit)

    async def states_at(self, at_us: int) -> list[Stay]:
        """Each agent's state at that moment, as if he had entered it then."""
        s = agent_states.c
        last = select(s.agent, func.max(s.since)).where(s.tenant == self._tenant, s.since < utc(at_us))
        query = select(s.agent, s.state, s.reason).where(
            s.tenant == self._tenant, tuple_(s.agent, s.since).in_(last.group_by(s.agent))
        )
        return [Stay(agent, AgentState(state), why, at_us) async for agent, state, why in self._stream(query)]

    async def changes(self, span: Span) -> AsyncIterator[Stay]:
        """Agents' states, in the order in which they were entered."""
        s = agent_states.c
        query = select(s.agent, s.state, s.reason, s.since)
        query = query.where(s.tenant == self._tenant, *_within(s.since, span)).order_by(s.since)
        async for agent, state, reason, since in self._stream(query):
            yield Stay(agent, AgentState(state), reason, to_us(since))

    async def _visits(self, where: Collection[ColumnElement[bool]]) -> AsyncIterator[happenings.Visit]:
        v, c = queue_visits.c, calls.c
        query = (
            select(v.call, c.to, c.trunk, v.queue, v.entered_at, v.left_at, v.result, v.agent, v.skills)
            .add_columns(v.within_s, v.short_abandon_s, v.talk_s, v.hold_s, v.wrap_up_s)
            .join_from(queue_visits, calls, v.call == c.id)
            .where(v.tenant == self._tenant, *where, *self._ended(c.ended_at))
        )
        async for row in self._stream(query):
            call, number, trunk, queue, entered, left, result, agent, skills, within, short, *handled = row
            yield happenings.Visit(
                call,
                number,
                trunk,
                queue,
                to_us(entered),
                _us(left),
                result,
                agent,
                tuple(skills.split()),
                within,
                short,
                *map(happenings.us, handled),
            )

    async def _trunk_legs(self, span: Span) -> AsyncIterator[happenings.TrunkLeg]:
        g = legs.c
        query = (
            select(g.call, g.peer, g.role, g.invited_at, g.ringing_at, g.answered_at, g.ended_at)
            .add_columns(g.sip_status, g.mos)
            .join(calls)
            .where(g.tenant == self._tenant, g.of_trunk, *_within(g.ended_at, span))
            .where(*self._ended(calls.c.ended_at))
        )
        async for call, trunk, role, invited, ringing, answered, ended, status, mos in self._stream(query):
            yield happenings.TrunkLeg(
                call,
                trunk,
                role != LegRole.CALLER,
                to_us(invited),
                _us(ringing),
                _us(answered),
                to_us(ended),
                status,
                mos,
            )

    def _ended(self, *columns: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        return [] if self._before_us is None else [each < utc(self._before_us) for each in columns]

    async def _stream(self, query: Select[Any]) -> AsyncIterator[Sequence[Any]]:
        options = {"yield_per": _AT_ONCE}
        async with self._connection.stream(query, execution_options=options) as found:
            async for some in found.partitions(_AT_ONCE):
                for row in some:
                    yield row


def _within(column: ColumnElement[Any], span: Span) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= utc(span.start_us), column < utc(span.end_us)


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
