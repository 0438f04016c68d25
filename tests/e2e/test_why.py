"""Why, asked of the running switch after real calls; and its journal, replayed elsewhere, is what it did."""

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.centre import AGENTS, SECRETS, Tell, centre
from tests.peers.phone import OnCall, Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import IN_TREE, ROOT, Switch

QUEUES = {
    "answered": {"requires": "answers >= 1", "wrap_up": "0s"},
    "unanswered": {"requires": "rings >= 1", "on_no_answer": "retry", "ring_timeout": "500ms"},
    "rejected": {"requires": "rejects >= 1", "retry_busy": "500ms", "retry_reject": "500ms"},
    "empty": {"requires": "nobody >= 1", "max_wait": "500ms"},
}
SKILLS = {"ana": "answers", "luis": "rings", "marta": "rejects"}


@pytest.mark.timeout(90)
async def test_live_is_replay_and_every_offer_has_its_reason(tell_on_failure: Tell) -> None:
    await live_is_replay(tell_on_failure, seconds=4.0)


@pytest.mark.long
@pytest.mark.timeout(4500)
async def test_an_hour_of_mixed_traffic_is_replayed(tell_on_failure: Tell) -> None:
    await live_is_replay(tell_on_failure, seconds=3600.0)


PATIENT = {"t1": "100ms", "overload": {"loop_lag": 0}}
"""On a busy machine nobody is asked to come later."""


async def live_is_replay(tell_on_failure: Tell, seconds: float) -> None:
    """So long mixed traffic in four queues; then its journal through a router in another process."""
    sections = centre(3, sip=PATIENT, queues=QUEUES, server={"drain_timeout": "20s"})
    for agent, skill in SKILLS.items():
        sections["agents"][agent]["skills"] = {skill: 1}
    sections["routes"] = [
        {"trunk": "carrier", "to": f"{n}00", "go": f"queue:{q}"} for n, q in enumerate(QUEUES, 1)
    ]
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.log)
        await staffed(stack, switch)
        await asyncio.gather(
            calls(stack, switch, "caller_hangs_up", "100", seconds, 3.0, talk_ms=700),
            calls(stack, switch, "caller_hangs_up", "200", seconds, 2.0, talk_ms=1500),
            calls(stack, switch, "caller_hangs_up", "300", seconds, 2.0, talk_ms=1500),
            calls(stack, switch, "callee_hangs_up", "400", seconds, 2.0),
        )
        await reasons(switch)
        await switch.kill()
        await switch.start()
        await reasons(switch)
        switch.drain()
        assert await switch.exited() == 0
        live = switch.rows("SELECT count(*) AS n, max(number) AS last FROM decisions")[0]
        found = await replayed(switch.data_dir / "journal", hash_seed="4711")
    assert found["differences"] == []
    assert found["snapshots"] >= 1, "the switch left no snapshot to compare with"
    assert found["decisions"] == live["n"] == live["last"]
    assert found["decisions"] > 2 * seconds


async def staffed(stack: AsyncExitStack, switch: Switch) -> None:
    phones = await stack.enter_async_context(Phones.running())
    behaviours: tuple[OnCall, ...] = ("answer", "ring", "reject")
    for user, behaviour in zip(SECRETS, behaviours, strict=True):
        phone = await phones.phone(user, SECRETS[user], switch.sip)
        await phone.register()
        await phone.behave(behaviour)
        await switch.agent_is(AGENTS[user], "ready")


async def calls(
    stack: AsyncExitStack,
    switch: Switch,
    scenario: str,
    number: str,
    seconds: float,
    rate: float,
    **given: Any,
) -> None:
    count = round(seconds * rate)
    running = Sipp.running(scenario, target=switch.sip, number=number, calls=count, rate=rate, **given)
    sipp = await stack.enter_async_context(running)
    outcome = await sipp.finished(seconds * 3 + 60.0)
    assert outcome.failed == 0, outcome.errors


async def reasons(switch: Switch) -> None:
    """Of some calls of each kind: the API, the command, and the chain."""
    ended = await switch.until(
        lambda: switch.items("/api/v1/calls?state=ended"), lambda found: len(found) >= 10, timeout_s=20.0
    )
    answered = next(call for call in ended if call["agent"] == "ana")
    why = await switch.get(f"/api/v1/calls/{answered['id']}/why")
    offer = why["offers"][-1]
    assert (offer["agent"], offer["result"]) == ("ana", "answered")
    assert (offer["intact"], offer["same"]) == (True, True)
    assert offer["would_change"] is not None
    bars = {row["agent"]: [each["bar"] for each in row["hindrances"]] for row in offer["agents"]}
    assert bars["ana"] == []
    assert bars["luis"][0] == bars["marta"][0] == "skill"
    code, said = await command(switch, "call", "why", answered["id"], "--language", "es")
    assert code == 0, said
    assert "answers >= 1" in said
    assert offer["would_change"]["text"] not in said, "it was to be in Spanish"
    code, said = await command(switch, "call", "verify")
    assert code == 0, said
    assert "whole" in said


async def command(switch: Switch, *arguments: str) -> tuple[int, str]:
    return await run(*IN_TREE, *arguments, "--config", str(switch.config_file))


async def replayed(journal: Path, hash_seed: str) -> dict[str, Any]:
    """By a router in another process with another hash seed."""
    arguments = (sys.executable, "-m", "switch.why.replay", str(journal), "--json")
    _, said = await run(*arguments, PYTHONHASHSEED=hash_seed, PYTHONPATH=str(ROOT))
    found: dict[str, Any] = json.loads(said)
    print({key: value for key, value in found.items() if key != "differences"})
    return found


async def run(*arguments: str, **environment: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *arguments, stdout=asyncio.subprocess.PIPE, env={**os.environ, **environment}
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()
