"""Every figure of every report: equal in all formats, in both databases, and to the brute force's."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.figures import Fact, Span
from switch.language import Language
from switch.records import utc
from switch.reports.catalogue import REPORTS
from switch.reports.child import answer
from switch.reports.engine import sheet
from switch.reports.formats import FORMS
from switch.reports.question import Filters, Format, Name, Question
from switch.reports.request import Done, Output, Request
from switch.reports.sheet import Kind
from tests.figures.brute_force import Brute, Row, Tables, intervals, seconds
from tests.figures.rows import tables
from tests.history_days import ZONE, filled
from tests.peers.postgresql import postgresql
from tests.switch.reports.reading import read

CALLS = 60
MANY_CALLS = 1_000
SHORT, LONG = date(2026, 3, 29), date(2026, 10, 25)
"""Days of 23 and 25 hours."""
TABLES = [name for name in Name if name not in (Name.CALLS, Name.ABANDONS)]
ENDS: dict[Fact, tuple[str, ...]] = {
    Fact.ANSWERED: ("answered",),
    Fact.ABANDONED: ("abandoned",),
    Fact.FLOWED_OUT: ("overflowed", "voicemail", "callback"),
}
ROUNDED = {Kind.SECONDS: 0.0501, Kind.SHARE: 0.0000501, Kind.DURATION: 0.501, Kind.COUNT: 0.0}


def asked(report: Name, day: date, **more: Any) -> Question:
    span = Span.days(day, day, ZONE)
    start, end = utc(span.start_us), utc(span.end_us)
    return msgspec.structs.replace(
        Question(report=report, start=start, end=end, zone=ZONE.key, language=Language.EN), **more
    )


@asynccontextmanager
async def centre(database: str, folder: Path, calls: int = CALLS) -> AsyncIterator[tuple[AsyncEngine, str]]:
    """These two days of a made-up centre."""
    with nullcontext("sqlite:///days.db") if database == "sqlite" else postgresql() as url:
        async with filled(url, folder, calls=calls, days=(SHORT, LONG)) as engine:
            yield engine, url


async def make(url: str, folder: Path, question: Question, *forms: Format) -> list[list[list[Any]]]:
    outputs = tuple(Output(form, str(folder / f"{form.value}{FORMS[form].suffix}")) for form in forms)
    done = await answer(Request(question=question, outputs=outputs, database=url, data_dir=str(folder)))
    assert isinstance(done, Done), done
    return [read(output.format, Path(output.path), sheet(question)) for output in outputs]


def counted(brute: Brute, fact: Fact, start: datetime, end: datetime) -> Any:
    """A fact, counted row by row."""

    def within(rows: list[Row], column: str) -> list[Row]:
        return [row for row in rows if row[column] is not None and start <= row[column] < end]

    left = within(brute.visits, "left_at")
    offers = within(brute.offers, "ended_at")
    if fact.value.endswith("_us"):
        state = {"wrapping_us": "wrap_up"}.get(fact.value, fact.value.removesuffix("_us"))
        return brute.in_states(start, end)[state]
    match fact:
        case Fact.OFFERED:
            return len(within(brute.visits, "entered_at"))
        case Fact.WAITING_AT_START | Fact.WAITING_AT_END:
            at = start if fact is Fact.WAITING_AT_START else end
            return sum(v["entered_at"] < at <= v["left_at"] for v in brute.visits)
        case Fact.ANSWERED_WITHIN:
            good = [v for v in left if v["result"] == "answered"]
            return sum(v["left_at"] - v["entered_at"] <= timedelta(seconds=v["within_s"]) for v in good)
        case Fact.ABANDONED_SHORT:
            gone = [v for v in left if v["result"] == "abandoned"]
            return sum(
                v["left_at"] - v["entered_at"] <= timedelta(seconds=v["short_abandon_s"]) for v in gone
            )
        case Fact.ENDED_OTHERWISE:
            known = [result for results in ENDS.values() for result in results]
            return sum(v["result"] not in known for v in left)
        case Fact.OFFERS:
            return len(offers)
        case Fact.OFFERS_UNANSWERED:
            return sum(offer["result"] == "no_answer" for offer in offers)
    return sum(v["result"] in ENDS[fact] for v in left)


def places(question: Question, rows: list[list[Any]]) -> Iterator[tuple[str | None, datetime, datetime]]:
    """Of each row: its queue or agent, and from when to when it is."""
    report, start, end = question.report, question.start, question.end
    halves = intervals(start, end, question.zone, question.interval_min)
    spans = {
        (f"{a.astimezone(ZONE):%Y-%m-%d %H:%M:%S}", a.astimezone(ZONE).strftime("%z")): (a, b)
        for a, b in halves
    }
    hours = defaultdict(list)
    for a, b in intervals(start, end, question.zone, 60):
        hours[f"{a.astimezone(ZONE):%H}:00"].append((a, b))
    for row in rows:
        match report:
            case Name.INTERVALS:
                yield row[2], *spans[row[0], row[1].replace(":", "")]
            case Name.HOURS:
                yield None, hours[row[1]][0][0], hours[row[1]][-1][1]
            case Name.DAYS:
                yield row[1], start, end
            case _:
                yield None if row[0] == "All" else row[0], start, end


def compare(kept: Tables, question: Question, rows: list[list[Any]]) -> int:
    """How many figures are those of the brute force."""
    dimension = "agent" if question.report is Name.AGENTS else "queue"
    brutes: dict[str | None, Brute] = {}
    compared = 0
    for (key, start, end), row in zip(places(question, rows), rows, strict=True):
        if key not in brutes:
            brutes[key] = Brute(kept, dimension if key else None, key)
        right = brutes[key].figures(start, end)
        for column, value in zip(REPORTS[question.report].columns, row, strict=True):
            if column.fact is None and column.formula is None:
                continue
            if column.formula is not None:
                wanted: Any = right[column.formula]
            else:
                wanted = counted(brutes[key], column.fact or Fact.OFFERED, start, end)
            if wanted is None or value is None:
                assert value is wanted, (row, column.id)
            else:
                assert value == pytest.approx(float(wanted), abs=ROUNDED[column.kind]), (row, column.id)
            compared += 1
    return compared


def pauses(kept: Tables, start: datetime, end: datetime) -> list[list[Any]]:
    """By agent and reason."""
    cells: dict[tuple[str, str], list[Any]] = {}
    for agent in {row["agent"] for row in kept.states}:
        his = sorted((row for row in kept.states if row["agent"] == agent), key=lambda row: row["since"])
        for row, following in zip(his, [*his[1:], None], strict=True):
            until = end if following is None else min(following["since"], end)
            if row["state"] != "paused" or until <= max(row["since"], start):
                continue
            cell = cells.setdefault((agent, row["reason"] or ""), [0, Fraction(0)])
            cell[0] += start <= row["since"]
            cell[1] += seconds(until - max(row["since"], start))
    rounded = ROUNDED[Kind.SECONDS]
    return [
        [*key, count, round(float(took)), pytest.approx(float(took / count), abs=rounded) if count else None]
        for key, (count, took) in sorted(cells.items())
    ]


def proved(kept: Tables, question: Question, rows: list[list[Any]]) -> int:
    """How many figures there are, all of them the brute force's."""
    if question.report is not Name.PAUSES:
        return compare(kept, question, rows)
    assert rows == pauses(kept, question.start, question.end)
    return sum(len(row) for row in rows)


