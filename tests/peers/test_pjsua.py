"""The second phone stack, proved against the first."""

from tests.e2e.centre import Tell
from tests.peers.audio import hears_only
from tests.peers.phone import Phones


async def test_pjsua2_calls_baresip_and_is_called(tell_on_failure: Tell) -> None:
    async with Phones.running("pjsua2") as pjsua, Phones.running() as baresip:
        tell_on_failure("pjsua2", pjsua.story)
        left, right = await pjsua.phone("left"), await baresip.phone("right")
        await right.behave("answer", tone_hz=1000)
        call = await left.dial(right.uri, tone_hz=440)
        theirs = await right.next_call()
        await call.until("established")
        await call.listen(0.5)
        assert hears_only(await call.listen(1.5), 1000, [440])
        assert hears_only(await theirs.listen(1.0), 440, [1000])
        await call.press("42#")
        await theirs.until(lambda leg: leg.digits == "42#")
        await theirs.hang_up()
        await call.until("closed")

        await left.behave("answer", tone_hz=700)
        back = await right.dial(left.uri)
        answered = await left.next_call()
        await back.until("established")
        await answered.hang_up()
        await back.until("closed")


async def test_pjsua2_holds_and_is_held(tell_on_failure: Tell) -> None:
    async with Phones.running("pjsua2") as pjsua, Phones.running() as baresip:
        tell_on_failure("pjsua2", pjsua.story)
        # One codec: with two, each stack re-INVITEs after the answer to settle on one: glare (491).
        left = await pjsua.phone("left", codecs=["PCMA"])
        right = await baresip.phone("right", codecs=["PCMA"])
        await right.behave("answer")
        # A call for each: baresip loses the direction of a hold that overtakes the ACK of theirs.
        for is_ours in (True, False):
            call = await left.dial(right.uri)
            theirs = await right.next_call()
            await call.until("established")
            await theirs.until("established")
            holding, held = (call, theirs) if is_ours else (theirs, call)
            await holding.hold()
            await held.until(lambda leg: leg.held_by_peer)
            await holding.resume()
            await held.until(lambda leg: not leg.held_by_peer)
            await call.hang_up()
            await theirs.until("closed")
