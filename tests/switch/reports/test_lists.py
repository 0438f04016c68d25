"""Calls and abandons as they were written, in every format, from both databases."""

import asyncio
import json
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import convert
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.calls.ending import Result
from switch.language import Language
from switch.records import CallRecord
from switch.reports import engine as engine_of_reports
from switch.reports.child import answer
from switch.reports.engine import sheet
from switch.reports.formats import FORMS
from switch.reports.formats.document import Document
from switch.reports.formats.structured import Structured
from switch.reports.formats.writers import WRITERS
from switch.reports.lists import offset
from switch.reports.question import Filters, Format, Name, Question
from switch.reports.request import Done, Failed, Output, Request
from switch.reports.sheet import settle
from tests.switch.history.conftest import *  # noqa: F403 - its fixtures
from tests.switch.reports.history import START, written
from tests.switch.reports.reading import comparable, read

MADRID = ZoneInfo("Europe/Madrid")


def asked(report: Name, hours: float = 24, filters: dict[str, str] | None = None) -> Question:
    return Question(
        report=report,
        start=START,
        end=START + timedelta(hours=hours),
        zone="Europe/Madrid",
        language=Language.EN,
        filters=convert(filters or {}, Filters),
    )


def told(call: CallRecord) -> list[Any]:
    """The row of a call."""
    ended, started = (moment.astimezone(MADRID) for moment in (call.ended_at or START, call.started_at))
    own = [call.direction.value, call.from_, call.to, call.trunk, call.queue, call.agent, call.wait_s]
    own += [call.talk_s, call.hold_s, call.wrap_up_s, call.result, call.reason, call.id]
    return [ended, offset(ended), started, *own]


def gave_up(call: CallRecord) -> list[Any]:
    """The row of who gave up."""
    left = (call.visits[0].left_at or START).astimezone(MADRID)
    return [left, offset(left), call.queue, call.from_, call.to, call.wait_s, call.id]


async def make(url: str, folder: Path, question: Question, *forms: Format) -> list[list[list[Any]]]:
    """The rows of each format, read back."""
    outputs = tuple(Output(form, str(folder / f"{form.value}{FORMS[form].suffix}")) for form in forms)
    done = await answer(Request(question=question, outputs=outputs, database=url, data_dir=str(folder)))
    assert isinstance(done, Done), done
    return [read(output.format, Path(output.path), sheet(question)) for output in outputs]


def url_of(engine: AsyncEngine) -> str:
    url = engine.url
    return (
        "sqlite:///centralita.db"
        if url.get_backend_name() == "sqlite"
        else url.set(drivername="postgresql").render_as_string(hide_password=False)
    )


async def test_calls_are_told_in_every_format(engine: AsyncEngine, tmp_path: Path) -> None:
    calls = await written(engine, tmp_path, 60)
    question = asked(Name.CALLS)
    ordered = sorted(calls, key=lambda call: (call.ended_at, call.id))
    columns = sheet(question).columns
    right = comparable(sheet(question), [settle(columns, told(call)) for call in ordered])
    for rows in await make(url_of(engine), tmp_path, question, *Format):
        assert rows == right


async def test_abandons_and_filters(engine: AsyncEngine, tmp_path: Path) -> None:
    calls, url = await written(engine, tmp_path, 60), url_of(engine)
    gone = [call for call in calls if call.result is Result.ABANDONED]
    columns = sheet(asked(Name.ABANDONS)).columns
    for filters, right in (
        ({}, gone),
        ({"queue": "sales"}, [call for call in gone if call.queue == "sales"]),
        ({"caller": gone[3].from_}, [gone[3]]),
    ):
        question = asked(Name.ABANDONS, filters=filters)
        (rows,) = await make(url, tmp_path, question, Format.JSON)
        wanted = [
            settle(columns, gave_up(call)) for call in sorted(right, key=lambda each: each.ended_at or START)
        ]
        assert rows == comparable(sheet(question), wanted)
        assert rows
    for filters, names in (
        ({"queue": "sales"}, {call.id for call in calls if "sales" in {v.queue for v in call.visits}}),
        ({"agent": "ana"}, {call.id for call in calls if call.agent == "ana"}),
        ({"caller": calls[7].from_}, {calls[7].id}),
    ):
        (rows,) = await make(url, tmp_path, asked(Name.CALLS, filters=filters), Format.CSV)
        assert {row[-1] for row in rows} == names


async def test_what_ended_at_the_end_is_of_the_next_period(engine: AsyncEngine, tmp_path: Path) -> None:
    calls = await written(engine, tmp_path, 12)
    edge = calls[4].ended_at
    assert edge is not None
    hours = (edge - START).total_seconds() / 3600
    (rows,) = await make(url_of(engine), tmp_path, asked(Name.CALLS, hours), Format.JSON)
    assert {row[-1] for row in rows} == {call.id for call in calls if call.ended_at and call.ended_at < edge}


async def test_the_child_says_what_is_wrong(tmp_path: Path) -> None:
    outputs = (Output(Format.CSV, str(tmp_path / "calls.csv")),)
    request = Request(
        question=asked(Name.CALLS), outputs=outputs, database="sqlite:///none.db", data_dir=str(tmp_path)
    )
    failed = await answer(request)
    assert isinstance(failed, Failed)
    assert "no such table" in failed.why


async def test_a_pdf_of_more_than_it_holds_comes_to_nothing(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, and for good."""
    monkeypatch.setattr(engine_of_reports, "WRITERS", {**WRITERS, Format.PDF: partial(Document, most_rows=2)})
    await written(engine, tmp_path, 3)
    outputs = tuple(Output(form, str(tmp_path / form)) for form in (Format.PDF, Format.CSV))
    request = Request(
        question=asked(Name.CALLS), outputs=outputs, database=url_of(engine), data_dir=str(tmp_path)
    )
    failed = await answer(request)
    assert isinstance(failed, Failed)
    assert failed.final
    assert "2 rows at most, and this report has more: ask for xlsx or csv" in failed.why


async def test_the_child_tells_lines(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "switch.reports.child", stdin=-1, stdout=-1, stderr=-1
    )
    out, err = await child.communicate(b"{}")
    assert (child.returncode, out) == (1, b"")
    assert b"missing required field" in err


def test_json_says_what_it_is_of(tmp_path: Path) -> None:
    question = asked(Name.ABANDONS, filters={"queue": "sales"})
    Structured(tmp_path / "a.json", sheet(question)).close()
    body = json.loads((tmp_path / "a.json").read_text())
    assert body["about"]["Queue"] == "sales"
    assert body["rows"] == []
