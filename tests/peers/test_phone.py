"""The phones prove themselves on each other, with no switch between them."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.centre import Tell
from tests.peers.audio import hears_only
from tests.peers.child import PeerError
from tests.peers.phone import Phone, Phones


@pytest.fixture
async def pair(tell_on_failure: Tell) -> AsyncIterator[tuple[Phone, Phone]]:
    async with Phones.running() as left, Phones.running() as right:
        tell_on_failure("left phone", left.story)
        tell_on_failure("right phone", right.story)
        yield await left.phone("left"), await right.phone("right")


async def test_each_hears_only_the_other(pair: tuple[Phone, Phone]) -> None:
    left, right = pair
    await right.behave("answer", tone_hz=1000)
    call = await left.dial(right.uri, tone_hz=440)
    theirs = await right.next_call()
    await call.until("established")
    await theirs.until("established")
    assert call.sip_call_id == theirs.sip_call_id
    await call.listen(0.3)  # jitter buffers fill
    assert hears_only(await call.listen(1.0), 1000, [440])
    assert hears_only(await theirs.listen(1.0), 440, [1000])
    await theirs.hang_up()
    await call.until("closed")
    assert call.statistics["rx_packets"] > 50


async def test_hold_resume_and_digits(pair: tuple[Phone, Phone]) -> None:
    left, right = pair
    await right.behave("answer", tone_hz=1000)
    call = await left.dial(right.uri)
    theirs = await right.next_call()
    await call.until("established")
    await call.press("42#")
    await theirs.until(lambda leg: leg.digits == "42#")
    await call.hold()
    await theirs.until(lambda leg: leg.held_by_peer)
    await call.resume()
    await theirs.until(lambda leg: not leg.held_by_peer)
    assert hears_only(await call.listen(1.0), 1000, [440])


async def test_a_busy_phone_and_one_that_rings_for_ever(pair: tuple[Phone, Phone]) -> None:
    left, right = pair
    await right.behave("reject")
    refused = await left.dial(right.uri)
    await refused.until("closed")
    assert refused.end_reason.startswith("486")
    await right.behave("ring")
    unanswered = await left.dial(right.uri)
    await unanswered.until("ringing")
    await unanswered.hang_up()
    for theirs in [await right.next_call(), await right.next_call()]:
        await theirs.until("closed")


async def test_a_killed_phone_says_nothing_more() -> None:
    async with Phones.running() as phones:
        phone = await phones.phone("gone")
        await phones.kill()
        with pytest.raises(PeerError):
            await phone.register()


async def test_twenty_phones_share_a_process(pair: tuple[Phone, Phone]) -> None:
    left, _ = pair
    async with Phones.running() as many:
        agents = [await many.phone(f"agent{n}") for n in range(20)]
        for agent in agents:
            await agent.behave("answer", tone_hz=1000)
        calls = [await left.dial(agent.uri) for agent in agents]
        for call, agent in zip(calls, agents, strict=True):
            await call.until("established")
            await (await agent.next_call()).until("established")
        assert [len(agent.incoming_calls) for agent in agents] == [1] * 20
