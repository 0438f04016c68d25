"""Two real phones registered as one agent: both ring, one answers and is heard, the other falls silent."""

from contextlib import AsyncExitStack

import pytest

from tests.e2e.centre import SECRETS, Tell, centre
from tests.peers.audio import hears_only
from tests.peers.phone import Phones
from tests.peers.switch import Switch

QUEUE = "700"
ROUTES = [{"phone": "*", "to": QUEUE, "go": "queue:support"}, {"phone": "*", "to": "10??", "go": "phone"}]


@pytest.mark.parametrize("number", [QUEUE, "1001"])
async def test_all_devices_ring_and_only_who_answers_is_heard(tell_on_failure: Tell, number: str) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(2, routes=ROUTES)))
        tell_on_failure("switch", switch.story)
        desk, mobile, other = [await stack.enter_async_context(Phones.running()) for _ in range(3)]
        ends = [await each.phone("1001", SECRETS["1001"], switch.sip) for each in (desk, mobile)]
        for end in ends:
            await end.register()
        await switch.agent_is("ana", "ready")
        luis = await other.phone("1002", SECRETS["1002"], switch.sip)
        await luis.register()
        call = await luis.dial(f"sip:{number}@{switch.sip}", tone_hz=440.0)
        loser, winner = [await end.next_call() for end in ends]
        await winner.answer()
        await call.until("established")
        await winner.until("established")
        await loser.until("closed")
        assert "established" not in loser.reached
        await winner.say(1000.0)
        await call.listen(0.5)
        assert hears_only(await call.listen(0.5), 1000.0, [440.0])
        assert hears_only(await winner.listen(0.5), 440.0, [1000.0])
        await call.hang_up()
        await winner.until("closed")
        (record,) = await switch.ended_calls(1)
        assert sorted(leg["sip_status"] for leg in record["legs"][1:]) == [200, 487]
        assert sum(leg["answered_at"] is not None for leg in record["legs"][1:]) == 1
