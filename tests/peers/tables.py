"""Today's tables, empty, in SQLite: made once for each process, since migrations take a fifth of a second."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from switch.history.database import connect
from switch.history.schema import migrate

NAME = "centralita.db"
URL = f"sqlite:///{NAME}"


def share_tables(folder: Path) -> None:
    """Puts the database of URL there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(_made())


@cache
def _made() -> bytes:
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(1) as elsewhere:  # here a loop may run
        elsewhere.submit(asyncio.run, _make(Path(name))).result()
        return (Path(name) / NAME).read_bytes()


async def _make(folder: Path) -> None:
    engine = connect(URL, folder)
    await migrate(engine)
    await engine.dispose()
