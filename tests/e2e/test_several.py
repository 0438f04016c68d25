"""Several phones ring for one caller, with real phones: who talks, and who hears that it is over."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.e2e.centre import NUMBER, Tell, centre, desks, ending, left_over
from tests.e2e.office import over
from tests.e2e.test_supervision import AGENT, CALLER, LEAK_DBFS, NEXT, SUPERVISOR, heard
from tests.peers.audio import level_dbfs
from tests.peers.phone import Phone, PhoneCall, Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

LONG = {"wrap_up": "1m"}
"""Whoever was in wrap-up would not be ready before the end of the test."""


async def open_centre(stack: AsyncExitStack, tell: Tell, **queue: str) -> tuple[Switch, list[Phone], Phone]:
    """The switch, three agents' phones and a caller's."""
    switch = await stack.enter_async_context(Switch.running(**centre(3, {**LONG, **queue})))
    tell("switch", switch.story)
    carrier = await stack.enter_async_context(Phones.running())
    return switch, await desks(stack, switch, 3), await carrier.phone("caller")


async def first_closed(*calls: PhoneCall) -> PhoneCall:
    """Of these the one that is over first."""
    waits = {asyncio.create_task(call.until("closed")): call for call in calls}
    done, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    return waits[done.pop()]


async def test_all_ring_and_of_two_who_answer_together_one_talks(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch, (ana, luis, marta), carrier = await open_centre(stack, tell_on_failure, strategy="ring-all")
        caller = await carrier.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=CALLER)
        rings = [await phone.next_call() for phone in (ana, luis, marta)]
        for agent in ("ana", "luis", "marta"):
            await switch.agent_is(agent, "ringing")
        await asyncio.gather(rings[1].answer(), rings[2].answer())
        await rings[0].until("closed")
        loser = await first_closed(*rings[1:])
        winner = rings[2] if loser is rings[1] else rings[1]
        await (await winner.until("established")).say(AGENT)
        assert await heard(caller, winner) == [{AGENT}, {CALLER}]
        agents = {rings[0]: "ana", rings[1]: "luis", rings[2]: "marta"}
        await switch.agent_is(agents[winner], "on_call")
        for agent in {*agents.values()} - {agents[winner]}:
            await switch.agent_is(agent, "ready")
        if "established" in loser.reached:
            assert level_dbfs(await loser.heard(), CALLER) < LEAK_DBFS
        await caller.hang_up()
        (record,) = await switch.ended_calls(1)
        offers = (await switch.metrics()).by("centralita_offers_total", "result")
    assert (record["agent"], ending(record)) == (agents[winner], ("answered", "caller_hung_up", "caller"))
    assert (offers["answered"], offers["answered_elsewhere"]) == (1, 2)


async def test_one_more_rings_each_time_until_one_answers(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch, (ana, luis, marta), carrier = await open_centre(
            stack, tell_on_failure, strategy="ring-progressively", ring_next="2s"
        )
        await luis.behave("answer", after_s=0.5, tone_hz=NEXT)
        await marta.behave("answer", tone_hz=SUPERVISOR)
        caller = await carrier.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=CALLER)
        first, second = await ana.next_call(), await luis.next_call()
        assert second.reached["incoming"] - first.reached["incoming"] > 1.8
        assert "closed" not in first.reached
        await second.until("established")
        await first.until("closed")
        assert await heard(caller, second) == [{NEXT}, {CALLER}]
        await switch.agent_is("ana", "ready")
        assert not marta.calls
        await second.hang_up()
        await caller.until("closed")
        (record,) = await switch.ended_calls(1)
    assert (record["agent"], ending(record)) == ("luis", ("answered", "agent_hung_up", "agent"))


@pytest.mark.long
async def test_three_that_answer_every_call_by_themselves(tell_on_failure: Tell) -> None:
    """Each time two of them answer too late; nothing is left of any of it."""
    calls = 30
    async with AsyncExitStack() as stack:
        switch, phones, _ = await open_centre(stack, tell_on_failure, strategy="ring-all", wrap_up="0s")
        for phone in phones:
            await phone.behave("answer")
        for count in range(1, calls + 1):
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=300
            ) as caller:
                assert (await caller.finished()).failed == 0
            await switch.ended_calls(count)
            for agent in ("ana", "luis", "marta"):
                await switch.agent_is(agent, "ready")
        for phone in phones:
            assert len(phone.calls) == calls
            for call in phone.calls:
                await call.until("closed")
        offers = (await switch.metrics()).by("centralita_offers_total", "result")
        assert (offers["answered"], offers["answered_elsewhere"]) == (calls, 2 * calls)
        await switch.until(lambda: left_over(switch), over)
