"""A phone calls out over a trunk whose far end speaks before it answers: announcements, ringback in band."""

from tests.e2e.centre import SECRETS, Tell, centre, ending
from tests.peers.audio import hears
from tests.peers.phone import Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


async def test_what_is_said_before_the_answer_is_heard(tell_on_failure: Tell) -> None:
    async with Sipp.running("callee_speaks_early", ring_ms=2000, number="600111222") as carrier:
        trunk = {"accept_from": ["127.0.0.9/32"], "proxy": f"sip:{carrier.address}:{carrier.port}"}
        async with Switch.running(**centre(1, trunks={"carrier": trunk})) as switch, Phones.running() as desk:
            tell_on_failure("switch", switch.story)
            tell_on_failure("carrier", carrier.story)
            ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
            await ana.register()
            call = await ana.dial(f"sip:0600111222@{switch.sip}", tone_hz=1000.0)
            await call.until("ringing")
            await call.listen(0.5)
            assert hears(await call.listen(0.5), 440.0)
            assert "established" not in call.reached
            (now,) = await switch.items("/api/v1/calls?state=active")
            assert now["connected_at"] is None

            await call.until("established")
            assert hears(await call.listen(0.5), 440.0)
            await call.hang_up()
            (record,) = await switch.ended_calls(1)
            assert ending(record) == ("completed", "caller_hung_up", "caller")
            assert record["direction"] == "outbound"
            assert record["talk_s"] < 1.5, "from the answer, not from the first word"
            assert (await carrier.finished()).failed == 0
            assert "Max-Forwards: 69" in carrier.story(), "one less than the phone's"


async def test_who_gives_up_before_the_answer_stops_it(tell_on_failure: Tell) -> None:
    async with Phones.running() as carrier, Phones.running() as desk:
        far_end = await carrier.phone("600111222")
        proxy = f"sip:{carrier.address}:{carrier.sip_port}"
        sections = centre(1, trunks={"carrier": {"accept_from": ["127.0.0.9/32"], "proxy": proxy}})
        async with Switch.running(**sections) as switch:
            tell_on_failure("switch", switch.story)
            ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
            await ana.register()
            call = await ana.dial(f"sip:0600111222@{switch.sip}")
            ringing = await far_end.next_call()
            await call.until("ringing")
            await call.hang_up()
            await ringing.until("closed")
            (record,) = await switch.ended_calls(1)
            assert ending(record) == ("abandoned", "caller_hung_up", "caller")
            assert [leg["sip_status"] for leg in record["legs"]] == [487, 487]
