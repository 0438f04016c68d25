"""Bad lines, dying phones, lost registrations: what the switch says of each agent is what his phone says."""

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from tests.e2e.centre import Tell, left_over
from tests.e2e.chaos import LEAVES, SECRET, Chaos
from tests.e2e.test_conservation import every_record
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

AGREES_S = 2.0
SILENCE_S = 5
KILLED_S = SILENCE_S + 5.0
NUMBER = "+34911000000"


def sections(desks: int) -> dict[str, Any]:
    users = [str(1001 + number) for number in range(desks)]
    return {
        "phones": {user: {"secret": SECRET} for user in users},
        "agents": {f"agent{user}": {"phone": user} for user in users},
        "queues": {"support": {"wrap_up": "0s", "on_no_answer": "retry", "record": False}},
        "routes": [{"trunk": "carrier", "to": "*", "go": "queue:support"}],
        "media": {"silence_timeout": f"{SILENCE_S}s"},
        "sip": {"overload": {"loop_lag": 0}},  # a busy machine refuses nobody: all are booked
    }


@pytest.mark.timeout(150)
async def test_sixty_calls_in_chaos(tell_on_failure: Tell) -> None:
    await chaos(tell_on_failure, desks=6, calls=60, rate=5.0, every_s=2.0)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_ten_thousand_calls_in_chaos(tell_on_failure: Tell) -> None:
    await chaos(tell_on_failure, desks=20, calls=10_000, rate=10.0, every_s=4.0)


async def chaos(tell_on_failure: Tell, *, desks: int, calls: int, rate: float, every_s: float) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**sections(desks), capture=False))
        tell_on_failure("switch", switch.log)
        world = Chaos(switch, desks, seed=6)
        for desk in world.desks:
            await desk.plug_in()
            stack.push_async_callback(desk.die)
        for desk in world.desks:
            await switch.agent_is(f"agent{desk.user}", "ready")
        over = asyncio.Event()
        watching = asyncio.create_task(world.compare(over))
        troubling = asyncio.create_task(world.trouble(every_s, dead_s=6.0))
        both = [("caller_hangs_up_over_a_bad_line", "600100"), ("callee_hangs_up_over_a_bad_line", LEAVES)]
        callers = [
            await stack.enter_async_context(
                Sipp.running(
                    scenario,
                    target=switch.sip,
                    number=NUMBER,
                    caller=caller,
                    calls=calls // 2,
                    rate=rate / 2,
                    talk_ms=700,
                    options=["-max_retrans", "12"],
                )
            )
            for scenario, caller in both
        ]
        outcomes = await asyncio.gather(*(each.finished(calls / rate + 180.0) for each in callers))
        print(outcomes)
        troubling.cancel()
        with suppress(asyncio.CancelledError):
            await troubling
        await world.calm_down()
        for desk in world.desks:
            await switch.agent_is(f"agent{desk.user}", "ready", timeout_s=30.0)
        await switch.until(lambda: left_over(switch), lambda now: not now["calls_active"], timeout_s=60.0)
        over.set()
        await watching  # which fails if it ever could not look
        records = await every_record(switch, calls)
        tell(world, records)
        repairs = (await switch.metrics()).by("centralita_state_repairs_total", "kind")
        assert not any(repairs.values()), repairs
        apart = [each for desk in world.desks for each in desk.apart]
        assert max((seconds for seconds, _ in apart), default=0.0) < AGREES_S
        dead = [each for desk in world.desks for each in desk.apart_dead]
        assert max((seconds for seconds, _ in dead), default=0.0) < KILLED_S
        assert world.deaths + world.lost_registrations
        assert world.longest_blink_s < AGREES_S, "what lasts longer could be missed"
        answered = switch.rows("SELECT count(*) AS n FROM offers WHERE result = 'answered'")[0]["n"]
        talks = sum(desk.calls for desk in world.desks)
        # Who dies on our ACK's way, or loses it twice, has not talked.
        assert abs(answered - talks) <= world.deaths + 1 + calls // 100, (answered, talks)


def tell(world: Chaos, records: list[dict[str, Any]]) -> None:
    """What there was."""
    results: dict[str, int] = {}
    for record in records:
        name = f"{record['result']} {record['reason']}"
        results[name] = results.get(name, 0) + 1
    apart = sorted((each for desk in world.desks for each in desk.apart), reverse=True)
    dead = sorted((each for desk in world.desks for each in desk.apart_dead), reverse=True)
    print(f"{world.deaths} deaths, {world.lost_registrations} lost registrations")
    print(f"{results}; {sum(desk.calls for desk in world.desks)} talks by the phones' account")
    print(f"{world.looks} looks, {world.longest_blink_s:.2f} s apart at most")
    print(f"apart at most {apart[:5]}; of the dead {dead[:5]}")
