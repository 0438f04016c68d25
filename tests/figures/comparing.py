"""What the database's figures are, beside what the brute force makes of the same rows."""

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.figures import FORMULAS, Dimension, Fact, Interval, Row, Span
from switch.figures.batch import figures
from switch.figures.cells import LEAVES
from switch.figures.facts import STATE_FACTS
from switch.records import to_us, utc
from tests.figures.brute_force import Brute, Tables, intervals


def values(row: Row) -> dict[str, float | None]:
    """Of all formulas."""
    figured = {id: formula.value(row.counts) for id, formula in FORMULAS.items()}
    return {id: None if figure is None else figure.value for id, figure in figured.items()}


async def told(
    engine: AsyncEngine,
    span: Span,
    zone: ZoneInfo,
    by: Sequence[Dimension] = (),
    interval: Interval | None = None,
    now_us: int | None = None,
) -> list[Row]:
    """All rows."""
    return [row async for row in figures(engine, span, zone, by=by, interval=interval, now_us=now_us)]


async def compare(engine: AsyncEngine, kept: Tables, span: Span, zone: ZoneInfo, interval: Interval) -> int:
    """By each dimension and for everybody; how many figures were equal that say something."""
    compared = 0
    expected = intervals(utc(span.start_us), utc(span.end_us), zone.key, interval)
    for dimension in (None, *Dimension):
        rows = await told(engine, span, zone, () if dimension is None else (dimension,), interval)
        assert {row.span for row in rows} <= {Span.of(*each) for each in expected}
        brutes: dict[tuple[str, ...], Brute] = {}
        for row in rows:
            if row.key not in brutes:
                key = row.key[0] if row.key else None
                brutes[row.key] = Brute(kept, None if dimension is None else dimension.value, key)
            compared += _row(row, dimension, brutes[row.key])
            if dimension is Dimension.AGENT:
                in_one_state(row, kept.states)
    return compared


def _row(row: Row, dimension: Dimension | None, brute: Brute) -> int:
    at = utc(row.span.start_us), utc(row.span.end_us)
    right, ours = brute.figures(*at), values(row)
    # A formula is told by what it says it may be told by; the others have no rows, or part of them.
    here = {id: value for id, value in ours.items() if dimension is None or dimension in FORMULAS[id].by}
    assert here == pytest.approx({id: right[id] for id in here}, abs=1e-9), (row.key, at)
    if dimension is not Dimension.AGENT:
        came, went = brute.law(*at)
        left = sum(row.counts[fact] for fact in LEAVES)
        assert row.counts[Fact.OFFERED] + row.counts[Fact.WAITING_AT_START] == came
        assert left + row.counts[Fact.WAITING_AT_END] == went == came
    return sum(value is not None for value in here.values())


def in_one_state(row: Row, states: Iterable[dict[str, Any]]) -> None:
    """Every second since the agent was first known is in exactly one state."""
    end_us = row.span.end_us
    known_us = min((to_us(each["since"]) for each in states if each["agent"] == row.key[0]), default=end_us)
    seconds_us = sum(row.counts[fact] for fact in STATE_FACTS.values())
    assert seconds_us == max(0, end_us - max(row.span.start_us, known_us)), row
