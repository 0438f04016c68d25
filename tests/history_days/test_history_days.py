"""What the made-up days must be, so that proofs on them mean something; and alike in both databases."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.calls.ending import Result
from switch.history.entries import AgentChanged, CallEnded, Entry, OfferEnded, WrapUpEnded
from switch.history.tables import metadata
from switch.records import AgentState, AgentStateRecord, CallRecord, OfferRecord
from tests.history_days import ZONE, entries, filled
from tests.peers.postgresql import postgresql

CALLS = 1_500
MANY_CALLS = 50_000


@pytest.fixture(scope="module")
def told() -> list[Entry]:
    return list(entries(calls=CALLS))


def calls(told: list[Entry]) -> list[CallRecord]:
    return [entry.call for entry in told if isinstance(entry, CallEnded)]


def offers(told: list[Entry]) -> Iterator[tuple[str, OfferRecord]]:
    for entry in told:
        if isinstance(entry, CallEnded):
            yield from ((entry.call.id, offer) for offer in entry.offers)
        elif isinstance(entry, OfferEnded):
            yield entry.call, entry.offer


def states(told: list[Entry]) -> dict[str, list[AgentStateRecord]]:
    of: defaultdict[str, list[AgentStateRecord]] = defaultdict(list)
    for entry in told:
        if isinstance(entry, AgentChanged):
            of[entry.change.agent].append(entry.change)
    return of


def stays(told: list[Entry], state: AgentState) -> Counter[tuple[str, str | None, datetime, datetime]]:
    """Agent, call, from, to: each time that somebody was in this state."""
    return Counter(
        (name, one.call, one.since, after.since)
        for name, his in states(told).items()
        for one, after in pairwise(his)
        if one.state is state
    )


def test_the_same_seed_makes_the_same_days(told: list[Entry]) -> None:
    assert list(entries(calls=CALLS)) == told
    assert list(entries(calls=CALLS, seed=2)) != told


def test_all_that_centres_know_happens(told: list[Entry]) -> None:
    visits = [visit for call in calls(told) for visit in call.visits]
    assert len(calls(told)) >= CALLS
    assert {call.result for call in calls(told)} >= {
        Result.ANSWERED,
        Result.ABANDONED,
        Result.COMPLETED,
        Result.REJECTED,
        Result.FAILED,
    }
    assert {visit.reason for visit in visits} >= {"agent_answered", "caller_hung_up", "max_wait", "no_agents"}
    assert {offer.result for _, offer in offers(told)} >= {"answered", "no_answer", "rejected", "cancelled"}
    assert {segment.kind for call in calls(told) for segment in call.segments} == {
        "talk",
        "hold",
        "consultation",
    }
    assert any(visit.result == "abandoned" and (visit.wait_s or 0) < 5 for visit in visits)
    assert any(call.continued_in for call in calls(told))
    assert any(len({visit.agent for visit in call.visits if visit.agent}) > 1 for call in calls(told))
    assert {one.state for his in states(told).values() for one in his} == set(AgentState)
    assert any(isinstance(entry, WrapUpEnded) for entry in told)


def test_days_of_23_and_25_hours(told: list[Entry]) -> None:
    clocks = [call.started_at.astimezone(ZONE) for call in calls(told)]
    assert not [at for at in clocks if (at.month, at.day, at.hour) == (3, 29, 2)], "that hour there was not"
    longest = calls(list(entries(calls=500, days=[date(2026, 10, 25)])))
    clocks = [call.started_at.astimezone(ZONE) for call in longest]
    twice = [at for at in clocks if (at.month, at.day, at.hour) == (10, 25, 2)]
    assert {at.utcoffset() for at in twice} == {timedelta(hours=2), timedelta(hours=1)}


def test_an_agent_is_in_one_state_and_each_follows_another(told: list[Entry]) -> None:
    for name, his in states(told).items():
        assert all(one.since < after.since for one, after in pairwise(his)), name
        assert (his[0].state, his[-1].state) == (AgentState.READY, AgentState.OFFLINE), name
        assert all((one.state, one.reason) != (after.state, after.reason) for one, after in pairwise(his))


def test_agents_ring_talk_and_wrap_up_as_the_calls_say(told: list[Entry]) -> None:
    rang = Counter((offer.agent, call, offer.offered_at, offer.ended_at) for call, offer in offers(told))
    assert stays(told, AgentState.RINGING) == rang
    talked = Counter(
        (visit.agent, call.id, visit.left_at, leg.ended_at)
        for call in calls(told)
        for visit, leg in zip(
            [visit for visit in call.visits if visit.agent],
            [leg for leg in call.legs if leg.role == "agent" and leg.answered_at],
            strict=True,
        )
    )
    assert stays(told, AgentState.ON_CALL) == talked
    wrapped = {
        (id, name): (until - since).total_seconds()
        for name, id, since, until in stays(told, AgentState.WRAP_UP)
    }
    late = {(one.call, one.agent): one.wrap_up_s for one in told if isinstance(one, WrapUpEnded)}
    for call in calls(told):
        served = (call.id, call.agent or "")
        assert late.get(served, call.wrap_up_s) == wrapped.get(served), call.id


def test_a_calls_parts_fit_together(told: list[Entry]) -> None:
    for call in calls(told):
        assert call.ended_at is not None
        parts = [
            (segment.kind, (segment.to - segment.from_).total_seconds())
            for segment in call.segments
            if segment.to
        ]
        assert call.talk_s == pytest.approx(sum(s for kind, s in parts if kind == "talk"), abs=1e-5)
        assert call.talk_s + call.hold_s == pytest.approx(sum(s for _, s in parts), abs=1e-5)
        times = [call.started_at]
        times += [at for visit in call.visits for at in (visit.entered_at, visit.left_at) if at is not None]
        assert times == sorted(times), call.id
        assert max([*times, *(segment.to for segment in call.segments if segment.to)]) <= call.ended_at
        assert {legs for segment in call.segments for legs in segment.legs} <= {leg.id for leg in call.legs}
        assert (call.answered_at is not None) >= any(visit.result == "answered" for visit in call.visits)


async def rows(engine: AsyncEngine, table: str) -> list[tuple[Any, ...]]:
    """All of them, in the order of their keys, which both databases have to agree on."""
    about = metadata.tables[table]
    async with engine.connect() as connection:
        found = await connection.execute(select(about))
        return sorted(
            (tuple(row) for row in found.all()),
            key=lambda row: [str(row[about.c.keys().index(key.name)]) for key in about.primary_key],
        )


async def alike(folder: Path, count: int) -> Counter[str]:
    """Both databases with the same days in them: how many rows each table has, row by row the same."""
    counted: Counter[str] = Counter()
    with postgresql() as url:
        async with (
            filled("sqlite:///centralita.db", folder, calls=count) as one,
            filled(url, folder, calls=count) as other,
        ):
            for table in metadata.tables:
                pairs = zip_longest(await rows(one, table), await rows(other, table))
                for here, there in pairs:
                    assert here == there
                    counted[table] += 1
    return counted


@pytest.mark.timeout(60)
async def test_both_databases_hold_the_same_rows(tmp_path: Path) -> None:
    counted = await alike(tmp_path, 400)
    assert counted["calls"] >= 400


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_both_databases_hold_the_same_rows_of_50_000_calls(tmp_path: Path) -> None:
    counted = await alike(tmp_path, MANY_CALLS)
    print(f"\n{dict(counted)}")
    assert counted["calls"] >= MANY_CALLS
