"""What is not as the grammar has it, on the wire: told to those we know, counted, and felt by no call."""

from collections.abc import Callable

from tests.e2e.centre import Tell, centre, ending, phone_and_carrier
from tests.peers import ports
from tests.peers.audio import hears
from tests.peers.raw import RawSip
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

ERRORS = "centralita_sip_parse_errors_total"
DAMAGE: dict[str, tuple[int, Callable[[str], str]]] = {
    "Repeated Header": (400, lambda text: text.replace("Content-Length:", "l: 0\r\nContent-Length:")),
    "Malformed CSeq": (400, lambda text: text.replace("CSeq: ", "CSeq: ٣")),
    "Control Character In Header": (
        400,
        lambda text: text.replace("Max-Forwards", "Subject: a\0b\r\nMax-Forwards"),
    ),
    "Malformed Header Line": (400, lambda text: text.replace("Max-Forwards:", "Max-Forwards\r\n :")),
    "Duplicate Parameter": (400, lambda text: text.replace(";rport", ";rport;rport")),
    "Too Many Vias": (483, lambda text: text.replace("From:", "Via: SIP/2.0/UDP a\r\n" * 70 + "From:")),
    "Header Too Long": (513, lambda text: text.replace("From:", f"Subject: {'a' * 8193}\r\nFrom:")),
    "Unsupported URI Scheme": (416, lambda text: text.replace("INVITE sip:", "INVITE soap.beep:")),
}


async def test_a_session_is_found_in_a_multipart_body(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre()) as switch:
        tell_on_failure("switch", switch.story)
        async with Sipp.running(
            "caller_offers_among_others", target=switch.sip, number="600", talk_ms=300
        ) as caller:
            tell_on_failure("caller", caller.story)
            assert (await caller.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "caller_hung_up", "caller")
        assert record["legs"][0]["packets_sent"] > 0


async def test_an_answer_is_found_in_a_multipart_body(tell_on_failure: Tell) -> None:
    async with (
        Sipp.running("callee_answers_among_others", number="600111222") as carrier,
        phone_and_carrier(tell_on_failure, carrier) as (switch, ana),
    ):
        call = await ana.dial(f"sip:0600111222@{switch.sip}", tone_hz=1000.0)
        await call.until("established")
        await call.listen(0.3)
        assert hears(await call.listen(0.5), 440.0)
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "caller_hung_up", "caller")
        assert (await carrier.finished()).failed == 0


async def test_a_message_that_breaks_the_grammar_is_told_and_counted(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre()) as switch, RawSip.open(switch.sip, address=ports.PHONES) as carrier:
        tell_on_failure("switch", switch.story)
        for reason, (status, damaged) in DAMAGE.items():
            await carrier.send(damaged(carrier.invite("600")))
            answer = await carrier.hear()
            assert answer.startswith(f"SIP/2.0 {status} {reason}".encode()), reason
            assert b"\0" not in answer
        metrics = await switch.metrics()
        counted = metrics.by(ERRORS, "reason")
        assert {reason: counted[reason] for reason in DAMAGE} == dict.fromkeys(DAMAGE, 1.0)
        assert counted["Too Many Contacts"] == 0.0, "each reason is there before it happens"
        assert await switch.items("/api/v1/calls") == []


async def test_a_stream_with_too_large_a_message_is_told(tell_on_failure: Tell) -> None:
    async with (
        Switch.running(**centre()) as switch,
        RawSip.open(switch.sip, "tcp", address=ports.PHONES) as carrier,
    ):
        tell_on_failure("switch", switch.story)
        await carrier.send(carrier.request("MESSAGE", "600").replace("Content-Length: 0", "l: 65537"))
        assert (await carrier.hear()).startswith(b"SIP/2.0 513 Message Too Large")
        counted = (await switch.metrics()).by(ERRORS, "reason")
        assert counted["Message Too Large"] == 1.0
