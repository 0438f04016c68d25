"""A call taken at another phone, while it rings or from a parking slot, with real phones: who hears whom."""

from contextlib import AsyncExitStack

import pytest

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre, ending
from tests.e2e.test_supervision import AGENT, CALLER, NEXT, hear_music, heard
from tests.peers.audio import is_silent
from tests.peers.phone import Phone, Phones
from tests.peers.switch import Switch

GROUP = {user: {"secret": SECRETS[user], "pickup_group": "support"} for user in ("1001", "1002")}


async def at_desks(stack: AsyncExitStack, tell: Tell) -> tuple[Switch, Phone, Phone, Phone]:
    """The switch; ana's phone and luis's, which are not registered; and a caller's."""
    sections = {**centre(2), "phones": GROUP, "parking": {"slots": "701-709"}}
    sections["routes"].append({"phone": "*", "to": "70?", "go": "park"})
    switch = await stack.enter_async_context(Switch.running(**sections))
    tell("switch", switch.story)
    desk = await stack.enter_async_context(Phones.running())
    carrier = await stack.enter_async_context(Phones.running())
    ana, luis = [await desk.phone(user, SECRETS[user], switch.sip) for user in GROUP]
    return switch, ana, luis, await carrier.phone("caller")


async def test_an_agent_picks_up_what_rings_at_another_desk(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch, ana, luis, caller = await at_desks(stack, tell_on_failure)
        await ana.register()
        await switch.agent_is("ana", "ready")
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=CALLER)
        rings = await ana.next_call()
        await switch.agent_is("ana", "ringing")
        await luis.register()
        await switch.agent_is("luis", "ready")
        taken = await luis.dial(f"sip:*8@{switch.sip}", tone_hz=AGENT)
        await taken.until("established")
        await rings.until("closed")
        assert await heard(call, taken) == [{AGENT}, {CALLER}]
        await switch.agent_is("ana", "ready")
        await switch.agent_is("luis", "on_call")
        await taken.hang_up()
        await call.until("closed")
        (record,) = await switch.ended_calls(1)
    assert (record["agent"], ending(record)) == ("luis", ("answered", "agent_hung_up", "agent"))
    assert [(leg["role"], leg["peer"]) for leg in record["legs"]] == [
        ("caller", "carrier"),
        ("agent", "1002"),
    ]


async def test_a_parked_caller_hears_music_until_another_desk_takes_him(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch, ana, luis, caller = await at_desks(stack, tell_on_failure)
        await ana.behave("answer", tone_hz=AGENT)
        await ana.register()
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=CALLER)
        agent = await (await ana.next_call()).until("established")
        await agent.hold()
        parking = await (await ana.dial(f"sip:*70@{switch.sip}")).until("established")
        assert not is_silent(await parking.listen(1.0)), "the number of the slot"
        await agent.until("closed")
        await parking.until("closed")
        assert await hear_music(call)
        await switch.agent_is("ana", "ready")
        await luis.register()
        await switch.agent_is("luis", "ready")
        taken = await (await luis.dial(f"sip:701@{switch.sip}", tone_hz=NEXT)).until("established")
        assert await heard(call, taken) == [{NEXT}, {CALLER}]
        await call.hang_up()
        await taken.until("closed")
        record = next(each for each in await switch.ended_calls(2) if each["queue"] == "support")
    assert (record["agent"], ending(record)) == ("ana", ("answered", "caller_hung_up", "caller"))
    assert [each["kind"] for each in record["segments"]] == ["talk", "hold", "parked", "talk"]


@pytest.mark.long
async def test_a_code_in_a_consultation_brings_three_together(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch, ana, luis, caller = await at_desks(stack, tell_on_failure)
        await ana.behave("answer", tone_hz=AGENT)
        await ana.register()
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=CALLER)
        agent = await (await ana.next_call()).until("established")
        await luis.behave("answer", tone_hz=NEXT)
        await luis.register()
        await agent.listen(0.5)  # before that this phone offers once more what it has answered
        await agent.hold()
        consultation = await (await ana.dial(f"sip:1002@{switch.sip}", tone_hz=AGENT)).until("established")
        third = await (await luis.next_call()).until("established")
        assert await heard(consultation, third) == [{NEXT}, {AGENT}]
        await consultation.press("*3")
        await agent.until("closed")
        all_three = [{AGENT, NEXT}, {CALLER, NEXT}, {CALLER, AGENT}]
        assert await heard(call, consultation, third) == all_three
        await consultation.hang_up()
        assert await heard(call, third) == [{NEXT}, {CALLER}]
        await switch.agent_is("ana", "ready")
        await call.hang_up()
        await third.until("closed")
        record = next(each for each in await switch.ended_calls(2) if each["queue"] == "support")
    assert (record["agent"], ending(record)) == ("ana", ("answered", "caller_hung_up", "caller"))
    kinds = [each["kind"] for each in record["segments"]]
    assert kinds == ["talk", "hold", "consultation", "talk", "conference", "talk"]
