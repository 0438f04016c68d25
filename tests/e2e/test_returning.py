"""kill -9 in the middle of everything: who waits hears music again, who talks hears the same party again."""

import time
from contextlib import AsyncExitStack
from typing import Any

from tests.e2e.centre import AGENTS, NUMBER, SECRETS, Tell, centre, left_over
from tests.peers.audio import hears, is_silent
from tests.peers.phone import Phone, PhoneCall, Phones
from tests.peers.switch import Switch

AGENTS_HZ = (1000.0, 1200.0, 1400.0)


async def test_kill_9_keeps_talks_and_places_in_line(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(3)))
        tell_on_failure("switch", switch.story)
        desk = await stack.enter_async_context(Phones.running())
        carrier = await stack.enter_async_context(Phones.running())
        agents = await ready_agents(switch, desk)
        talks = [await dialled(switch, carrier, f"talks{number}") for number in range(len(agents))]
        for name in AGENTS.values():
            await switch.agent_is(name, "on_call")
        line = [await dialled(switch, carrier, f"waits{number}") for number in range(3)]
        before = await active(switch)

        await switch.kill()
        began_s = time.monotonic()
        await switch.start()
        print(f"\nready {time.monotonic() - began_s:.2f} s after the start")

        for call, hz in zip(talks, AGENTS_HZ, strict=True):
            await call.listen(0.5)
            assert hears(await call.listen(0.5), hz)
        for call in line:
            assert not is_silent(await call.listen(0.5))
        after = await active(switch)
        facts = ("agent", "queue", "queued_at")
        assert {id: [call[fact] for fact in facts] for id, call in after.items()} == {
            id: [call[fact] for fact in facts] for id, call in before.items()
        }
        for name in AGENTS.values():
            await switch.agent_is(name, "on_call")

        waited = sorted(id for id, call in before.items() if call["agent"] is None)
        for talk, first in zip(talks, waited, strict=True):
            await talk.hang_up()
            await served(switch, first)
        for call in line:
            await call.hang_up()
        records = await switch.ended_calls(len(before))
        assert {record["result"] for record in records} == {"answered"}
        assert all(record["recording"]["duration_s"] for record in records)
        await switch.until(lambda: left_over(switch), nothing_is_left)


async def ready_agents(switch: Switch, desk: Phones) -> list[Phone]:
    """Three, who answer, each with a tone of his own."""
    agents = []
    for user, hz in zip(SECRETS, AGENTS_HZ, strict=True):
        phone = await desk.phone(user, SECRETS[user], switch.sip)
        await phone.register()
        await phone.behave("answer", tone_hz=hz)
        await switch.agent_is(AGENTS[user], "ready")
        agents.append(phone)
    return agents


async def dialled(switch: Switch, carrier: Phones, name: str) -> PhoneCall:
    """A caller who has our 200."""
    caller = await carrier.phone(name)
    call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
    return await call.until("established")


async def active(switch: Switch) -> dict[str, dict[str, Any]]:
    """The calls in progress, by id."""
    return {call["id"]: call for call in await switch.items("/api/v1/calls?state=active")}


async def served(switch: Switch, call: str) -> None:
    """Waits until an agent has the call."""

    async def look() -> Any:
        return (await active(switch))[call]["agent"]

    await switch.until(look, lambda agent: agent is not None)


def nothing_is_left(alive: dict[str, float]) -> bool:
    return not any(count for name, count in alive.items() if name != "sip_transactions_active")
