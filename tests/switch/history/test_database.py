"""The schema and how a database comes to it."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.history.database import connect, migrate
from switch.history.tables import metadata


async def test_the_migrations_lead_to_the_tables(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[object] = compare_metadata(context, metadata)
        return found

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_again_changes_nothing(engine: AsyncEngine) -> None:
    await migrate(engine)
    async with engine.connect() as connection:
        versions = (await connection.execute(text("select version_num from alembic_version"))).all()
    assert len(versions) == 1


async def test_sqlite_readers_do_not_wait_for_the_writer(tmp_path: Path) -> None:
    engine = connect("sqlite:///sub.db", tmp_path)
    await migrate(engine)
    async with engine.connect() as connection:
        assert (await connection.execute(text("pragma journal_mode"))).scalar_one() == "wal"
        assert (await connection.execute(text("pragma foreign_keys"))).scalar_one() == 1
    await engine.dispose()
    assert (tmp_path / "sub.db").is_file()


def test_an_absolute_path_stays_absolute(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/else/where.db", Path("var"))
    assert engine.url.database == f"{tmp_path}/else/where.db"


def test_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        connect("mysql://host/name", Path("var"))
