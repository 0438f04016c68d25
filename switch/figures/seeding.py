"""Asks the child process what the database knows, and hands it to the live figures a little at a time."""

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from switch.children import command, environment
from switch.figures.live import GROUPS, Live
from switch.figures.seed import Request, Seed, SeedCell
from switch.records import utc

_LINE_BYTES: Final = 1 << 24
_CELLS_AT_ONCE: Final = 50
_RETRY_S: Final = (1.0, 60.0)


class CannotSeed(Exception):
    """The child did not answer."""


async def seed(
    live: Live, url: str, data_dir: Path, goes_back: Callable[[datetime], Awaitable[bool]]
) -> None:
    """Until it is done; a database that does not answer is asked again. One that `goes_back` no further than
    the switch itself needs no child to say so.
    """
    request = Request(url, str(data_dir), live.zone.key, live.span, GROUPS, live.since_us)
    retry_s, log = _RETRY_S[0], structlog.get_logger("figures")
    while not live.seeded:
        try:
            if await goes_back(utc(live.since_us)):
                await _ask(live, msgspec.json.encode(request))
            else:
                live.seeded_with(Seed((), ()))
        except (OSError, ValueError, SQLAlchemyError, CannotSeed, msgspec.MsgspecError) as error:
            log.warning("today's figures are not whole: the database does not tell", error=str(error))
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, _RETRY_S[1])


async def _ask(live: Live, request: bytes) -> None:
    child = await asyncio.create_subprocess_exec(
        *command("switch.figures.seed"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=_LINE_BYTES,
        env=environment(),
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    said = asyncio.create_task(child.stderr.read())
    try:
        child.stdin.write(request)
        child.stdin.close()
        cells, last = [], None
        read = msgspec.json.Decoder(SeedCell | Seed).decode
        async for line in child.stdout:
            part = read(line)
            if isinstance(part, SeedCell):
                cells.append(part)
            else:
                last = part
        await child.wait()
        if last is None:
            raise CannotSeed((await said).decode(errors="replace").strip().rpartition("\n")[2])
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
        await said
    for n, cell in enumerate(cells):
        live.seed(cell)
        if n % _CELLS_AT_ONCE == _CELLS_AT_ONCE - 1:
            await asyncio.sleep(0)
    live.seeded_with(last)
