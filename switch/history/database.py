"""The database: an engine for its URL, brought to today's schema."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

MIGRATIONS = Path(__file__).parent / "migrations"
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def connect(url: str, data_dir: Path) -> AsyncEngine:
    """An engine that has opened nothing yet. A SQLite path is relative to `data_dir`. Raises ValueError."""
    parsed = make_url(url)
    if parsed.drivername not in _DRIVERS:
        raise ValueError(f"no database that we know: {parsed.drivername}")
    parsed = parsed.set(drivername=_DRIVERS[parsed.drivername])
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(parsed, pool_pre_ping=True)
    engine = create_async_engine(parsed.set(database=str((data_dir / (parsed.database or "")).absolute())))
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    return engine


async def migrate(engine: AsyncEngine) -> None:
    """Run the migrations that the database has not had."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _set_up_sqlite(connection: Any, record: object) -> None:
    """Readers beside the writer (WAL), a commit that does not wait for the disk, foreign keys that hold.

    A power cut may take the last commits but never breaks the file (https://sqlite.org/pragma.html#pragma_synchronous).
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
