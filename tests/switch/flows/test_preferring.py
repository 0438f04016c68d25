"""Who comes first for a caller: named by the route, or found in the history in time."""

import asyncio
from datetime import datetime
from typing import Any, cast

import pytest

from acd.events import CallQueued
from sip.events import IncomingInvite
from switch.history.reader import Reader
from tests.switch.stage import NUMBER, Stage

PREFERS = {"queues": {"support": {"prefer_agent": {"for": "20s", "last_within": "168h"}}}}
CALLER = "+34600111222"


class Past:
    """A history that knows one agent, and takes its time."""

    def __init__(self, agent: str | None, takes_s: float = 0.0) -> None:
        self.asked: list[tuple[str, datetime]] = []
        self._agent = agent
        self._takes_s = takes_s

    async def last_agent(self, number: str, since: datetime) -> str | None:
        self.asked.append((number, since))
        await asyncio.sleep(self._takes_s)
        return self._agent


def queued(stage: Stage) -> CallQueued:
    (event,) = (event for event in stage.posted if isinstance(event, CallQueued))
    return event


@pytest.mark.parametrize("sections", [PREFERS])
async def test_the_last_agent_rings_though_another_is_idle_longer(stage: Stage) -> None:
    past = Past("luis")
    stage.exchange.reader = cast(Reader, past)
    ana = await stage.phone("1001")
    await stage.pass_by(5)
    luis = await stage.phone("1002")
    await stage.carrier.dial(NUMBER)
    assert luis.all(IncomingInvite)
    assert not ana.all(IncomingInvite)
    ((number, since),) = past.asked
    assert number == CALLER
    assert (stage.exchange.local_time().astimezone(since.tzinfo) - since).days in (6, 7)


@pytest.mark.parametrize("sections", [PREFERS])
async def test_a_slow_history_keeps_nobody_waiting(stage: Stage) -> None:
    stage.exchange.reader = cast(Reader, Past("luis", takes_s=60))
    ana = await stage.phone("1001")
    await stage.carrier.dial(NUMBER)
    await stage.pass_by(0.3)
    assert queued(stage).preferred == ""
    assert ana.all(IncomingInvite)


@pytest.mark.parametrize(
    "sections", [{"queues": {"support": {"prefer_agent": {"for": "20s"}}}}, {"queues": {"support": {}}}]
)
async def test_the_history_is_not_asked_without_need(stage: Stage) -> None:
    past = Past("luis")
    stage.exchange.reader = cast(Reader, past)
    await stage.carrier.dial(NUMBER)
    assert past.asked == []
    assert queued(stage).preferred == ""


NAMED: dict[str, Any] = {
    **PREFERS,
    "routes": [{"trunk": "carrier", "to": "*", "go": "queue:support", "prefer_agent": "luis"}],
}


@pytest.mark.parametrize("sections", [NAMED])
async def test_whom_the_route_names_comes_first_and_then_everybody(stage: Stage) -> None:
    past = Past("ana")
    stage.exchange.reader = cast(Reader, past)
    ana = await stage.phone("1001")
    luis = await stage.phone("1002")
    await stage.carrier.dial(NUMBER)
    assert past.asked == []
    assert luis.all(IncomingInvite)
    await stage.pass_by(15.5)
    assert ana.all(IncomingInvite), "luis let it ring"
