"""What a supervisor does with callers who wait, with real phones."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from tests.e2e.centre import NUMBER, Tell, centre, desks
from tests.peers.audio import hears
from tests.peers.phone import Phones
from tests.peers.switch import Switch

V1 = "/api/v1"


def waits_for(count: int) -> Callable[[dict[str, Any]], bool]:
    """Whether so many wait in a queue."""
    return lambda row: bool(row["waiting"] == count)


async def test_the_last_who_came_is_moved_to_the_front_and_pulled(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        (ana,) = await desks(stack, switch, 1)
        await switch.request("POST", f"{V1}/agents/ana/state", json={"state": "paused"})
        others = await stack.enter_async_context(Phones.running())
        calls = []
        for number, hz in enumerate((440.0, 660.0)):
            caller = await others.phone(f"caller{number}")
            calls.append(await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=hz))
            await switch.until(partial(switch.get, f"{V1}/queues/support"), waits_for(number + 1))
        last, first = (record["id"] for record in await switch.items(f"{V1}/calls?state=active"))
        moved = await switch.request("POST", f"{V1}/calls/{last}/move", json={"front": True, "by": "eva"})
        assert moved.json()["priority"] == 101, "above the cap of aging"
        pulled = await switch.request("POST", f"{V1}/calls/{last}/pull", json={"agent": "ana"})
        assert (pulled.json()["state"], pulled.json()["agent"]) == ("offered", "ana")
        talk = await ana.next_call()
        refused = await switch.request("POST", f"{V1}/calls/{first}/assign", json={"agent": "nobody"})
        assert (refused.status_code, refused.json()["detail"]) == (409, "no agent 'nobody'")
        await talk.answer()
        await talk.until("established")
        assert hears(await talk.listen(1.0), 660.0)
        gone = await switch.request("POST", f"{V1}/calls/{first}/withdraw", json={"target": "hangup"})
        assert gone.status_code == 204
        await calls[0].until("closed")
        assert "supervisor acted" in switch.log()
        await calls[1].hang_up()
        records = {record["id"]: record for record in await switch.ended_calls(2)}
        assert records[first]["reason"] == "administrator"
        assert (records[last]["result"], records[last]["agent"]) == ("answered", "ana")
