"""The agent whom it costs least gets the call, not the one who is free longest."""

from contextlib import AsyncExitStack

from tests.e2e.centre import NUMBER, Tell, centre, desks
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


async def test_the_rare_skill_is_saved_for_who_needs_it(tell_on_failure: Tell) -> None:
    """Ana is free longer and speaks French too; the caller needs none, and whoever comes next does."""
    async with AsyncExitStack() as stack:
        sections = centre(2, routing={"matching": "optimal", "gather": "50ms"})
        sections["agents"]["ana"]["skills"] = {"support": 5, "french": 5}
        sections["queues"]["french"] = {"requires": "french >= 1"}
        sections["routes"].insert(0, {"trunk": "carrier", "to": "+34912*", "go": "queue:french"})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        ana, luis = await desks(stack, switch, 2)
        for desk in (ana, luis):
            await desk.behave("answer")
        calls = [
            await stack.enter_async_context(
                Sipp.running("caller_hangs_up", target=switch.sip, number=number, talk_ms=1500)
            )
            for number in (NUMBER, "+34912000000")
        ]
        for call in calls:
            assert (await call.finished()).failed == 0
        served = {record["to"]: record["agent"] for record in await switch.ended_calls(2)}
        assert served == {NUMBER: "luis", "+34912000000": "ana"}


async def test_the_agent_whom_the_caller_knows_costs_less(tell_on_failure: Tell) -> None:
    """Ana is free longer; the route says that the caller knows luis, for whom nobody has to wait."""
    async with AsyncExitStack() as stack:
        sections = centre(2, routing={"matching": "optimal"})
        sections["queues"]["support"]["prefer_agent"] = {"for": "0s"}
        for route in sections["routes"]:
            if str(route["go"]).startswith("queue:"):
                route["prefer_agent"] = "luis"
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        for desk in await desks(stack, switch, 2):
            await desk.behave("answer")
        call = await stack.enter_async_context(
            Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=500)
        )
        assert (await call.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert record["agent"] == "luis"
        why = await switch.get(f"/api/v1/calls/{record['id']}/why")
        assert "acquaintance -200.0" in why["text"]
