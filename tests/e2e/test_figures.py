"""Figures of a running switch under load equal those that its database tells, also after kill -9."""

import asyncio
import csv
import io
import time
from contextlib import AsyncExitStack
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from switch.figures import FORMULAS, Counts, Dimension, Fact, Interval, Span
from switch.figures.batch import figures
from switch.figures.calendar import day_of
from switch.figures.facts import STATE_FACTS
from switch.history.database import connect
from tests.e2e.centre import Tell
from tests.e2e.four_queues import NUMBERS, four_queues, staffed
from tests.e2e.test_trace import centralita
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

ZONE = ZoneInfo("Europe/Madrid")
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "answered": ("caller_hangs_up", {"talk_ms": 1000}),
    "unanswered": ("caller_hangs_up", {"talk_ms": 1500}),
    "rejected": ("caller_hangs_up", {"talk_ms": 1500}),
    "empty": ("callee_hangs_up", {}),
}
"""By queue: who hangs up, and when."""
Told = dict[str, dict[str, int]]


def _events(counts: dict[str, int] | Counts) -> dict[str, int]:
    """Without what passes while nothing happens, and so is another at each look."""
    facts = counts.facts if isinstance(counts, Counts) else counts
    return {str(fact): count for fact, count in facts.items() if count and fact not in STATE_FACTS.values()}


async def of_switch(switch: Switch, by: Dimension | None) -> Told:
    """Counts by key, as the API has them."""
    rows = await switch.items("/api/v1/figures" + ("" if by is None else f"?by={by}"))
    assert all(row["whole"] for row in rows)
    return {row["key"] or "": told for row in rows if (told := _events(row["counts"]))}


async def rows(switch: Switch, by: Dimension | None, now_us: int) -> dict[str, Counts]:
    """Of the database, by key, as if it were that moment."""
    engine = connect(f"sqlite:///{switch.data_dir}/centralita.db", switch.data_dir)
    day, group = day_of(now_us, ZONE), () if by is None else (by,)
    asked = figures(engine, Span.days(day, day, ZONE), ZONE, by=group, interval=Interval.DAY, now_us=now_us)
    told = {key[0] if key else "": counts async for key, _, counts in asked}
    await engine.dispose()
    return told


async def of_database(switch: Switch, by: Dimension | None) -> Told:
    """The same, as the database has them."""
    told = {key: _events(counts) for key, counts in (await rows(switch, by, time.time_ns() // 1000)).items()}
    return {key: counts for key, counts in told.items() if counts}


async def seconds_agree(switch: Switch) -> bool:
    """Each agent was in each state for as long as the database says, before the switch is asked and after."""
    before = await rows(switch, Dimension.AGENT, time.time_ns() // 1000)
    told = await switch.items("/api/v1/figures?by=agent")
    after = await rows(switch, Dimension.AGENT, time.time_ns() // 1000)
    return len(told) == len(before) and all(
        before[row["key"]][fact] <= row["counts"].get(fact, 0) <= after[row["key"]][fact]
        for row in told
        for fact in STATE_FACTS.values()
    )


async def percentiles_agree(switch: Switch) -> None:
    """Of every queue's waits."""
    kept = await rows(switch, Dimension.QUEUE, time.time_ns() // 1000)
    for row in await switch.items("/api/v1/figures?by=queue"):
        for id in ("speed_of_answer.p50", "speed_of_answer.p90"):
            right, told = FORMULAS[id].value(kept[row["key"]]), row["figures"][id]
            assert (None if right is None else right.value) == (told and told["value"]), row


async def all_of(switch: Switch, ask: object) -> dict[Dimension | None, Told]:
    assert callable(ask)
    return {by: await ask(switch, by) for by in (None, *Dimension)}


async def whole(switch: Switch) -> bool:
    """Whether the database has told what was before the start."""
    return all(row["whole"] for row in await switch.items("/api/v1/figures"))


async def load(stack: AsyncExitStack, switch: Switch, calls: int) -> list[Sipp]:
    """So many callers to each queue, four a second."""
    return [
        await stack.enter_async_context(
            Sipp.running(
                scenario,
                target=switch.sip,
                number=NUMBERS[kind],
                calls=calls,
                rate=4,
                **talk_ms,
            )
        )
        for kind, (scenario, talk_ms) in KINDS.items()
    ]


async def agree(switch: Switch) -> dict[Dimension | None, Told]:
    """Once nobody calls and all is booked, both tell the same by each dimension."""
    await switch.until(lambda: switch.items("/api/v1/calls?state=active"), lambda calls: not calls, 30.0)
    await switch.until(lambda: whole(switch), bool, 30.0)
    await switch.until(
        lambda: asyncio.gather(all_of(switch, of_switch), all_of(switch, of_database)),
        lambda both: both[0] == both[1],
        20.0,
    )
    await switch.until(lambda: seconds_agree(switch), bool, 30.0)
    await percentiles_agree(switch)
    return await all_of(switch, of_database)


async def shown_alike(switch: Switch) -> None:
    """`queue show` has today's figures as the API tells them."""
    told = {row["key"]: row["figures"] for row in await switch.items("/api/v1/figures?by=queue")}
    for row in csv.DictReader(io.StringIO((await centralita(switch, "queue", "show", "--csv")).decode())):
        for title, id, form in (("asa", "speed_of_answer", ".1f"), ("abandon", "abandon_rate", ".0%")):
            figure = told[row["queue"]][id]
            assert row[title] == ("" if figure is None else format(figure["value"], form)), row


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_stream_and_database_agree_under_load_and_after_a_crash(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**four_queues()))
        tell_on_failure("switch", switch.log)
        await staffed(stack, switch)
        callers = await load(stack, switch, 6)
        for each in callers:
            assert (await each.finished(60.0)).failed == 0
        first = await agree(switch)
        await shown_alike(switch)
        assert first[None][""][Fact.OFFERED] == 6 * len(KINDS)
        assert first[None][""][Fact.ANSWERED] > 0
        assert first[None][""][Fact.OFFERS_UNANSWERED] > 0
        callers = await load(stack, switch, 40)
        await switch.until(
            lambda: of_switch(switch, None), lambda told: told[""][Fact.OFFERED] > 6 * len(KINDS) + 20, 30.0
        )
        await switch.kill()
        await switch.start()
        second = await agree(switch)
        print(second[None])
        assert second[None][""][Fact.OFFERED] > first[None][""][Fact.OFFERED]
