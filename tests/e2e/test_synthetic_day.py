"""A drawn day, played twice: against the router in virtual time, and through the switch by SIPp."""

import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from acd.settings import SECOND_US, AgentSettings, QueueSettings
from acd.simulation.chance import Constant, Lognormal
from acd.simulation.day import Caller, Day, DrawnDay, Phones, Shift, Traffic
from acd.simulation.player import play
from tests.e2e.centre import NUMBER, Tell
from tests.peers import ports
from tests.peers.sipp import Sipp, register
from tests.peers.switch import Switch

PATIENCE_S = (60.0, 2.0)
"""Of the kinds of traffic: one SIPp plays each."""
SEED = 197
"""Of a day of which no result changes where anybody calls, or ends his talk, up to 0.8 s later."""
DIFFERS_S = 2.2
"""So much, at most, a wait does then."""
RINGS_S = 0.2
WRAP_UP_S = 0.5


def day(agents: int, calls: Sequence[float], interval_s: float) -> Day:
    """Three in four callers are patient."""
    talk = Lognormal(1.5, 0.5)
    shares = zip((0.75, 0.25), PATIENCE_S, strict=True)
    return Day(
        [QueueSettings("support", wrap_up_us=round(WRAP_UP_S * SECOND_US))],
        [Traffic("support", [share * n for n in calls], talk, Constant(s)) for share, s in shares],
        [Shift(AgentSettings(f"agent{n}")) for n in range(agents)],
        Phones(Constant(RINGS_S)),
        interval_s,
    )


def sections(users: dict[str, str]) -> dict[str, Any]:
    return {
        "phones": {user: {"secret": secret} for user, secret in users.items()},
        "agents": {f"agent{n}": {"phone": user} for n, user in enumerate(users)},
        "queues": {
            "support": {"answer": "on-agent", "wrap_up": f"{round(WRAP_UP_S * 1000)}ms", "record": False}
        },
        "routes": [{"trunk": "carrier", "to": "+34911*", "go": "queue:support"}],
    }


@asynccontextmanager
async def phones(switch: Switch, users: dict[str, str]) -> AsyncIterator[None]:
    """One SIPp that answers for all agents, who are ready."""
    address = ports.own_address()
    assert (await register(switch.sip, users, address)).failed == 0
    ring_ms = round(RINGS_S * 1000)
    async with Sipp.running("agent_of_a_day", address=address, calls=1_000_000, ring_ms=ring_ms):
        for n in range(len(users)):
            await switch.agent_is(f"agent{n}", "ready")
        yield


async def call_in(switch: Switch, drawn: DrawnDay, folder: Path) -> None:
    """Every caller of the day, at his time; returns when the last has hung up."""
    async with AsyncExitStack() as stack:
        callers = []
        for kind, patience_s in enumerate(PATIENCE_S):
            lines = [line(caller, drawn) for caller in drawn.callers if caller.number >> 32 == kind]
            file = folder / f"callers{kind}.csv"
            file.write_text("\n".join(["SEQUENTIAL", *lines, ""]))
            running = Sipp.running(
                "caller_of_a_day",
                target=switch.sip,
                number=NUMBER,
                calls=len(lines),
                rate=1000.0,
                options=["-inf", str(file), "-l", str(len(lines))],
                patience_ms=round(patience_s * 1000),
            )
            callers.append(await stack.enter_async_context(running))
        for caller in callers:
            outcome = await caller.finished(drawn.day.interval_s * len(drawn.day.traffic[0].calls) + 30.0)
            assert outcome.failed == 0, outcome.errors


def line(caller: Caller, drawn: DrawnDay) -> str:
    """Who, after how many milliseconds, talks how long."""
    arrival_ms = (caller.at_us - drawn.day.start_us) // 1000
    return f"{caller.number};{arrival_ms};{caller.talk_us // 1000}"


async def played_alike(
    tell_on_failure: Tell, folder: Path, drawn: DrawnDay
) -> list[tuple[str, str, float, float]]:
    """For each caller: how his call ended in virtual time and in the switch, and the waits in seconds."""
    users = {str(2000 + n): f"secret-of-{n}" for n in range(len(drawn.day.shifts))}
    async with Switch.running(**sections(users), capture=False) as switch, phones(switch, users):
        tell_on_failure("switch", switch.story)
        await call_in(switch, drawn, folder)
        records = await switch.until(
            lambda: every_record(switch), lambda found: len(found) == len(drawn.callers)
        )
    virtual = play(drawn).fates
    pairs = []
    for caller in drawn.callers:
        fate = virtual[caller.name]
        (record,) = [each for each in records if each["from"] == str(caller.number)]
        result = "abandoned" if fate.abandoned else "answered"
        pairs.append((result, record["result"], fate.waited_us / SECOND_US, waited_s(record)))
    return pairs


async def every_record(switch: Switch) -> list[dict[str, Any]]:
    found, cursor = [], ""
    while True:
        page = await switch.get(f"/api/v1/calls?state=ended{cursor}")
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def waited_s(record: dict[str, Any]) -> float:
    """From the call to the agent's answer, or to its end."""
    until = datetime.fromisoformat(record["answered_at"] or record["ended_at"])
    return (until - datetime.fromisoformat(record["started_at"])).total_seconds()


async def test_some_seconds_of_calls(tell_on_failure: Tell, tmp_path: Path) -> None:
    """Few enough calls that none of them is a close race between patience and an agent."""
    drawn = day(3, [14.0], 6.0).drawn(SEED)
    pairs = await played_alike(tell_on_failure, tmp_path, drawn)
    assert {result for result, _, _, _ in pairs} == {"answered", "abandoned"}
    assert [seen for _, seen, _, _ in pairs] == [expected for expected, _, _, _ in pairs]
    assert all(abs(seen_s - expected_s) < DIFFERS_S for _, _, expected_s, seen_s in pairs), pairs


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_three_minutes_of_calls(tell_on_failure: Tell, tmp_path: Path) -> None:
    """Twenty agents, two peaks: what differs are races that some milliseconds decide."""
    drawn = day(20, [180.0, 340.0, 200.0, 320.0, 160.0, 100.0], 30.0).drawn(1)
    pairs = await played_alike(tell_on_failure, tmp_path, drawn)
    alike = sum(expected == seen for expected, seen, _, _ in pairs)
    assert alike >= 0.95 * len(pairs)
    waits = [(expected_s, seen_s) for _, _, expected_s, seen_s in pairs]
    expected_s, seen_s = (statistics.fmean(column) for column in zip(*waits, strict=True))
    assert abs(expected_s - seen_s) < 1.0, (expected_s, seen_s, alike, len(pairs))
