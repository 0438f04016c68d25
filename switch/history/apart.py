"""`python -m switch.history.apart`: a database brought to today's schema beside a switch that runs already.

The migrations are half a second of pure Python: too long for any thread of the switch.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from switch.children import command, end_with_parent, environment
from switch.history.database import Away, connect
from switch.history.schema import NewerSchema, migrate


async def migrate_apart(url: str, data_dir: Path) -> None:
    """As `migrate`. Raises Away, with the reason, where it cannot be done now, and OSError."""
    child = await asyncio.create_subprocess_exec(
        *command(__name__), stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment()
    )
    try:
        why, broken = await child.communicate(msgspec.json.encode((url, str(data_dir))))
    finally:
        if child.returncode is None:
            child.kill()
    if child.returncode != 0:
        raise Away((why or broken).decode(errors="replace").strip().rpartition("\n")[2])


async def _migrate(url: str, data_dir: Path) -> None:
    engine = connect(url, data_dir)
    try:
        await migrate(engine)
    finally:
        await engine.dispose()


def _child() -> None:
    end_with_parent()
    url, data_dir = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[str, str])
    try:
        asyncio.run(_migrate(url, Path(data_dir)))
    except (NewerSchema, SQLAlchemyError, OSError) as error:
        print(" ".join(str(error).split()))  # drivers may have their say on the other
        sys.exit(1)


if __name__ == "__main__":
    _child()
