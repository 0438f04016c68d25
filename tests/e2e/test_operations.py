"""Reload, drain and restart: what is in progress goes on, what a crash leaves is ended and booked."""

from contextlib import AsyncExitStack

import pytest

from tests.e2e.centre import NUMBER, Tell, centre, desks
from tests.peers.audio import hears
from tests.peers.phone import PhoneCall, Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


async def talking(stack: AsyncExitStack, switch: Switch) -> tuple[PhoneCall, PhoneCall]:
    """A caller and an agent who talk, at 440 and 1000 Hz."""
    (desk,) = await desks(stack, switch, 1)
    await desk.behave("answer", tone_hz=1000.0)
    carrier = await stack.enter_async_context(Phones.running())
    caller = await carrier.phone("caller")
    call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
    answered = await desk.next_call()
    await answered.until("established")
    await call.until("established")
    return call, answered


async def test_a_reload_drops_neither_a_talk_nor_a_waiting_caller(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(1, {"max_wait": "1m"})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        call, _ = await talking(stack, switch)
        others = await stack.enter_async_context(Phones.running())
        waiting = await (await others.phone("second")).dial(f"sip:{NUMBER}@{switch.sip}")
        await waiting.until("established")

        switch.config["queues"]["support"]["max_wait"] = "2m"
        switch.config["routes"].insert(0, {"trunk": "carrier", "to": "603", "go": "tone"})
        switch.write_config(switch.config)
        answer = await switch.request("POST", "/api/v1/reload")
        assert answer.json()["applied"], answer.text
        await call.listen(0.5)
        assert hears(await call.listen(0.5), 1000.0)
        assert waiting.state == "established"
        tone = await (await others.phone("third")).dial(f"sip:603@{switch.sip}")
        await tone.until("established")

        switch.config["queues"]["support"]["stratgy"] = "longest-idle"
        switch.write_config(switch.config)
        answer = await switch.request("POST", "/api/v1/reload")
        assert answer.status_code == 422
        assert "queues.support.stratgy: unknown key; did you mean 'strategy'?" in answer.json()["errors"][0]
        assert (await switch.metrics()).value("centralita_config_last_reload_successful") == 0
        assert hears(await call.listen(0.5), 1000.0)
        assert (await switch.get("/api/v1/queues/support"))["waiting"] == 1


async def test_sigterm_refuses_new_calls_and_ends_after_the_last(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        call, _ = await talking(stack, switch)
        switch.drain()
        await switch.until(lambda: switch.request("GET", "/readyz"), lambda answer: answer.status_code == 503)
        async with Sipp.running("refused", target=switch.sip, number=NUMBER, status=503) as caller:
            assert (await caller.finished()).successful == 1
        assert hears(await call.listen(0.5), 1000.0)
        await call.hang_up()
        assert await switch.exited() == 0
        (answered, rejected) = switch.rows("SELECT result, reason FROM calls ORDER BY started_at")
        assert (answered["result"], answered["reason"]) == ("answered", "caller_hung_up")
        assert (rejected["result"], rejected["reason"]) == ("rejected", "draining")


async def test_after_kill_9_registrations_are_there_and_the_talk_goes_on(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        call, answered = await talking(stack, switch)
        (active,) = await switch.items("/api/v1/calls?state=active")
        assert active["recording"]["path"].endswith(".wav.part")
        await switch.kill()
        await switch.start()
        (phone,) = await switch.items("/api/v1/phones")
        assert phone["registered"]
        agent = await switch.agent_is("ana", "on_call")
        assert (agent["phone"], agent["call"]) == ("1001", active["id"])
        await call.listen(0.5)
        assert hears(await call.listen(0.5), 1000.0)
        assert hears(await answered.listen(0.5), 440.0)
        await call.hang_up()
        await answered.until("closed")
        (record,) = await switch.ended_calls(1)
        assert (record["id"], record["result"], record["reason"]) == (
            active["id"],
            "answered",
            "caller_hung_up",
        )
        assert record["agent"] == "ana"
        assert (switch.data_dir / record["recording"]["path"]).exists()
        await switch.agent_is("ana", "ready")


@pytest.mark.long
async def test_after_kill_9_a_call_whose_caller_is_gone_is_booked_and_its_agent_free(
    tell_on_failure: Tell,
) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        (desk,) = await desks(stack, switch, 1)
        await desk.behave("answer", tone_hz=1000.0)
        async with Phones.running() as carrier:
            caller = await carrier.phone("caller")
            call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
            answered = await desk.next_call()
            await answered.until("established")
            await call.until("established")
            await switch.agent_is("ana", "on_call")
            await switch.kill()
            await carrier.kill()
        await switch.start()
        await answered.until("closed", 20.0)
        (record,) = await switch.ended_calls(1)
        assert (record["result"], record["reason"]) == ("answered", "switch_restarted")
        assert [leg["packets_received"] for leg in record["legs"]] != [None, None]
        await switch.agent_is("ana", "ready")
