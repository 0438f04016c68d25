"""Reading the audit log, newest first."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.access.rows import AuditRow
from switch.history.pages import cursor_of, position_of
from switch.history.tables import audit


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some of it, and the cursor that asks for what came before; None after the oldest."""

    items: tuple[AuditRow, ...]
    next: str | None


class AuditReader:
    """Reads what one tenant's log says."""

    def __init__(self, engine: AsyncEngine, *, tenant: str = "default") -> None:
        self._engine = engine
        self._tenant = tenant

    async def page(
        self, *, who: str | None, since: datetime | None, cursor: str | None, limit: int
    ) -> AuditPage:
        """Of what `who` did, at `since` or later. Raises BadCursor."""
        query = select(audit).where(audit.c.tenant == self._tenant)
        if who is not None:
            query = query.where(audit.c.who == who)
        if since is not None:
            query = query.where(audit.c.at >= since)
        if cursor is not None:
            query = query.where(tuple_(audit.c.at, audit.c.id) < tuple_(*position_of(cursor)))
        query = query.order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit + 1)
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).mappings().all()
        rows = [{str(name): value for name, value in row.items()} for row in found[:limit]]
        items = tuple(msgspec.convert(row, AuditRow) for row in rows)
        more = len(found) > limit
        return AuditPage(items, cursor_of(items[-1].at, items[-1].id) if more else None)
