"""Figures from the database equal the brute force's: on days of 23 and 25 hours, in both databases."""

import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.figures import Dimension, Fact, Interval, Span, total
from switch.figures.batch import counted_calls, figures
from tests.figures.comparing import compare, told
from tests.figures.rows import tables
from tests.history_days import DAYS, ZONE, filled
from tests.peers.postgresql import postgresql

DAYS_SPANS = [Span.days(day, day, ZONE) for day in DAYS]


@asynccontextmanager
async def days(calls: int, folder: Path, name: str) -> AsyncIterator[AsyncEngine]:
    if name == "sqlite":
        async with filled("sqlite:///days.db", folder, calls=calls) as engine:
            yield engine
    else:
        with postgresql() as url:
            async with filled(url, folder, calls=calls) as engine:
                yield engine


async def all_days(engine: AsyncEngine, interval: Interval) -> int:
    kept = await tables(engine)
    return sum([await compare(engine, kept, span, ZONE, interval) for span in DAYS_SPANS])


@pytest.mark.timeout(60)
async def test_every_figure_is_that_of_the_brute_force(tmp_path: Path) -> None:
    async with days(200, tmp_path, "sqlite") as engine:
        compared = await all_days(engine, Interval.DAY)
        assert compared > 500


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("interval", Interval)
async def test_in_both_databases_by_every_interval(tmp_path: Path, database: str, interval: Interval) -> None:
    async with days(600, tmp_path, database) as engine:
        print(f"\n{await all_days(engine, interval)} figures")


@pytest.mark.timeout(60)
async def test_behind_a_number_are_the_calls_that_it_counts(tmp_path: Path) -> None:
    async with days(200, tmp_path, "sqlite") as engine:
        span = Span(DAYS_SPANS[0].start_us, DAYS_SPANS[-1].end_us)
        rows = await told(engine, span, ZONE, (Dimension.QUEUE,))
        assert len(rows) > 3
        for row in rows:
            where = {Dimension.QUEUE: row.key[0]}
            for fact in (Fact.OFFERED, Fact.ANSWERED_WITHIN, Fact.ABANDONED, Fact.OFFERS_UNANSWERED):
                found = [call async for call in counted_calls(engine, span, fact, where)]
                assert len(found) == row.counts[fact]


@pytest.mark.timeout(60)
async def test_neighbouring_intervals_add_up_to_the_whole(tmp_path: Path) -> None:
    async with days(200, tmp_path, "sqlite") as engine:
        for span in DAYS_SPANS:
            whole = {row.key: row.counts for row in await told(engine, span, ZONE, (Dimension.QUEUE,))}
            parts = await told(engine, span, ZONE, (Dimension.QUEUE,), Interval.QUARTER)
            for key, counts in whole.items():
                added = total(row.counts for row in parts if row.key == key)
                assert (+added.facts, added.waits) == (+counts.facts, counts.waits)


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_memory_stays_flat_over_many_calls(tmp_path: Path) -> None:
    """Many days, many calls: what is held at a time is a day."""
    many = [date(2026, 1, 1) + timedelta(days=n) for n in range(30)]
    async with filled("sqlite:///days.db", tmp_path, calls=50_000, days=many) as engine:
        tracemalloc.start()
        began = time.monotonic()
        rows = 0
        asked = figures(
            engine, Span.days(many[0], many[-1], ZONE), ZONE, by=(Dimension.QUEUE,), interval=Interval.QUARTER
        )
        peaks = []
        async for _ in asked:
            rows += 1
            if rows % 2000 == 0:
                peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
        tracemalloc.stop()
        print(
            f"\n{rows} rows of 50,000 calls in {time.monotonic() - began:.1f} s, at most {peaks[-1]:.1f} MB"
        )
        assert peaks[-1] < 40
