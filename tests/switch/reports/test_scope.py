"""Reports for who has a scope: what is of his queues and agents, and nothing of anybody else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.figures import Fact
from switch.language import Language
from switch.reports.engine import sheet
from switch.reports.question import Filters, Format, Name, Question, Scope
from switch.reports.sheet import Kind
from tests.switch.history.conftest import *  # noqa: F403 - its fixtures
from tests.switch.reports.history import written
from tests.switch.reports.test_lists import asked, make, url_of
from tests.switch.reports.test_tables import SHORT, centre
from tests.switch.reports.test_tables import asked as of_day
from tests.switch.reports.test_tables import make as made

BY_QUEUE = (Name.QUEUES, Name.INTERVALS, Name.DAYS, Name.HOURS)
BY_AGENT = (Name.AGENTS, Name.PAUSES)


async def rows(url: str, folder: Path, question: Question, *forms: Format) -> list[list[Any]]:
    """Alike in all forms."""
    first, *others = await made(url, folder, question, *(forms or (Format.JSON,)))
    assert all(each == first for each in others)
    return first


def column(question: Question, name: str) -> int:
    return [each.id for each in question_columns(question)].index(name)


def question_columns(question: Question) -> Sequence[Any]:
    return sheet(question).columns


async def of_each(url: str, folder: Path, question: Question, names: Sequence[str], key: str) -> list[Any]:
    """What it tells of each by himself, asked without a scope."""
    return [
        row
        for name in names
        for row in await rows(url, folder, replace(question, filters=convert({key: name}, Filters)))
    ]


async def test_figures_are_of_those_in_the_scope_and_their_sums(tmp_path: Path) -> None:
    async with centre("sqlite", tmp_path) as (_, url):
        for key, reports in (("queue", BY_QUEUE), ("agent", BY_AGENT)):
            whole = await rows(url, tmp_path, of_day(reports[0], SHORT))
            *everybody, _ = sorted({row[0] for row in whole} - {"All"})
            assert len(everybody) >= 2
            two = everybody[:2]
            scope = Scope(queues=tuple(two)) if key == "queue" else Scope(agents=tuple(two))
            for report in reports:
                question = of_day(report, SHORT)
                seen = await rows(url, tmp_path, replace(question, scope=scope), Format.JSON, Format.CSV)
                each = await of_each(url, tmp_path, question, two, key)
                compare(question, seen, each, key)


def compare(question: Question, seen: list[list[Any]], each: list[list[Any]], key: str) -> None:
    """Row by row where a row is of one of them; where it is of both, what is counted adds up."""
    columns = question_columns(question)
    if key in [one.id for one in columns]:
        at = column(question, key)
        own = [row for row in seen if row[at] != "All"]
        assert own
        assert sorted(own, key=str) == sorted((row for row in each if row[at] != "All"), key=str)
        seen, each = ([row for row in some if row[at] == "All"] for some in (seen, each))
    for place, one in enumerate(columns):
        if one.kind is Kind.COUNT:
            assert sum(row[place] for row in seen) == sum(row[place] for row in each), one.id


async def test_calls_and_abandons_are_of_those_in_the_scope(engine: AsyncEngine, tmp_path: Path) -> None:
    calls, url = await written(engine, tmp_path, 30), url_of(engine)

    async def ids(report: Name, scope: Scope | None, **filters: str) -> set[str]:
        question = replace(asked(report, filters=filters), scope=scope)
        (found,) = await make(url, tmp_path, question, Format.JSON)
        assert len(found) == len({row[-1] for row in found})
        return {row[-1] for row in found}

    sales = {call.id for call in calls if call.visits[0].queue == "sales"}
    anas = {call.id for call in calls if call.agent == "ana"}
    gone = {call.id for call in calls if call.agent is None}
    assert sales
    assert anas
    both = Scope(queues=("sales",), agents=("ana",))
    assert await ids(Name.CALLS, Scope(queues=("sales",))) == sales
    assert await ids(Name.CALLS, Scope(agents=("ana",))) == anas
    assert await ids(Name.CALLS, both) == sales | anas
    assert await ids(Name.CALLS, both, queue="support") == anas
    assert await ids(Name.CALLS, Scope(agents=("luis",))) == set()
    assert await ids(Name.CALLS, Scope(queues=("sales",)), fact=Fact.ABANDONED) == sales & gone
    assert await ids(Name.CALLS, Scope(agents=("ana",)), fact=Fact.ANSWERED) == anas
    assert await ids(Name.CALLS, Scope(agents=("ana",)), fact=Fact.OFFERED) == set()
    assert await ids(Name.ABANDONS, Scope(queues=("sales",))) == sales & gone
    assert await ids(Name.ABANDONS, None) == gone


@pytest.mark.parametrize(("language", "said"), [(Language.EN, "Agent"), (Language.ES, "Agente")])
async def test_it_says_of_whom_it_is(language: Language, said: str) -> None:
    question = replace(asked(Name.CALLS), scope=Scope(agents=("luis", "ana")), language=language)
    (label, value), *_ = [line for line in sheet(question).lines if said in line[0]]
    assert label in ("Only of what this token sees: Agent", "Solo lo que ve este token: Agente")
    assert value == "ana, luis"
