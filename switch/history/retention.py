"""Retention: what is older than the configuration says is deleted, unless a hold is on it.

A few rows at a time, each time a transaction of its own, with a pause between: the writer hardly waits. Files
go before the rows that name them, so whatever a crash interrupts the next sweep completes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, not_, or_, select, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from switch.config.retention import RetentionAges
from switch.history.holds import Holds, held
from switch.history.tables import agent_states, calls

_EVERY_S: Final = 3600.0
_FIRST_S: Final = 60.0
_AT_ONCE: Final = 100
_PAUSE_S: Final = 0.05


class Kind(StrEnum):
    """What is deleted."""

    CALLS = "calls"
    """With legs, visits, segments and offers."""
    RECORDINGS = "recordings"
    AGENT_STATES = "agent_states"


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep deleted, or (`dry_run`) would delete: by kind, of those that have an age."""

    dry_run: bool
    deleted: dict[str, int]


class Retention:
    """Deletes what is too old; `ages` is what the configuration says now."""

    def __init__(
        self,
        holds: Holds,
        data_dir: Path,
        ages: Callable[[], RetentionAges],
        now: Callable[[], datetime],
    ) -> None:
        self._engine = holds.engine
        self._holds = holds
        self._data_dir = data_dir
        self._ages = ages
        self._now = now
        self._deleted = Counter(dict.fromkeys(Kind, 0))
        self._one_at_a_time = asyncio.Lock()
        self._log = structlog.get_logger("retention")

    def deleted(self) -> dict[str, int]:
        """How many of each kind went since the start."""
        return {kind.value: count for kind, count in self._deleted.items()}

    async def run(self) -> None:
        """Sweep each hour until cancelled. A database that is away is asked again at the next."""
        await asyncio.sleep(_FIRST_S)
        while True:
            try:
                await self.sweep()
            except (SQLAlchemyError, OSError) as error:
                self._log.error("cannot delete what is too old", error=str(error))
            await asyncio.sleep(_EVERY_S)

    async def due(self) -> dict[str, int]:
        """What the next sweep would delete. Raises SQLAlchemyError, OSError."""
        counted = {}
        async with self._engine.connect() as connection:
            for kind, query in self._queries().items():
                of = query.with_only_columns(func.count()).order_by(None)
                counted[kind.value] = (await connection.execute(of)).scalar_one()
        return counted

    async def sweep(self) -> dict[str, int]:
        """Delete what is too old now; how many of each kind. Raises SQLAlchemyError, OSError."""
        async with self._one_at_a_time:
            queries = self._queries()
            gone = dict.fromkeys((kind.value for kind in queries), 0)
            for kind, query in queries.items():
                async for count in self._batches(kind, query):
                    gone[kind.value] += count
                    self._deleted[kind] += count
            if any(gone.values()):
                self._log.info("deleted what was too old", **gone)
            return gone

    def _queries(self) -> dict[Kind, Select[Any]]:
        """What is too old, by its key and oldest first, where the configuration names an age."""
        ages, queries = self._ages(), dict[Kind, Select[Any]]()
        if ages.calls is not None:
            old = calls.c.ended_at < self._before(ages.calls)
            queries[Kind.CALLS] = _calls(and_(old, not_(held())))
        if ages.recordings is not None:
            old = calls.c.ended_at < self._before(ages.recordings)
            recorded = calls.c.recording_path.is_not(None)
            queries[Kind.RECORDINGS] = _calls(and_(recorded, old, not_(held())))
        if ages.agent_states is not None:
            queries[Kind.AGENT_STATES] = _states(self._before(ages.agent_states))
        return queries

    def _before(self, days: int) -> datetime:
        return self._now() - timedelta(days=days)

    async def _batches(self, kind: Kind, query: Select[Any]) -> AsyncIterator[int]:
        while True:
            async with self._holds.deleting, self._engine.begin() as connection:
                rows = (await connection.execute(query.limit(_AT_ONCE))).all()
                await self._delete(connection, kind, rows)
            if not rows:
                return
            yield len(rows)
            await asyncio.sleep(_PAUSE_S)

    async def _delete(self, connection: AsyncConnection, kind: Kind, rows: Sequence[Row[Any]]) -> None:
        if kind is Kind.AGENT_STATES:
            key = tuple_(agent_states.c.tenant, agent_states.c.agent, agent_states.c.since)
            await connection.execute(agent_states.delete().where(key.in_([tuple(row) for row in rows])))
            return
        await asyncio.to_thread(self._unlink, [(row.id, row.recording_path) for row in rows])
        its = calls.c.id.in_([row.id for row in rows])
        if kind is Kind.CALLS:
            await connection.execute(calls.delete().where(its))
        else:
            await connection.execute(calls.update().where(its).values(recording_path=None))

    def _unlink(self, recordings: Sequence[tuple[str, str | None]]) -> None:
        """A recording is one file, or after a crash some: CALLID.wav, CALLID.2.wav.part. Blocks."""
        root = (self._data_dir / "recordings").resolve()
        for call, path in recordings:
            folder = None if path is None else (self._data_dir / path).resolve().parent
            if folder is None or not folder.is_relative_to(root):
                continue
            for file in folder.glob(f"{call}.*"):
                file.unlink(missing_ok=True)


def _calls(which: ColumnElement[bool]) -> Select[Any]:
    return select(calls.c.id, calls.c.recording_path).where(which).order_by(calls.c.ended_at, calls.c.id)


def _states(before: datetime) -> Select[Any]:
    """States that ended before; those of calls that are held stay."""
    one, later = agent_states, agent_states.alias()
    ended = (
        exists()
        .where(
            later.c.tenant == one.c.tenant,
            later.c.agent == one.c.agent,
            later.c.since > one.c.since,
            later.c.since < before,
        )
        .correlate(one)
    )
    its_call_is_held = exists().where(calls.c.id == one.c.call, held()).correlate(one)
    of = (one.c.tenant, one.c.agent, one.c.since)
    return select(*of).where(ended, or_(one.c.call.is_(None), not_(its_call_is_held))).order_by(one.c.since)
