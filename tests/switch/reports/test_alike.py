"""The same 50,000 calls in both databases: every report is the same, to the octet, in every format, keeps the
law of conservation, and has the figures of the brute force."""

import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from switch.figures import Fact, Span
from switch.figures.cells import LEAVES
from switch.history.database import connect
from switch.language import Language
from switch.records import utc
from switch.reports.catalogue import REPORTS
from switch.reports.engine import sheet
from switch.reports.formats import FORMS
from switch.reports.question import Format, Name, Question
from switch.reports.request import Output, Request
from tests.figures.rows import tables
from tests.history_days import ZONE, filled
from tests.peers.postgresql import postgresql
from tests.switch.reports.children import Made, made
from tests.switch.reports.reading import read
from tests.switch.reports.test_tables import proved

CALLS = 50_000
WEEKS = [first + timedelta(days=n) for first in (date(2026, 3, 23), date(2026, 10, 19)) for n in range(14)]
"""Two fortnights: a day of each has 23 hours and 25."""
FOR_PROGRAMS = (Format.JSON, Format.CSV, Format.XLSX)
FOR_PEOPLE = (Format.TABLE, Format.CSV_ES, Format.PDF)
MOST_MB = 200
MOST_MB_OF_A_PDF = 400


def asked(report: Name) -> Question:
    span = Span.days(WEEKS[0], WEEKS[-1], ZONE)
    start, end = utc(span.start_us), utc(span.end_us)
    language = Language.EN
    return Question(report=report, start=start, end=end, zone=ZONE.key, language=language, interval_min=15)


@asynccontextmanager
async def centres(folder: Path) -> AsyncIterator[dict[str, str]]:
    """The databases' URLs, by name."""
    with postgresql() as url:
        urls = {"sqlite": "sqlite:///days.db", "postgresql": url}
        for each in urls.values():
            async with filled(each, folder, calls=CALLS, days=WEEKS):
                pass
        yield urls


def file(folder: Path, name: str, form: Format) -> Path:
    """A report of that database."""
    return folder / f"{name}.{form.value}{FORMS[form].suffix}"


async def make(folder: Path, report: Name, forms: tuple[Format, ...], name: str, url: str) -> Made:
    """All these formats, by one child."""
    outputs = tuple(Output(form, str(file(folder, name, form))) for form in forms)
    return await made(Request(question=asked(report), outputs=outputs, database=url, data_dir=str(folder)))


def octets(path: Path) -> dict[str, bytes]:
    """Of a file, or of each file of a workbook but the one that says when it was made."""
    if path.suffix != ".xlsx":
        return {"": path.read_bytes()}
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist() if name != "docProps/core.xml"}


def conserved(report: Name, rows: list[list[Any]]) -> None:
    """In every row, offered + waiting at the start is what left in any way + waiting at the end."""
    titles = [column.id for column in REPORTS[report].columns]
    came = [titles.index(fact) for fact in (Fact.WAITING_AT_START, Fact.OFFERED)]
    went = [titles.index(fact) for fact in (*LEAVES, Fact.WAITING_AT_END)]
    for row in rows:
        assert sum(row[i] for i in came) == sum(row[i] for i in went), row


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_both_databases_tell_the_same(tmp_path: Path) -> None:
    async with centres(tmp_path) as urls:
        engine = connect(urls["sqlite"], tmp_path)
        kept = await tables(engine)
        await engine.dispose()
        for report in Name:
            for forms, most_mb in ((FOR_PROGRAMS, MOST_MB), (FOR_PEOPLE, MOST_MB_OF_A_PDF)):
                of = {name: await make(tmp_path, report, forms, name, url) for name, url in urls.items()}
                print(f"\n{report.value} {'+'.join(forms)}: {', '.join(f'{k} {v}' for k, v in of.items())}")
                assert of["sqlite"].rows == of["postgresql"].rows > 0
                assert max(each.most_mb for each in of.values()) < most_mb
                for form in forms:
                    one, other = (octets(file(tmp_path, name, form)) for name in urls)
                    assert one == other, (report, form)
            told = [read(form, file(tmp_path, "sqlite", form), sheet(asked(report))) for form in FOR_PROGRAMS]
            assert told[0] == told[1] == told[2]
            if report in (Name.QUEUES, Name.INTERVALS):
                conserved(report, told[0])
            if report in (Name.QUEUES, Name.AGENTS):
                assert proved(kept, asked(report), told[0]) > 20
