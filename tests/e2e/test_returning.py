"""kill -9 in the middle of everything: who waits hears music again, who talks hears the same party again."""

import time
from contextlib import AsyncExitStack

from tests.e2e.centre import AGENTS, NUMBER, SECRETS, Tell, centre, left_over
from tests.peers.audio import hears, is_silent
from tests.peers.phone import Phones
from tests.peers.switch import Switch

WAITING = 3


async def test_kill_9_keeps_talks_and_places_in_line(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(3)))
        tell_on_failure("switch", switch.story)
        desk = await stack.enter_async_context(Phones.running())
        carrier = await stack.enter_async_context(Phones.running())
        agents = []
        for number, user in enumerate(SECRETS):
            phone = await desk.phone(user, SECRETS[user], switch.sip)
            await phone.register()
            await phone.behave("answer", tone_hz=1000.0 + 200 * number)
            await switch.agent_is(AGENTS[user], "ready")
            agents.append(phone)
        talks = []
        for number in range(len(agents)):
            caller = await carrier.phone(f"talks{number}")
            call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=400.0 + 50 * number)
            await call.until("established")
            talks.append(call)
        for agent in agents:
            await (await agent.next_call()).until("established")
        for name in AGENTS.values():
            await switch.agent_is(name, "on_call")
        line = []
        for number in range(WAITING):
            caller = await carrier.phone(f"waits{number}")
            call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=700.0)
            await call.until("established")
            line.append(call)
        before = {call["id"]: call for call in await switch.items("/api/v1/calls?state=active")}
        for call in talks:
            await call.listen(0.5)

        await switch.kill()
        began_s = time.monotonic()
        await switch.start()
        print(f"\nready {time.monotonic() - began_s:.2f} s after the start")

        for number, call in enumerate(talks):
            assert hears(await call.listen(0.5), 1000.0 + 200 * number) or hears(
                await call.listen(0.5), 1000.0 + 200 * number
            )
        after = {call["id"]: call for call in await switch.items("/api/v1/calls?state=active")}
        assert after.keys() == before.keys()
        for id, call in after.items():
            assert (call["agent"], call["queue"]) == (before[id]["agent"], before[id]["queue"])
        for call in line:
            assert not is_silent(await call.listen(0.5))
        assert [await switch.agent_is(name, "on_call") for name in AGENTS.values()]

        waited = sorted(id for id, call in before.items() if call["agent"] is None)
        for served, first in enumerate(waited, 1):
            await talks[served - 1].hang_up()
            await switch.until(
                lambda first=first: switch.get(f"/api/v1/calls/{first}"),
                lambda call: call["agent"] is not None,
            )
        for call in (*talks, *line):
            if call.state != "closed":
                await call.hang_up()
        records = await switch.ended_calls(len(before))
        assert {record["result"] for record in records} == {"answered"}
        assert all(record["recording"]["duration_s"] for record in records)

        await switch.until(
            lambda: left_over(switch),
            lambda alive: (
                not any(count for name, count in alive.items() if name != "sip_transactions_active")
            ),
        )