@pytest.mark.timeout(180)
async def test_every_format_has_the_figures_of_the_brute_force(tmp_path: Path) -> None:
    kept_rows = []
    for database in ("sqlite", "postgresql"):
        async with centre(database, tmp_path) as (engine, url):
            kept, all_rows = await tables(engine), []
            for report in TABLES:
                question = asked(report, LONG)
                forms = Format if database == "sqlite" else (Format.JSON,)
                rows, *others = await make(url, tmp_path, question, Format.JSON, *forms)
                assert rows
                for form, other in zip(forms, others, strict=True):
                    assert other == rows, (report, form)
                all_rows.append(rows)
                if database == "sqlite":
                    assert proved(kept, question, rows) > 20
            if database == "sqlite":
                for report in (Name.INTERVALS, Name.HOURS, Name.AGENTS):
                    question = asked(report, SHORT, interval_min=15)
                    (rows,) = await make(url, tmp_path, question, Format.JSON)
                    assert proved(kept, question, rows) > 20
            kept_rows.append(all_rows)
    assert kept_rows[0] == kept_rows[1]


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_by_every_interval_in_both_databases(tmp_path: Path, database: str) -> None:
    compared = 0
    async with centre(database, tmp_path, MANY_CALLS) as (engine, url):
        kept = await tables(engine)
        for day in (SHORT, LONG):
            for report in TABLES:
                for minutes in (15, 30, 60) if report is Name.INTERVALS else (30,):
                    question = asked(report, day, interval_min=minutes)
                    (rows,) = await make(url, tmp_path, question, Format.JSON)
                    compared += proved(kept, question, rows)
    print(f"\n{compared} figures")
    assert compared > 10_000


@pytest.mark.timeout(120)
async def test_a_figure_leads_to_its_calls(tmp_path: Path) -> None:
    async with centre("sqlite", tmp_path) as (_, url):
        (queues,) = await make(url, tmp_path, asked(Name.QUEUES, LONG), Format.JSON)
        titles = [column.id for column in REPORTS[Name.QUEUES].columns]
        for fact in (Fact.ANSWERED_WITHIN, Fact.ABANDONED, Fact.OFFERED):
            for row in queues[:-1]:
                only = Filters(queue=row[0], fact=fact)
                (calls,) = await make(url, tmp_path, asked(Name.CALLS, LONG, filters=only), Format.JSON)
                assert len(calls) == row[titles.index(fact.value)]
        assert sum(row[titles.index("offered")] for row in queues[:-1]) == queues[-1][titles.index("offered")]
        (one,) = await make(
            url, tmp_path, asked(Name.QUEUES, LONG, filters=Filters(queue=queues[0][0])), Format.JSON
        )
        assert [row[1:] for row in one] == [queues[0][1:]] * 2
