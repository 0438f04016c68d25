"""Legal holds: what retention must leave alone, who wanted that, why and since when.

A hold names a call, a caller's or called number, a queue, a time, or several of them: it is on the calls of
which all of it is true, those that are yet to come included. It is in the database when `add` returns.
"""

import asyncio
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.history.tables import calls, holds, queue_visits

_SCOPE: Final = ("call", "number", "queue", "from", "to")


class Hold(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One hold. `from` and `to` bound the time in which a call was in progress."""

    id: str
    call: str | None = None
    number: str | None = None
    queue: str | None = None
    from_: datetime | None = None
    to: datetime | None = None
    by: str
    why: str
    since: datetime


class Holds:
    """The holds of one tenant."""

    def __init__(self, engine: AsyncEngine, *, node: str, tenant: str = "default") -> None:
        self.deleting = asyncio.Lock()
        """Whoever deletes has it: no hold is made of what is being deleted."""
        self.engine = engine
        self._origin = {"tenant": tenant, "node": node}
        self._log = structlog.get_logger("audit")

    async def add(self, hold: Hold) -> None:
        """From now on it holds. Raises ValueError for one that names nothing, SQLAlchemyError, OSError."""
        row = msgspec.structs.asdict(hold)
        row["from"] = row.pop("from_")
        if all(row[name] is None for name in _SCOPE):
            raise ValueError("a hold names a call, a number, a queue or a time")
        async with self.deleting, self.engine.begin() as connection:
            await connection.execute(holds.insert().values(**row, **self._origin))
        self._log.info("hold added", **msgspec.to_builtins(hold))

    async def remove(self, id: str, by: str) -> bool:
        """It holds no more; False if there is none of that id. Raises SQLAlchemyError, OSError."""
        mine = and_(holds.c.id == id, holds.c.tenant == self._origin["tenant"])
        async with self.engine.begin() as connection:
            gone = (await connection.execute(holds.delete().where(mine))).rowcount
        if gone:
            self._log.info("hold removed", id=id, by=by)
        return bool(gone)

    async def all(self) -> list[Hold]:
        """The oldest first. Raises SQLAlchemyError, OSError."""
        mine = select(holds).where(holds.c.tenant == self._origin["tenant"])
        query = mine.order_by(holds.c.since, holds.c.id)
        async with self.engine.connect() as connection:
            found = (await connection.execute(query)).mappings().all()
        return [msgspec.convert(_own(row), Hold) for row in found]


def held() -> ColumnElement[bool]:
    """Whether a hold is on a row of `calls`."""
    of_call = exists().where(queue_visits.c.call == calls.c.id, queue_visits.c.queue == holds.c.queue)
    visited = of_call.correlate(calls, holds)
    number = or_(holds.c.number == calls.c["from"], holds.c.number == calls.c.to)
    on = exists().where(
        holds.c.tenant == calls.c.tenant,
        or_(holds.c.call.is_(None), holds.c.call == calls.c.id),
        or_(holds.c.number.is_(None), number),
        or_(holds.c.queue.is_(None), visited),
        or_(holds.c["from"].is_(None), calls.c.ended_at >= holds.c["from"]),
        or_(holds.c.to.is_(None), calls.c.started_at < holds.c.to),
    )
    return on.correlate(calls)


def _own(row: Any) -> dict[str, Any]:
    return {str(name): value for name, value in row.items() if name not in ("tenant", "node")}
