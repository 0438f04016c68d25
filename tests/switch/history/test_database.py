"""The schema and how a database comes to it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from msgspec.structs import replace
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.events.alarms import Alarms
from switch.history.apart import migrate_apart
from switch.history.database import Away, Known, connect, reach
from switch.history.entries import CallEnded
from switch.history.reader import Reader
from switch.history.schema import NewerSchema, migrate, move, standing
from switch.history.tables import calls, legs, metadata
from switch.history.writer import Writer
from tests.switch.samples import answered_call

SINCE_0002 = (
    "r",
    "packets_duplicated",
    "packets_discarded",
    "bursts",
    "burst_loss",
    "gap_loss",
    "burst_s",
    "gap_s",
    "round_trip_s",
    "sent_packets_lost",
    "sent_jitter_s",
    "sent_mos",
    "sent_r",
    "encryption",
)
"""What a leg did not have at that migration: it is gone when an older program had the database."""


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


async def test_what_a_database_holds_outlives_each_migration(engine: AsyncEngine, tmp_path: Path) -> None:
    def step(connection: Connection, to: Callable[[Config, str], None], revision: str) -> None:
        config = Config()
        config.set_main_option("script_location", "switch/history/migrations")
        config.attributes["connection"] = connection
        to(config, revision)

    call = answered_call()
    unknown = replace(call.legs[1], packets_received=None)
    writer = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    writer.start()
    writer.put(CallEnded(call=replace(call, legs=(call.legs[0], unknown))))
    await writer.close()
    reader = Reader(engine)
    assert (found := await reader.call(call.id)) is not None
    assert found.legs == (call.legs[0], unknown)
    async with engine.begin() as connection:
        await connection.run_sync(step, command.downgrade, "0001")
        await connection.execute(text("create table _alembic_tmp_legs (cut integer)"))
        await connection.run_sync(step, command.upgrade, "head")
    assert (found := await reader.call(call.id)) is not None
    bare = [replace(leg, **dict.fromkeys(SINCE_0002)) for leg in (call.legs[0], unknown)]
    assert found.legs == (bare[0], replace(bare[1], packets_received=0))
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            made = await connection.execute(text("select sql from sqlite_master where name = 'legs'"))
            assert "WITHOUT ROWID" in made.scalar_one()
        await connection.execute(calls.delete())
        assert (await connection.execute(legs.select())).all() == []


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


def shape(connection: Connection) -> dict[str, object]:
    """Tables with their columns and indexes, as the database has them."""
    about = inspect(connection)
    return {
        table: (
            sorted(
                (column["name"], str(column["type"]), column["nullable"])
                for column in about.get_columns(table)
            ),
            sorted(str(index["name"]) for index in about.get_indexes(table)),
        )
        for table in about.get_table_names()
    }


async def shaped(engine: AsyncEngine) -> dict[str, object]:
    async with engine.connect() as connection:
        return await connection.run_sync(shape)


async def test_every_migration_goes_forward_and_back(engine: AsyncEngine, tmp_path: Path) -> None:
    """The tables are the same whichever way a revision is reached, and the calls in them stay."""
    call = answered_call()
    async with engine.connect() as connection:
        known = (await connection.run_sync(standing)).known
    writer = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    writer.start()
    writer.put(CallEnded(call=call))
    await writer.close()
    back = {}
    for revision in reversed(known):
        await move(engine, revision)
        back[revision] = await shaped(engine)
    for revision in known[1:]:
        await move(engine, revision)
        assert await shaped(engine) == back[revision], revision
    found = await Reader(engine).call(call.id)
    assert found is not None
    assert (found.id, found.wait_s, found.segments) == (call.id, call.wait_s, call.segments)
    assert [(visit.queue, visit.agent) for visit in found.visits] == [("support", "ana")]
    await move(engine, "base")
    assert set(await shaped(engine)) == {"alembic_version"}
    await migrate(engine)
    assert await shaped(engine) == back[known[-1]]


async def test_a_later_schema_is_left_alone(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        before = (await connection.execute(text("select version_num from alembic_version"))).scalar_one()
        await connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(NewerSchema, match=f"9999.*centralita history downgrade {before}"):
        await migrate(engine)
    async with engine.begin() as connection:
        await connection.execute(text(f"update alembic_version set version_num = '{before}'"))
    with pytest.raises(ValueError, match="no revision 0000; known are 0001, "):
        await move(engine, "0000")


async def test_only_a_database_that_was_there_may_be_away(tmp_path: Path) -> None:
    """Known by its URL, whatever the password; one of another name is a stranger."""
    url = "postgresql://centralita:{}@127.0.0.1:1/{}"
    assert not Known(url.format("old", "history"), tmp_path)
    Known(url.format("old", "history"), tmp_path).note()
    assert Known(url.format("new", "history"), tmp_path)
    assert not Known(url.format("old", "another"), tmp_path)
    assert "old" not in (tmp_path / "history.database").read_text()
    engine = connect(url.format("old", "history"), tmp_path)
    with pytest.raises(Away, match="Connect call failed"):
        await reach(engine)
    await engine.dispose()


async def test_tables_are_brought_up_by_a_process_beside_us(tmp_path: Path) -> None:
    url = "sqlite:///centralita.db"
    await migrate_apart(url, tmp_path)
    engine = connect(url, tmp_path)
    async with engine.connect() as connection:
        about = await connection.run_sync(standing)
    await engine.dispose()
    assert about.has == about.wanted
    with pytest.raises(Away, match="unable to open database file"):
        await migrate_apart("sqlite:///nowhere/centralita.db", tmp_path)
