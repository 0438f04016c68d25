"""Reading the history: pages of calls, and what a restart needs."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    LargeBinary,
    RowMapping,
    Select,
    Table,
    cast,
    func,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.why import Kept
from switch.events.subject import Subject
from switch.events.subject import agent as of_agent
from switch.events.subject import queue as of_queue
from switch.history.finding import AnyOf, newest
from switch.history.pages import cursor_of, position_of
from switch.history.tables import (
    agent_states,
    bindings,
    calls,
    decisions,
    legs,
    offers,
    queue_visits,
    segments,
)
from switch.records import AgentStateRecord, CallRecord, OfferRecord

ChainPlace: TypeAlias = tuple[str, datetime, int, str]
"""Of a decision in the ledger: machine, time, number, seal."""

MAX_PAGE = 200
_CALLS_AT_ONCE = 25
_ASIDE = ("tenant", "node", "n", "call_ended_at")
"""Columns that say where a row is from, or find it."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some calls, newest first, and the cursor that asks for the next ones; None after the last."""

    items: tuple[CallRecord, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class StoredBinding:
    """A registration as it was put; `state` is the registrar's own JSON."""

    phone: str
    contact: str
    expires_at: datetime
    state: str


class Reader:
    """Reads what one tenant's calls left behind."""

    def __init__(self, engine: AsyncEngine, *, tenant: str = "default") -> None:
        self._engine = engine
        self._tenant = tenant

    async def calls(
        self,
        *,
        queue: str | None = None,
        agent: str | None = None,
        since: datetime | None = None,
        cursor: str | None = None,
        limit: int = 100,
        scope: frozenset[Subject] | None = None,
    ) -> Page:
        """Ended calls, newest first: those that visited `queue`, were `agent`'s or placed by him, ended at
        `since` or later, and were with somebody in `scope`, or placed by him.

        Raises BadCursor.
        """
        limit = max(1, min(limit, MAX_PAGE))
        wanted: list[AnyOf] = [] if agent is None else [(of_agent(agent),)]
        if queue is not None:
            wanted.append((of_queue(queue),))
        if scope is not None:
            wanted.append(scope)
        before = None if cursor is None else position_of(cursor)
        page = newest(self._tenant, wanted, since=since, before=before, limit=limit + 1).subquery()
        query = select(calls).join(page, page.c.call == calls.c.id)
        query = query.order_by(page.c.ended_at.desc(), page.c.call.desc())
        async with self._engine.connect() as connection:
            found = await _records(connection, query)
        more = len(found) > limit
        return Page(
            tuple(found[:limit]), cursor_of(found[limit - 1].ended_at, found[limit - 1].id) if more else None
        )

    async def call(self, call: str) -> CallRecord | None:
        """The record of an ended call."""
        query = select(calls).where(calls.c.tenant == self._tenant, calls.c.id == call)
        async with self._engine.connect() as connection:
            found = await _records(connection, query)
        return found[0] if found else None

    async def last_agent(self, number: str, since: datetime) -> str | None:
        """Who talked last to this caller, in a call that ended at `since` or later."""
        query = (
            select(calls.c.agent)
            .where(calls.c.tenant == self._tenant, calls.c["from"] == number, calls.c.ended_at >= since)
            .where(calls.c.agent.is_not(None))
            .order_by(calls.c.ended_at.desc(), calls.c.id.desc())
            .limit(1)
        )
        async with self._engine.connect() as connection:
            found = await _rows(connection, query)
        return found[0]["agent"] if found else None

    async def decisions(self, call: str) -> list[Kept]:
        """Why each offer of a call was made, oldest first."""
        text = self._octets(decisions.c.text)
        kept = select(decisions.c.decided_at, decisions.c.number, text, decisions.c.seal).where(
            decisions.c.tenant == self._tenant
        )
        its_offers = select(offers.c.id).where(offers.c.call == call)  # some came with a transfer
        # Two questions: PostgreSQL would read the whole table for "one or the other".
        both = kept.where(decisions.c.call == call).union(kept.where(decisions.c.offer.in_(its_offers)))
        query = both.order_by("decided_at", "number")
        async with self._engine.connect() as connection:
            return [Kept(row["text"], row["seal"]) for row in await _rows(connection, query)]

    async def chain(self, after: ChainPlace | None = None, most: int = 100) -> list[tuple[ChainPlace, Kept]]:
        """The next decisions after that place of the ledger, oldest first, each machine's by itself."""
        place = (decisions.c.node, decisions.c.decided_at, decisions.c.number, decisions.c.seal)
        kept = (decisions.c.offer, decisions.c.call, self._octets(decisions.c.text))
        query = select(*place, *kept).where(decisions.c.tenant == self._tenant)
        if after is not None:
            query = query.where(tuple_(*place) > tuple_(*after))
        async with self._engine.connect() as connection:
            rows = await _rows(connection, query.order_by(*place).limit(most))
        return [
            (
                (row["node"], row["decided_at"], row["number"], row["seal"]),
                Kept(row["text"], row["seal"], (row["number"], row["offer"], row["call"])),
            )
            for row in rows
        ]

    def _octets(self, column: Column[str]) -> ColumnElement[bytes]:
        """A text under its name, as it stands on the disk: what somebody has altered may be no UTF-8."""
        if self._engine.dialect.name == "sqlite":
            return cast(column, LargeBinary).label(column.name)
        return func.convert_to(column, "UTF8", type_=LargeBinary).label(column.name)

    async def offers(self, call: str) -> dict[str, OfferRecord]:
        """What became of the offers of a call that has ended, by their ids."""
        query = select(offers).where(offers.c.tenant == self._tenant, offers.c.call == call)
        async with self._engine.connect() as connection:
            found = [msgspec.convert(_own(row), OfferRecord) for row in await _rows(connection, query)]
        return {offer.id: offer for offer in found}

    async def agent_states(self, agent: str, since: datetime) -> list[AgentStateRecord]:
        """The states that an agent entered at `since` or later, oldest first."""
        query = (
            select(agent_states)
            .where(agent_states.c.tenant == self._tenant, agent_states.c.agent == agent)
            .where(agent_states.c.since >= since)
            .order_by(agent_states.c.since)
        )
        async with self._engine.connect() as connection:
            return [msgspec.convert(_own(row), AgentStateRecord) for row in await _rows(connection, query)]

    async def goes_back(self, before: datetime) -> bool:
        """Whether it holds anything of an earlier time: a call that had ended, a state of an agent."""
        ours, states = calls.c.tenant == self._tenant, agent_states.c.tenant == self._tenant
        async with self._engine.connect() as connection:
            for query in (
                select(calls.c.id).where(ours, calls.c.ended_at < before),
                select(agent_states.c.agent).where(states, agent_states.c.since < before),
            ):
                if await _rows(connection, query.limit(1)):
                    return True
        return False

    async def bindings(self, now: datetime) -> list[StoredBinding]:
        """The registrations that have not expired."""
        query = select(bindings).where(bindings.c.tenant == self._tenant, bindings.c.expires_at > now)
        async with self._engine.connect() as connection:
            return [
                StoredBinding(row["phone"], row["contact"], row["expires_at"], row["state"])
                for row in await _rows(connection, query)
            ]


async def _rows(
    connection: AsyncConnection, query: Select[Any] | CompoundSelect[Any]
) -> Sequence[RowMapping]:
    found: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
    return found


async def _records(connection: AsyncConnection, query: Select[Any]) -> list[CallRecord]:
    """The calls with their parts, a few at a time: the loop runs between."""
    found = await _rows(connection, query)
    records: list[CallRecord] = []
    for first in range(0, len(found), _CALLS_AT_ONCE):
        some = found[first : first + _CALLS_AT_ONCE]
        ids = [row["id"] for row in some]
        parts = {
            name: await _of_calls(connection, table, order, ids)
            for name, table, order in (
                ("legs", legs, ("invited_at", "id")),
                ("visits", queue_visits, ("n",)),
                ("segments", segments, ("n",)),
            )
        }
        records += [_record(row, {name: rows[row["id"]] for name, rows in parts.items()}) for row in some]
    return records


async def _of_calls(
    connection: AsyncConnection, table: Table, order: Sequence[str], ids: Sequence[str]
) -> defaultdict[str, list[dict[str, Any]]]:
    by_call: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    query = select(table).where(table.c.call.in_(ids)).order_by(*(table.c[column] for column in order))
    for row in await _rows(connection, query):
        part = _own(row)
        call = part.pop("call")
        if table is segments:
            part["legs"] = part["legs"].split()
        elif table is queue_visits:
            part["skills"] = part["skills"].split()
        by_call[call].append(part)
    return by_call


def _record(row: RowMapping, parts: dict[str, list[dict[str, Any]]]) -> CallRecord:
    own = _own(row)
    own["variables"] = msgspec.json.decode(own["variables"]) if own["variables"] else {}
    recording = {name: own.pop(f"recording_{name}") for name in ("path", "duration_s", "sha256")}
    return msgspec.convert(
        {**own, **parts, "recording": recording if recording["path"] is not None else None}, CallRecord
    )


def _own(row: RowMapping) -> dict[str, Any]:
    """What a row says, without what says where it is from."""
    return {str(name): value for name, value in row.items() if name not in _ASIDE}
