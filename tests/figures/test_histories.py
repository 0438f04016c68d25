"""Whatever stands in the tables, the figures are those of the brute force."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.history.database import connect
from switch.history.schema import migrate
from switch.history.tables import metadata
from tests.figures.comparing import compare
from tests.figures.histories import History, Rows, histories
from tests.figures.rows import tables
from tests.history_days import ZONE
from tests.peers.postgresql import postgresql


async def hold(engine: AsyncEngine, rows: Rows) -> None:
    """These and no others."""
    async with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table in rows:
                await connection.execute(table.delete())
        for table, of_table in rows.items():
            if of_table:
                await connection.execute(insert(table), of_table)


def prove(url: str, folder: Path, examples: int) -> int:
    """How many figures were equal."""
    engine, compared = connect(url, folder), 0
    with asyncio.Runner() as runner:
        runner.run(migrate(engine))

        async def one(history: History) -> int:
            await hold(engine, history.rows)
            return await compare(engine, await tables(engine), history.span, ZONE, history.interval)

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(histories())
        def any_history(history: History) -> None:
            nonlocal compared
            compared += runner.run(one(history))

        any_history()
        runner.run(engine.dispose())
    return compared


@pytest.mark.timeout(60)
def test_any_history(tmp_path: Path) -> None:
    assert prove("sqlite:///any.db", tmp_path, 20) > 0


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_many_histories(tmp_path: Path, database: str) -> None:
    if database == "sqlite":
        print(f"\n{prove('sqlite:///any.db', tmp_path, 500)} figures")
    else:
        with postgresql() as url:
            print(f"\n{prove(url, tmp_path, 500)} figures")
