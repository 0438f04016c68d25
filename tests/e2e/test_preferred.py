"""Who calls again reaches the agent who knows him."""

from contextlib import AsyncExitStack

from tests.e2e.centre import NUMBER, Tell, centre, desks
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


async def test_the_last_agent_comes_first(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(2, {"wrap_up": "0s", "prefer_agent": {"for": "20s", "last_within": "1h"}})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        for desk in await desks(stack, switch, 2):
            await desk.behave("answer")
        served = []
        for count in (1, 2):
            if count == 1:  # Luis alone is there for the first call, though Ana is idle longer for the second
                await switch.request("POST", "/api/v1/agents/ana/state", json={"state": "paused"})
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=300
            ) as caller:
                assert (await caller.finished()).failed == 0
            served.append((await switch.ended_calls(count))[0]["agent"])
            await switch.request("POST", "/api/v1/agents/ana/state", json={"state": "ready"})
            await switch.request("POST", "/api/v1/agents/luis/state", json={"state": "paused"})
            await switch.request("POST", "/api/v1/agents/luis/state", json={"state": "ready"})
            for agent in ("ana", "luis"):
                await switch.agent_is(agent, "ready")
        assert served == ["luis", "luis"]
