"""Whom the queue rings, when, and what becomes of those who do not answer."""

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise

from tests.e2e.centre import AGENTS, NUMBER, SECRETS, Tell, centre, desks
from tests.peers.audio import hears, hears_only, is_silent
from tests.peers.phone import Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


async def test_no_answer_moves_on_and_pauses(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(2, {"ring_timeout": "1s"})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        ana, luis = await desks(stack, switch, 2)
        await ana.behave("ring")
        await luis.behave("answer")
        async with Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=3000) as caller:
            rung = await ana.next_call()
            await rung.until("closed")
            answered = await luis.next_call()
            await answered.until("established")
            assert (await switch.agent_is("ana", "paused"))["reason"] == "no-answer"
            assert (await caller.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert (record["agent"], record["result"]) == ("luis", "answered")
        metrics = await switch.metrics()
        assert metrics.value("centralita_offers_total", queue="support", result="no_answer") == 1
        assert metrics.value("centralita_offers_total", queue="support", result="answered") == 1


async def test_a_caller_who_hangs_up_stops_the_ringing(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        (ana,) = await desks(stack, switch, 1)
        await ana.behave("ring")
        async with Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=800) as caller:
            ringing = await ana.next_call()
            assert (await caller.finished()).failed == 0
            await ringing.until("closed")
        await switch.agent_is("ana", "ready")
        (record,) = await switch.ended_calls(1)
        assert (record["result"], record["reason"]) == ("abandoned", "caller_hung_up")
        metrics = await switch.metrics()
        assert metrics.value("centralita_queue_abandoned_total", queue="support") == 1
        assert metrics.value("centralita_queue_abandoned_short_total", queue="support") == 1


async def test_do_not_disturb_is_asked_no_more_often_than_every_retry_reject(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(1, {"retry_busy": "2s", "retry_reject": "2s"})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        (ana,) = await desks(stack, switch, 1)
        await ana.behave("reject")
        async with Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=7000) as caller:
            assert (await caller.finished()).failed == 0
        offered = [call.reached["incoming"] for call in ana.calls]
        assert len(offered) in (3, 4)
        assert all(later - earlier >= 1.9 for earlier, later in pairwise(offered))


async def test_ten_calls_reach_three_agents_in_the_order_of_the_rules(tell_on_failure: Tell) -> None:
    """Longest idle first, among those with the skill; the idle clock starts when wrap-up ends."""
    async with AsyncExitStack() as stack:
        sections = centre(3, {"wrap_up": "0s"})
        sections["agents"]["marta"]["skills"] = {"support": 5, "english": 8}
        sections["queues"]["english"] = {"requires": "english >= 5", "wrap_up": "0s"}
        sections["routes"].insert(0, {"trunk": "carrier", "to": "+34912*", "go": "queue:english"})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        for desk in await desks(stack, switch, 3):
            await desk.behave("answer")
        served = []
        numbers = [
            NUMBER,
            NUMBER,
            NUMBER,
            "+34912000000",
            NUMBER,
            NUMBER,
            NUMBER,
            "+34912000000",
            NUMBER,
            NUMBER,
        ]
        for count, number in enumerate(numbers, 1):
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number=number, talk_ms=300
            ) as caller:
                assert (await caller.finished()).failed == 0
            served.append((await switch.ended_calls(count))[0]["agent"])
            for agent in AGENTS.values():
                await switch.agent_is(agent, "ready")
        in_turn = ["ana", "luis", "marta", "marta", "ana", "luis", "marta", "marta", "ana", "luis"]
        assert served == in_turn


async def test_a_registration_that_expires_takes_the_agent_out_of_the_line(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        phones = await stack.enter_async_context(Phones.running())
        desk = await phones.phone("1001", SECRETS["1001"], switch.sip, expires_s=60)
        await desk.register()
        await switch.agent_is("ana", "ready")
        await desk.unregister()
        await switch.agent_is("ana", "offline")
        async with Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=500) as caller:
            assert (await caller.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert record["result"] == "abandoned"
        assert len(record["legs"]) == 1


async def test_a_call_between_a_law_and_mu_law(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        phones = await stack.enter_async_context(Phones.running())
        desk = await phones.phone("1001", SECRETS["1001"], switch.sip, codecs=["PCMU"])
        await desk.register()
        others = await stack.enter_async_context(Phones.running())
        caller = await others.phone("caller", codecs=["PCMA"])
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        ringing = await desk.next_call()
        await ringing.answer()
        await ringing.until("established")
        await ringing.say(1000.0)
        await asyncio.gather(call.listen(0.5), ringing.listen(0.5))
        assert hears_only(await call.listen(1.0), 1000.0, [440.0])
        assert hears_only(await ringing.listen(1.0), 440.0, [1000.0])
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert [leg["codec"] for leg in record["legs"]] == ["PCMA", "PCMU"]


async def test_hold_and_resume_from_the_phone(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        (desk,) = await desks(stack, switch, 1)
        others = await stack.enter_async_context(Phones.running())
        caller = await others.phone("caller")
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        ringing = await desk.next_call()
        await ringing.answer()
        await ringing.until("established")
        await ringing.say(1000.0)
        await call.listen(1.0)
        await ringing.hold()
        await call.listen(0.5)
        music = await call.listen(1.0)
        assert not is_silent(music)
        assert not hears(music, 1000.0)
        await ringing.resume()
        await call.listen(0.5)
        assert hears_only(await call.listen(1.0), 1000.0, [440.0])
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert [segment["kind"] for segment in record["segments"]] == ["talk", "hold", "talk"]
        assert 1.0 < record["hold_s"] < 3.0
