"""A queue asks a program about its callers: its word counts while it runs; without it nobody is missed."""

from contextlib import AsyncExitStack

from tests.e2e.centre import NUMBER, Tell, centre, desks
from tests.peers.raw_party import RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice
from tests.switch.decisions.program import Program, reply


async def test_the_program_names_the_agent_and_when_it_is_dead_the_queue_does(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack, Program.running() as program:
        hook = {"url": program.url, "timeout": "1s", "secret": "s3cret"}
        switch = await stack.enter_async_context(Switch.running(**centre(2, {"decision": hook})))
        tell_on_failure("switch", switch.story)
        ana, luis = await desks(stack, switch, 2)
        for says, desk, agent in (
            (reply({"agent": "luis"}), luis, "luis"),
            (reply(b"<html>502 Bad Gateway</html>", "502 Bad Gateway"), ana, "ana"),
        ):
            program.says = says
            async with RawParty.open(switch.sip) as caller, Voice.speaking(440.0) as voice:
                call = await caller.dial(NUMBER, voice.sdp())
                await (await desk.next_call()).answer()
                voice.meet((await call.answered()).body.decode())
                await switch.agent_is(agent, "on_call")
                await call.ask("BYE")
                await switch.agent_is(agent, "wrap_up")
                await switch.agent_is(agent, "ready")
        assert [question["free"] for question in program.asked] == [["ana", "luis"]] * 2
        assert program.asked[0]["queue"] == "support"
        assert all("x-centralita-signature" in headers for headers in program.headers)
        metrics = await switch.metrics()
        counted = metrics.by("centralita_decisions_total", "outcome")
        assert (counted["answered"], counted["refused"]) == (1, 1)
        assert [call["agent"] for call in await switch.ended_calls(2)] == ["ana", "luis"]
