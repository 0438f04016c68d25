"""`python -m switch.figures.seed`: what the database knows of yesterday and today, for a switch that starts.

A `Request` comes in on the standard input as JSON; on the standard output go out lines of it: a `SeedCell`
for each interval and key, and at last a `Seed`.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from switch.children import end_with_parent
from switch.figures.batch import Source, figures
from switch.figures.calendar import Interval, Span
from switch.figures.facts import Dimension, Fact, Stay
from switch.figures.happenings import Visit
from switch.history.database import connect

_NICE: Final = 5
_WRAPPING_US: Final = 3_600_000_000
"""Nobody wraps up for longer."""


class Request(msgspec.Struct, frozen=True):
    """Of which database, which span, in which zone; of calls that ended before `before_us`."""

    url: str
    data_dir: str
    zone: str
    span: Span
    groups: tuple[tuple[Dimension, ...], ...]
    before_us: int


class SeedCell(msgspec.Struct, frozen=True, tag="cell"):
    """What is counted of one key, by these dimensions, in the quarter that starts then."""

    by: tuple[Dimension, ...]
    key: tuple[str, ...]
    start_us: int
    facts: dict[Fact, int]
    waits: dict[int, int]


class Seed(msgspec.Struct, frozen=True, tag="end"):
    """Agents' states at `before_us`, and answered visits whose wrap-up has not ended."""

    states: tuple[Stay, ...]
    wrapping: tuple[Visit, ...]


async def answer(request: Request) -> None:
    """Write all lines. Raises SQLAlchemyError or OSError."""
    engine = connect(request.url, Path(request.data_dir))
    write, encode = sys.stdout.buffer.write, msgspec.json.encode
    zone, before_us = ZoneInfo(request.zone), request.before_us
    try:
        for by in request.groups:
            async for key, span, counts in figures(
                engine,
                request.span,
                zone,
                by=by,
                interval=Interval.QUARTER,
                now_us=before_us,
                before_us=before_us,
            ):
                write(encode(SeedCell(by, key, span.start_us, counts.facts, counts.waits)) + b"\n")
        async with engine.connect() as connection:
            source = Source(connection, "default", before_us)
            states = await source.states_at(before_us)
            wrapping = [visit async for visit in source.wrapping(before_us - _WRAPPING_US)]
        write(encode(Seed(tuple(states), tuple(wrapping))) + b"\n")
        sys.stdout.flush()
    finally:
        await engine.dispose()


if __name__ == "__main__":
    end_with_parent()
    os.nice(_NICE)
    asyncio.run(answer(msgspec.json.decode(sys.stdin.buffer.read(), type=Request)))
