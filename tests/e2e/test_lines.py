"""The test lines: echo gives back what it hears, tone is 1004 Hz."""

from tests.e2e.centre import Tell, centre
from tests.peers.audio import hears, hears_only
from tests.peers.phone import Phones
from tests.peers.switch import Switch


async def test_echo_and_tone(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre()) as switch, Phones.running() as phones:
        tell_on_failure("switch", switch.story)
        carrier = await phones.phone("carrier")
        call = await carrier.dial(f"sip:600@{switch.sip}", tone_hz=440.0)
        await call.until("established")
        await call.listen(0.5)
        assert hears_only(await call.listen(0.5), 440.0, [1004.0])
        await call.hang_up()

        call = await carrier.dial(f"sip:602@{switch.sip}")
        await call.until("established")
        await call.listen(0.5)
        assert hears(await call.listen(0.5), 1004.0)
        await call.hang_up()

        records = await switch.ended_calls(2)
        assert [(record["to"], record["result"], record["reason"]) for record in records] == [
            ("602", "completed", "caller_hung_up"),
            ("600", "completed", "caller_hung_up"),
        ]
