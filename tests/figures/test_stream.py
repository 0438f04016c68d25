"""What a running switch counts as it happens is what its database tells: every count, percentile and second,
by each dimension, and across a restart in the middle of the day."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.events.alarms import Alarms
from switch.figures import FORMULAS, Counts, Fact, Interval, Span, happenings
from switch.figures.happenings import Visit
from switch.figures.live import GROUPS, Live
from switch.figures.seeding import seed
from switch.history.database import connect
from switch.history.entries import AgentChanged, CallEnded, Entry, OfferEnded
from switch.history.reader import Reader
from switch.history.schema import migrate
from switch.history.writer import Writer
from switch.records import to_us
from tests.figures.comparing import told
from tests.history_days import ZONE, entries, write
from tests.peers.postgresql import postgresql

DAYS = (date(2026, 10, 24), date(2026, 10, 25))
"""The second has 25 hours."""
LATE = 40
"""So much happens after the restart before the database has told what was before it."""


class Happening(NamedTuple):
    """Something that the figures hear of: an entry of the history, or a visit that begins or ends."""

    at_us: int
    what: Entry | Visit
    enters: bool = False


def happening(told_of: list[Entry]) -> Iterator[Happening]:
    """In no order. Of a wrap-up's end nothing says when it was: it was after all that was told before it."""
    at_us = 0
    for entry in told_of:
        match entry:
            case CallEnded(call=call) if call.ended_at is not None:
                at_us = max(at_us, to_us(call.ended_at))
                for visit in happenings.visits(call):
                    assert visit.left_us is not None
                    yield Happening(visit.entered_us, visit, enters=True)
                    yield Happening(visit.left_us, visit)
            case OfferEnded(offer=offer):
                at_us = max(at_us, to_us(offer.ended_at))
            case AgentChanged(change=change):
                at_us = max(at_us, to_us(change.since))
        yield Happening(at_us, entry)


class Switch:
    """The figures of a switch, its clock and its history."""

    def __init__(self, url: str, folder: Path) -> None:
        self.now_us = Span.days(*DAYS, ZONE).start_us - 1
        self.engine = connect(url, folder)
        self._url = url
        self._folder = folder
        self._calls: dict[str, list[Visit]] = {}
        """Visits of calls in progress."""
        self._heard: list[Entry] = []
        self.live = Live(ZONE, lambda: self.now_us)

    def restart(self) -> None:
        """The figures begin anew; calls go on."""
        self.live = Live(ZONE, lambda: self.now_us)
        for visits in self._calls.values():
            self.live.call_resumed(visits)

    async def write(self) -> None:
        """What was heard goes into the database."""
        writer = Writer(self.engine, self._folder, Alarms(lambda: 0), node="days")
        writer.start()
        await write(writer, self._heard)
        await writer.close()
        self._heard.clear()

    async def seed(self) -> None:
        """A child tells what the database knows."""
        await self.write()
        await seed(self.live, self._url, self._folder, Reader(self.engine).goes_back)

    def hear(self, happened: Happening) -> None:
        """As the switch tells it."""
        self.now_us = max(self.now_us, happened.at_us)
        what = happened.what
        if not isinstance(what, Visit):
            if isinstance(what, CallEnded):
                self._calls.pop(what.call.id, None)
            self._heard.append(what)
            self.live.hear(what)
        elif happened.enters:
            self._calls.setdefault(what.call, []).append(what._replace(left_us=None))
            self.live.visit_entered(what)
        else:
            self._calls[what.call][-1] = what
            self.live.visit_left(what)


def told_by(counts: Counts) -> tuple[dict[Fact, int], dict[int, int], dict[str, float | None]]:
    """Counts, waits, and what the formulas make of them."""
    figured = {id: formula.value(counts) for id, formula in FORMULAS.items()}
    values = {id: None if figure is None else figure.value for id, figure in figured.items()}
    return +counts.facts, +counts.waits, values


async def agree(live: Live, engine: AsyncEngine, now_us: int) -> int:
    """By each dimension, quarter and day; how many rows were equal."""
    equal = 0
    for by in GROUPS:
        for interval in (Interval.QUARTER, Interval.DAY):
            batch = await told(engine, live.span, ZONE, by, interval, now_us=now_us)
            right, ours = (
                {(key, at): told_by(counts) for key, at, counts in rows if any(counts.facts.values())}
                for rows in (batch, live.rows(by, interval))
            )
            assert ours == right, (by, interval)
            equal += len(right)
    return equal


async def day(url: str, folder: Path, calls: int, seed: int) -> int:
    """Two days, with a restart in the middle of the second."""
    made = list(entries(calls=calls, days=DAYS, seed=seed))
    order = sorted(happening(made), key=lambda each: each.at_us)
    switch = Switch(url, folder)
    await migrate(switch.engine)
    await switch.seed()
    at = next(n for n in range(3 * len(order) // 4, len(order)) if order[n].at_us > order[n - 1].at_us + 1)
    for each in order[:at]:
        switch.hear(each)
    await switch.write()
    switch.now_us += 1
    switch.restart()
    for each in order[at : at + LATE]:
        switch.hear(each)
    assert not switch.live.seeded
    await switch.seed()
    for each in order[at + LATE :]:
        switch.hear(each)
    assert switch.live.seeded
    await switch.write()
    switch.now_us = Span.days(*DAYS, ZONE).end_us - 1
    equal = await agree(switch.live, switch.engine, switch.now_us)
    everybody = told_by(switch.live.today()[()])
    assert None not in (everybody[2]["speed_of_answer.p50"], everybody[2]["speed_of_answer.p90"])
    assert everybody[0][Fact.READY_US] > 0 < everybody[0][Fact.ON_CALL_US]
    await switch.engine.dispose()
    return equal


@pytest.mark.timeout(60)
async def test_stream_and_database_tell_the_same(tmp_path: Path) -> None:
    assert await day("sqlite:///days.db", tmp_path, 120, 1) > 500


async def test_a_history_that_does_not_go_back_is_told_at_once(tmp_path: Path) -> None:
    live, asked = Live(ZONE, lambda: 1_000_000), []

    async def goes_back(before: datetime) -> bool:
        asked.append(to_us(before))
        if len(asked) == 1:
            raise ConnectionRefusedError
        return False

    await seed(live, "sqlite:///nowhere/days.db", tmp_path, goes_back)
    assert (live.seeded, asked) == (True, [1_000_000, 1_000_000])


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(2, 8))
async def test_on_many_days(tmp_path: Path, number: int) -> None:
    if number % 2:
        with postgresql() as url:
            equal = await day(url, tmp_path, 800, number)
    else:
        equal = await day("sqlite:///days.db", tmp_path, 800, number)
    print(f"\n{equal} rows")
