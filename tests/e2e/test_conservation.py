"""Two hundred mixed calls: nothing is counted twice or lost, and once the timers are out, nothing is left."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.e2e.centre import Tell
from tests.e2e.four_queues import NUMBERS, four_queues, staffed
from tests.peers.sipp import Outcome, Sipp
from tests.peers.switch import Metrics, Switch

CALLS = {"answered": 50, "unanswered": 50, "rejected": 50, "empty": 50}
IDLE_TASKS = 5
"""Of a switch without calls: itself, its history, its HTTP server and the scrape that asks."""
COUNTED = ("answered", "abandoned", "overflowed")


@pytest.mark.timeout(150)
async def test_two_hundred_mixed_calls_are_conserved(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**four_queues()))
        tell_on_failure("switch", switch.log)
        await staffed(stack, switch)
        # The REGISTERs' transactions have timers, too.
        before = await switch.until(
            lambda: left_over(switch), lambda now: not now["sip_transactions_active"], timeout_s=20.0
        )

        outcomes = await asyncio.gather(
            calls(stack, switch, "caller_hangs_up", NUMBERS["answered"], 50, 4, talk_ms=1000),
            calls(stack, switch, "caller_hangs_up", NUMBERS["unanswered"], 50, 5, talk_ms=1500),
            calls(stack, switch, "caller_hangs_up", NUMBERS["rejected"], 50, 5, talk_ms=1500),
            calls(stack, switch, "callee_hangs_up", NUMBERS["empty"], 50, 5),
        )
        assert [outcome.failed for outcome in outcomes] == [0, 0, 0, 0]

        await switch.until(lambda: switch.items("/api/v1/calls?state=active"), lambda calls: not calls)
        records = await every_record(switch, 200)
        metrics = await switch.metrics()
        for queue, count in CALLS.items():
            await agree(switch, metrics, queue, count, [r for r in records if r["queue"] == queue])
        total = Counter(f"{record['result']} {record['reason']}" for record in records)
        for ending, count in total.items():
            result, reason = ending.split()
            assert metrics.value("centralita_calls_total", result=result, reason=reason) == count
        await switch.until(lambda: left_over(switch), lambda now: now == before, timeout_s=20.0)


async def calls(
    stack: AsyncExitStack,
    switch: Switch,
    scenario: str,
    number: str,
    count: int,
    rate: float,
    **values: Any,
) -> Outcome:
    """So many callers of one kind."""
    caller = await stack.enter_async_context(
        Sipp.running(scenario, target=switch.sip, number=number, calls=count, rate=rate, **values)
    )
    return await caller.finished(90.0)


async def every_record(switch: Switch, count: int) -> list[dict[str, Any]]:
    """All records, page by page, once so many are written."""
    await switch.until(
        lambda: asyncio.to_thread(switch.rows, "SELECT count(*) AS n FROM calls"),
        lambda rows: rows[0]["n"] >= count,
    )
    records, cursor = [], ""
    while cursor is not None:
        page = await switch.get(f"/api/v1/calls?state=ended{cursor and '&cursor='}{cursor}")
        records += page["items"]
        cursor = page["next"]
    assert len(records) == count
    return records


async def agree(
    switch: Switch, metrics: Metrics, queue: str, offered: int, records: list[dict[str, Any]]
) -> None:
    """Metrics, API and database tell the same of the queue, and the law holds."""
    row = await switch.get(f"/api/v1/queues/{queue}")
    assert row["offered"] == metrics.value("centralita_queue_offered_total", queue=queue) == offered
    ended = {
        name: metrics.value(f"centralita_queue_{name}_total", queue=queue)
        for name in (*COUNTED, "ended_otherwise")
    }
    assert metrics.value("centralita_queue_waiting", queue=queue) == row["waiting"] == 0
    assert sum(ended.values()) == offered
    stored = Counter(
        row["result"] for row in switch.rows("SELECT result FROM queue_visits WHERE queue = ?", queue)
    )
    api = Counter(visit["result"] for record in records for visit in record["visits"])
    for name in COUNTED:
        assert stored[name] == api[name] == ended[name]


async def left_over(switch: Switch) -> dict[str, object]:
    """What a call may not leave behind."""
    metrics = await switch.metrics()
    names = ("sip_transactions_active", "sip_dialogs_active", "recordings_active")
    held = {name: metrics.value(f"centralita_{name}") for name in names}
    ports = metrics.by("centralita_rtp_ports", "state")
    return held | {
        "calls": metrics.value("centralita_calls_active"),
        "tasks": metrics.value("centralita_tasks_active") <= IDLE_TASKS,
        "ports": (ports["open"], ports["closing"]),
        "agents": {agent["name"]: agent["state"] for agent in await switch.items("/api/v1/agents")},
    }
