"""A bullseye with real phones: the second ring opens, the caller hears why he waits."""

from contextlib import AsyncExitStack
from functools import partial

from tests.e2e.centre import NUMBER, Tell, centre, desks
from tests.peers.audio import hears
from tests.peers.phone import Phones
from tests.peers.switch import Switch

STEPS = [
    {"when": {"waited": "1s"}, "do": {"priority": 5}},
    {"when": {"waited": "2s", "agents": "< 1"}, "do": {"requires": "support >= 1"}},
]


async def test_the_second_ring_opens_while_he_waits(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(1, {"requires": "support >= 9", "steps": STEPS})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        (ana,) = await desks(stack, switch, 1)
        others = await stack.enter_async_context(Phones.running())
        call = await (await others.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        await call.until("established")
        (record,) = await switch.items("/api/v1/calls?state=active")
        place = partial(switch.get, f"/api/v1/calls/{record['id']}/place")
        raised = await switch.until(place, lambda row: row["steps"] == [1])
        assert (raised["priority"], raised["state"]) == (5, "waiting")
        ringing = await ana.next_call()
        assert (await place())["steps"] == [1, 2]
        await ringing.answer()
        await ringing.until("established")
        assert hears(await ringing.listen(1.0), 440.0)
        await call.hang_up()
        (ended,) = await switch.ended_calls(1)
        assert (ended["result"], ended["agent"]) == ("answered", "ana")
        assert 1.9 <= ended["wait_s"] < 5
