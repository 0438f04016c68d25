"""Rows of figures: counts by queue, agent and interval, and what the registry's formulas make of them."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from switch.figures import FORMULAS, Counts, Dimension, Interval, Row, Span
from switch.figures.batch import figures
from switch.records import utc
from switch.reports.catalogue import REPORTS, Report
from switch.reports.lists import in_scope, offset
from switch.reports.question import Name, Question
from switch.reports.said import Said
from switch.reports.sheet import Column, Kind, Value

_ALL: Final = Said("All", "Total")
_WEEKDAYS: Final = (
    Said("Monday", "lunes"),
    Said("Tuesday", "martes"),
    Said("Wednesday", "miércoles"),
    Said("Thursday", "jueves"),
    Said("Friday", "viernes"),
    Said("Saturday", "sábado"),
    Said("Sunday", "domingo"),
)
_MICRO: Final = 1_000_000


async def rows(engine: AsyncEngine, question: Question) -> AsyncIterator[tuple[Sequence[Value], float]]:
    """Each row, and which share of the period is behind it."""
    report = REPORTS[question.report]
    if question.report is Name.HOURS:
        async for row in _hours(engine, question, report):
            yield row, 1.0
        return
    whole = Span.of(question.start, question.end)
    async for cell in _counted(engine, question, report.by or (), _interval(question, report)):
        done = (cell.span.end_us - whole.start_us) / (whole.end_us - whole.start_us)
        yield _told(question, report, cell), done
    if report.total:
        async for cell in _counted(engine, question, (), None):
            yield [_ALL.in_(question.language), *_figures(report.columns[1:], cell.counts)], 1.0


def _interval(question: Question, report: Report) -> Interval | None:
    """As asked for, where the report does not say it itself."""
    return Interval(question.interval_min) if report.interval is Interval.HALF else report.interval


async def _counted(
    engine: AsyncEngine, question: Question, by: Sequence[Dimension], interval: Interval | None
) -> AsyncIterator[Row]:
    """Rows by these dimensions, of those alone that filters and scope let through."""
    wanted = _wanted(question)
    asked = [*by, *(dimension for dimension in wanted if dimension not in by)]
    span, zone = Span.of(question.start, question.end), ZoneInfo(question.zone)
    row: Row | None = None
    async for key, at, counts in figures(engine, span, zone, by=asked, interval=interval):
        if not all(key[asked.index(dimension)] in names for dimension, names in wanted.items()):
            continue
        if row is not None and (row.key, row.span) == (key[: len(by)], at):
            row.counts.join(counts)
            continue
        if row is not None:
            yield row
        row = Row(key[: len(by)], at, counts)
    if row is not None:
        yield row


def _wanted(question: Question) -> dict[Dimension, frozenset[str]]:
    """What a row must be of, in each of these dimensions."""
    filters = ((at, getattr(question.filters, at.value, None)) for at in Dimension)
    wanted = {at: frozenset({value}) for at, value in filters if value is not None}
    for at, names in in_scope(question).items():
        wanted[at] = wanted.get(at, names) & names
    return wanted


def _told(question: Question, report: Report, row: Row) -> list[Value]:
    at, values = _start(question, row), list[Value](row.key)
    match report.columns[0].kind:
        case Kind.TIME:
            values = [at, offset(at), *row.key]
        case Kind.DAY:
            values = [at.date(), *row.key]
    return [*values, *_figures(report.columns[len(values) :], row.counts)]


def _start(question: Question, row: Row) -> datetime:
    return utc(row.span.start_us).astimezone(ZoneInfo(question.zone))


def _figures(columns: Sequence[Column], counts: Counts) -> list[Value]:
    return [_figure(column, counts) for column in columns]


def _figure(column: Column, counts: Counts) -> Value:
    if column.formula is not None:
        figure = FORMULAS[column.formula].value(counts)
        return None if figure is None else figure.value
    if column.fact is None:
        raise ValueError(f"column {column.id} counts nothing")
    count = counts[column.fact]
    return count / _MICRO if column.kind is Kind.DURATION else count


async def _hours(engine: AsyncEngine, question: Question, report: Report) -> AsyncIterator[list[Value]]:
    """All weeks together: a hundred and sixty-eight rows at most."""
    cells: dict[tuple[int, int], Counts] = {}
    async for row in _counted(engine, question, (), report.interval):
        at = _start(question, row)
        cell = cells.setdefault((at.weekday(), at.hour), Counts())
        cell += row.counts
    for (weekday, hour), counts in sorted(cells.items(), key=lambda item: item[0]):
        day = _WEEKDAYS[weekday].in_(question.language)
        yield [day, f"{hour:02}:00", *_figures(report.columns[2:], counts)]
