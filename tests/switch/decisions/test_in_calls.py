"""The whole switch in memory, and a program that it asks."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from acd.commands import Offer
from tests.switch.stage import NUMBER, Stage

HOOK = {"url": "http://crm.example/decide", "timeout": "200ms"}
SECTIONS = {
    "queues": {
        "support": {"requires": "support >= 1", "decision": HOOK},
        "sales": {"requires": "support >= 1"},
    }
}


def saying(answer: dict[str, Any], after_s: float = 0.0) -> Any:
    async def program(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(after_s)
        program.asked.append(json.loads(request.content))  # type: ignore[attr-defined]
        return httpx.Response(200, json=answer)

    program.asked = []  # type: ignore[attr-defined]
    return program


def rings(stage: Stage) -> list[str]:
    return [command.agent for command in stage.commands if isinstance(command, Offer)]


@pytest.mark.parametrize("sections", [SECTIONS])
async def test_the_agent_whom_it_names_rings(stage: Stage) -> None:
    await stage.phone("1001")
    other = await stage.phone("1002")
    stage.program = saying({"agent": "luis"})
    session = await stage.carrier.dial(NUMBER)
    assert rings(stage) == ["luis"]
    assert stage.program.asked[0]["free"] == ["ana", "luis"]  # type: ignore[attr-defined]
    assert stage.program.asked[0]["from"] == "+34600111222"  # type: ignore[attr-defined]
    await other.answer()
    await stage.carrier.hang_up(session)
    assert stage.metrics().value("centralita_decisions_total", queue="support", outcome="answered") == 1


@pytest.mark.parametrize("sections", [SECTIONS])
async def test_another_queue(stage: Stage) -> None:
    stage.program = saying({"queue": "sales"})
    session = await stage.carrier.dial(NUMBER)
    assert stage.running.queue("sales").waiting == 1
    await stage.carrier.hang_up(session)
    visits = stage.history.calls[0].visits
    assert [(visit.queue, str(visit.reason)) for visit in visits] == [
        ("support", "decided"),
        ("sales", "caller_hung_up"),
    ]


@pytest.mark.parametrize("sections", [SECTIONS])
async def test_a_slow_program_costs_its_timeout_and_no_more(stage: Stage) -> None:
    await stage.phone("1001")
    stage.program = saying({"agent": "luis"}, after_s=5.0)
    session = await stage.carrier.dial(NUMBER)
    assert rings(stage) == []
    assert stage.heard(stage.call.caller) == "music default"
    await stage.pass_by(0.2)
    assert rings(stage) == ["ana"]
    await stage.carrier.hang_up(session)


@pytest.mark.parametrize("sections", [SECTIONS])
async def test_a_dead_one_costs_nothing(stage: Stage) -> None:
    await stage.phone("1001")
    for _ in range(7):
        session = await stage.carrier.dial(NUMBER)
        await stage.carrier.hang_up(session)
    assert len(rings(stage)) == 7
    metrics = stage.metrics()
    assert metrics.value("centralita_decisions_total", queue="support", outcome="unreachable") == 5
    assert metrics.value("centralita_decisions_total", queue="support", outcome="not_asked") == 2
