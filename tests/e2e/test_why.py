"""Why, asked of the running switch after real calls; and its journal, replayed elsewhere, is what it did."""

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from acd.why import decode
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.e2e.four_queues import NUMBERS, four_queues, staffed
from tests.peers.phone import Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import IN_TREE, ROOT, Switch

KINDS = {
    "answered": ("caller_hangs_up", 0.34),
    "unanswered": ("caller_hangs_up", 0.22),
    "rejected": ("caller_hangs_up", 0.22),
    "empty": ("callee_hangs_up", 0.22),
}
"""Each queue's callers, and what share of all they are."""


@dataclass(frozen=True)
class Traffic:
    """Callers of all kinds at once; who is answered stays so long that the next one has to wait a little."""

    seconds: float
    calls_per_s: float
    answered_ms: int
    offers_per_s: float
    """At least."""


@pytest.mark.timeout(1000)
async def test_three_minutes_of_mixed_traffic_are_replayed(tell_on_failure: Tell) -> None:
    """So few calls that the three minutes cost the tests beside it next to nothing."""
    await live_is_replay(tell_on_failure, Traffic(180.0, 1.0, answered_ms=4000, offers_per_s=0.7))


@pytest.mark.long
@pytest.mark.timeout(4500)
async def test_an_hour_of_mixed_traffic_is_replayed(tell_on_failure: Tell) -> None:
    await live_is_replay(tell_on_failure, Traffic(3600.0, 9.0, answered_ms=700, offers_per_s=2.0))


async def test_a_crash_takes_no_decision_out_of_the_ledger(tell_on_failure: Tell) -> None:
    """It comes as the phone begins to ring: the history has not written down yet why."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(capture=False, **centre(1)))
        tell_on_failure("switch", switch.log)
        phones = await stack.enter_async_context(Phones.running())
        phone = await phones.phone("1001", SECRETS["1001"], switch.sip)
        await phone.register()
        await switch.agent_is("ana", "ready")
        caller = await phones.phone("caller")
        dialling = asyncio.create_task(caller.dial(f"sip:{NUMBER}@{switch.sip}"))
        await phone.next_call()
        await switch.kill()
        await switch.start()
        await dialling
        ledger = await switch.until(
            lambda: switch.get("/api/v1/ledger"), lambda found: found["decisions"] > 0, timeout_s=20.0
        )
        assert ledger["whole"], ledger
        first = switch.rows("SELECT number FROM decisions ORDER BY number LIMIT 1")
        assert first[0]["number"] == 1


async def live_is_replay(tell_on_failure: Tell, traffic: Traffic) -> None:
    """Mixed traffic in four queues; then its journal through a router in another process.

    Every offer has its reason before and after the switch was killed, and the replay comes to the seal of the
    switch's last decision and to the states of its snapshots: at the kill's restart, and at the orderly end.
    """
    sections = four_queues(server={"drain_timeout": "20s"})
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(capture=False, **sections))
        tell_on_failure("switch", switch.log)
        await staffed(stack, switch)
        await asyncio.gather(*(calls(stack, switch, queue, traffic) for queue in KINDS))
        await reasons(switch)
        await switch.kill()
        await switch.start()
        await reasons(switch)
        switch.drain()
        assert await switch.exited() == 0
        live = [decode(row["text"].encode()) for row in switch.rows("SELECT text FROM decisions")]
        (seal,) = switch.rows("SELECT seal FROM decisions WHERE number = ?", len(live))
        found = await replayed(switch.data_dir / "journal", hash_seed="4711")
    assert found["differences"] == []
    assert found["snapshots"] >= 2, "the switch left no snapshot to compare with"
    assert {decision.number for decision in live} == set(range(1, len(live) + 1))
    assert (found["decisions"], found["seal"]) == (len(live), seal["seal"])
    assert len(live) > traffic.offers_per_s * traffic.seconds
    offered = Counter(decision.queue for decision in live)
    print(offered)
    assert all(offered[queue] > traffic.seconds / 20 for queue in ("answered", "unanswered", "rejected"))
    assert offered["empty"] == 0


async def calls(stack: AsyncExitStack, switch: Switch, queue: str, traffic: Traffic) -> None:
    """All callers of one kind."""
    scenario, share = KINDS[queue]
    rate = traffic.calls_per_s * share
    sipp = await stack.enter_async_context(
        Sipp.running(
            scenario,
            target=switch.sip,
            number=NUMBERS[queue],
            calls=round(traffic.seconds * rate),
            rate=rate,
            talk_ms=traffic.answered_ms if queue == "answered" else 1500,
        )
    )
    outcome = await sipp.finished(traffic.seconds * 1.2 + 60.0)
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
