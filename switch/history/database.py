"""The database: an engine for its URL, and whether it answers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_AWAY = ("08", "53", "57")
"""Classes of SQLSTATE: no connection, no room for one, stopped or starting."""
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


class Away(Exception):
    """The database does not answer, or not yet. It may later."""


class Known:
    """Which database this switch has worked with, in a file: only that one may be away when it starts. One
    that never answered is a mistake in the configuration.
    """

    def __init__(self, url: str, data_dir: Path) -> None:
        self._path = data_dir / "history.database"
        self._print = sha256(make_url(url).set(password=None).render_as_string().encode()).hexdigest()

    def note(self) -> None:
        """It answers. Raises OSError."""
        self._path.write_text(self._print + "\n", encoding="ascii")

    def __bool__(self) -> bool:
        try:
            return self._path.read_text(encoding="ascii").strip() == self._print
        except OSError:
            return False


@contextmanager
def telling_away() -> Iterator[None]:
    """What is asked in here raises Away where the database does not answer."""
    try:
        yield
    except OSError as error:
        raise Away(str(error) or type(error).__name__) from error
    except DBAPIError as error:
        if str(getattr(error.orig, "sqlstate", None) or "")[:2] in _AWAY:
            raise Away(str(error.orig)) from error
        raise


async def reach(engine: AsyncEngine, within_s: float = 10.0) -> None:
    """Connect once. Raises Away, and SQLAlchemyError where it answers that this cannot be."""
    with telling_away():
        try:
            async with asyncio.timeout(within_s), engine.connect():
                return
        except TimeoutError as error:
            raise Away(f"no answer within {within_s:g} s") from error


def _set_up_sqlite(connection: Any, record: object) -> None:
    """Readers beside the writer (WAL), a commit that does not wait for the disk, foreign keys that hold.

    A power cut may take the last commits but never breaks the file (https://sqlite.org/pragma.html#pragma_synchronous).
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
