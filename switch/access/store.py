"""Tokens in the database: their secrets' hashes, never the secrets."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.access.rows import TokenRow
from switch.history.tables import tokens

_LISTS = ("queues", "agents")


class TokenStore:
    """Each method is one transaction. Raises SQLAlchemyError, or OSError, while the database is away."""

    def __init__(self, engine: AsyncEngine, *, node: str, tenant: str = "default") -> None:
        self._engine = engine
        self._node = node
        self._tenant = tenant

    async def read(self) -> dict[str, TokenRow]:
        """All that there ever were, by the hash of the secret, oldest first."""
        query = select(tokens).where(tokens.c.tenant == self._tenant)
        async with self._engine.connect() as connection:
            found = await connection.execute(query.order_by(tokens.c.created_at, tokens.c.id))
            return {row["hash"]: _row(row) for row in found.mappings()}

    async def add(self, digest: str, token: TokenRow) -> None:
        """Keep a new one."""
        values = msgspec.structs.asdict(token) | {"hash": digest, "tenant": self._tenant, "node": self._node}
        values |= {name: msgspec.json.encode(values[name]).decode() for name in _LISTS}
        async with self._engine.begin() as connection:
            await connection.execute(tokens.insert(), values)

    async def revoke(self, id: str, at: datetime) -> None:
        """It is in force no more."""
        async with self._engine.begin() as connection:
            await connection.execute(tokens.update().where(tokens.c.id == id).values(revoked_at=at))

    async def used(self, when: Mapping[str, datetime]) -> None:
        """Note when each was used last."""
        statement = tokens.update().where(tokens.c.id == bindparam("of")).values(last_used_at=bindparam("at"))
        async with self._engine.begin() as connection:
            await connection.execute(statement, [{"of": id, "at": at} for id, at in when.items()])


def _row(row: RowMapping) -> TokenRow:
    own = {str(name): value for name, value in row.items()}
    lists = {name: msgspec.json.decode(row[name]) for name in _LISTS}
    return msgspec.convert({**own, **lists}, TokenRow)
