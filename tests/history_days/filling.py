"""Into a database, by the switch's own writer."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from itertools import islice
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from switch.events.alarms import Alarms
from switch.history.database import connect
from switch.history.entries import Entry
from switch.history.schema import migrate
from switch.history.writer import Writer
from tests.history_days.day import DAYS, entries

_AT_ONCE = 2_000
_PATIENCE_S = 60.0


async def write(writer: Writer, told: Iterable[Entry]) -> int:
    """Put all of it, never more than the writer has room for; how many entries there were."""
    given, source = 0, iter(told)
    while some := list(islice(source, _AT_ONCE)):
        for entry in some:
            writer.put(entry)
        given += len(some)
        assert await writer.flush(_PATIENCE_S), f"{given} entries are not written in {_PATIENCE_S} s"
        await asyncio.sleep(0)
    return given


@asynccontextmanager
async def filled(
    url: str, folder: Path, *, calls: int, days: Sequence[date] = DAYS, seed: int = 1
) -> AsyncIterator[AsyncEngine]:
    """An engine on the database of that URL with these days in it; a SQLite path is relative to `folder`."""
    engine = connect(url, folder)
    await migrate(engine)
    writer = Writer(engine, folder, Alarms(lambda: 0), node="days")
    writer.start()
    given = await write(writer, entries(calls=calls, days=days, seed=seed))
    await writer.close()
    assert writer.counts() == {"written": given, "spooled": 0, "replayed": 0, "refused": 0, "lost": 0}
    try:
        yield engine
    finally:
        await engine.dispose()
