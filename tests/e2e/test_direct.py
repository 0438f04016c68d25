"""Phone to phone and phone to trunk: the answer, the ringing, the refusal and its cause cross the switch."""

from tests.e2e.centre import SECRETS, Tell, centre
from tests.peers.audio import hears_only
from tests.peers.phone import Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


async def test_phones_dial_each_other(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre(2)) as switch, Phones.running() as desk, Phones.running() as other:
        tell_on_failure("switch", switch.story)
        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        luis = await other.phone("1002", SECRETS["1002"], switch.sip)
        await ana.register()
        await luis.register()
        call = await ana.dial(f"sip:1002@{switch.sip}", tone_hz=440.0)
        ringing = await luis.next_call()
        await call.until("ringing")
        await switch.agent_is("luis", "on_call")
        await ringing.answer()
        await call.until("established")
        await ringing.say(1000.0)
        await call.listen(0.5)
        assert hears_only(await call.listen(0.5), 1000.0, [440.0])
        assert hears_only(await ringing.listen(0.5), 440.0, [1000.0])
        await ringing.hang_up()
        await call.until("closed")
        (record,) = await switch.ended_calls(1)
        assert (record["direction"], record["from"], record["to"]) == ("internal", "1001", "1002")
        assert (record["result"], record["reason"]) == ("completed", "callee_hung_up")
        await switch.agent_is("luis", "ready")
        await switch.agent_is("ana", "ready")


async def test_a_phone_that_is_not_there_and_one_that_does_not_exist(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre(2)) as switch, Phones.running() as desk:
        tell_on_failure("switch", switch.story)
        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await ana.register()
        for number, status in (("1002", "480"), ("1099", "404"), ("9999", "404")):
            call = await ana.dial(f"sip:{number}@{switch.sip}")
            await call.until("closed")
            assert status in call.end_reason, number
        assert [call["reason"] for call in await switch.ended_calls(3)] == [
            "no_route",
            "not_found",
            "no_answer",
        ]


async def test_a_phone_calls_out_over_the_trunk(tell_on_failure: Tell) -> None:
    async with Sipp.running("agent_answers", talk_ms=500, number="600") as carrier:
        trunk = {
            "accept_from": ["127.0.0.9/32"],
            "proxy": f"sip:{carrier.address}:{carrier.port}",
            "options": 0,
        }
        sections = centre(1, trunks={"carrier": trunk})
        async with Switch.running(**sections) as switch, Phones.running() as desk:
            tell_on_failure("switch", switch.story)
            tell_on_failure("carrier", carrier.story)
            ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
            await ana.register()
            call = await ana.dial(f"sip:0600111222@{switch.sip}")
            await call.until("established")
            await call.hang_up()
            (record,) = await switch.ended_calls(1)
            assert (record["direction"], record["trunk"], record["to"]) == (
                "outbound",
                "carrier",
                "0600111222",
            )
            assert (record["result"], record["reason"]) == ("completed", "caller_hung_up")
            assert (await carrier.finished()).failed == 0


async def test_a_refusal_crosses_as_itself_with_its_cause(tell_on_failure: Tell) -> None:
    async with Phones.running() as carrier, Phones.running() as desk:
        await (await carrier.phone("600111222")).behave("reject")
        proxy = f"sip:{carrier.address}:{carrier.sip_port}"
        sections = centre(1, trunks={"carrier": {"accept_from": ["127.0.0.9/32"], "proxy": proxy}})
        async with Switch.running(**sections) as switch:
            tell_on_failure("switch", switch.story)
            ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
            await ana.register()
            call = await ana.dial(f"sip:0600111222@{switch.sip}")
            await call.until("closed")
            assert "486" in call.end_reason
            (record,) = await switch.ended_calls(1)
            assert (record["result"], record["reason"], record["ended_by"]) == ("rejected", "busy", "callee")
            assert [leg["sip_status"] for leg in record["legs"]] == [486, 486]
            assert record["legs"][0]["q850"] == 17
