"""Figures from the database equal the brute force's: on days of 23 and 25 hours, in both databases."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.figures import FORMULAS, Dimension, Fact, Interval, Row, Span, figures
from switch.records import utc
from tests.figures.brute_force import Brute, Tables, intervals
from tests.figures.rows import tables
from tests.history_days import DAYS, ZONE, filled
from tests.peers.postgresql import postgresql

CALLS = 600
DAYS_SPANS = [Span.days(day, day, ZONE) for day in DAYS]


def values(row: Row) -> dict[str, float | None]:
    figured = {id: formula.value(row.counts) for id, formula in FORMULAS.items()}
    return {id: None if figure is None else figure.value for id, figure in figured.items()}


async def told(
    engine: AsyncEngine, span: Span, by: Sequence[Dimension] = (), interval: Interval | None = None
) -> list[Row]:
    return [row async for row in figures(engine, span, ZONE, by=by, interval=interval)]


@asynccontextmanager
async def days(calls: int, folder: Path, name: str) -> AsyncIterator[AsyncEngine]:
    if name == "sqlite":
        async with filled("sqlite:///days.db", folder, calls=calls) as engine:
            yield engine
    else:
        with postgresql() as url:
            async with filled(url, folder, calls=calls) as engine:
                yield engine


async def compare(engine: AsyncEngine, kept: Tables, span: Span, interval: Interval) -> int:
    """By each dimension and for everybody; how many figures were equal that say something."""
    compared = 0
    start, end = utc(span.start_us), utc(span.end_us)
    expected = intervals(start, end, ZONE.key, interval)
    for dimension in (None, *Dimension):
        by = () if dimension is None else (dimension,)
        rows = await told(engine, span, by, interval)
        assert {row.span for row in rows} <= {Span.of(*each) for each in expected}
        brutes: dict[tuple[str, ...], Brute] = {}
        for row in rows:
            if row.key not in brutes:
                key = row.key[0] if row.key else None
                brutes[row.key] = Brute(kept, None if dimension is None else dimension.value, key)
            at = utc(row.span.start_us), utc(row.span.end_us)
            brute = brutes[row.key].figures(*at)
            ours = values(row)
            # A formula is told by what it says it may be told by; the others have no rows, or part of them.
            here = {
                id: value for id, value in ours.items() if dimension is None or dimension in FORMULAS[id].by
            }
            assert here == pytest.approx({id: brute[id] for id in here}, abs=1e-9), (row.key, at)
            compared += sum(value is not None for value in here.values())
            if dimension is not Dimension.AGENT:
                left = sum(
                    row.counts[fact]
                    for fact in (Fact.ANSWERED, Fact.ABANDONED, Fact.FLOWED_OUT, Fact.ENDED_OTHERWISE)
                )
                came, went = brutes[row.key].law(*at)
                assert row.counts[Fact.OFFERED] + row.counts[Fact.WAITING_AT_START] == came
                assert left + row.counts[Fact.WAITING_AT_END] == went == came
    return compared


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_every_figure_is_that_of_the_brute_force(tmp_path: Path, database: str) -> None:
    async with days(CALLS, tmp_path, database) as engine:
        kept = await tables(engine)
        compared = 0
        for span in DAYS_SPANS:
            compared += await compare(engine, kept, span, Interval.DAY)
        print(f"{compared} figures")
        assert compared > 500
