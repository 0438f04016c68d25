"""Both databases: a file of SQLite, and a PostgreSQL that the tests start."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.history.database import connect
from switch.history.schema import migrate
from switch.history.tables import metadata
from tests.peers.postgresql import postgresql
from tests.peers.tables import URL, share_tables


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with postgresql() as url:
        yield url


async def let_go(engine: AsyncEngine) -> None:
    """Close its connections. One that failed ends on a thread of its own, which still tells the loop."""
    await engine.dispose()
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5.0)


@pytest.fixture(params=["sqlite", "postgresql"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An engine on an empty database of today's schema."""
    if request.param == "postgresql":
        made = connect(request.getfixturevalue("postgresql_url"), tmp_path)
        await migrate(made)
    else:
        share_tables(tmp_path)
        made = connect(URL, tmp_path)
    async with made.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
    yield made
    await let_go(made)
