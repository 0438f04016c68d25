"""TLS: phones that call each other, a carrier both ways, client certificates, and a renewal in a call."""

from pathlib import Path

import pytest

from tests.e2e.centre import SECRETS, Tell
from tests.e2e.wiring import Wiring
from tests.peers import ports
from tests.peers.audio import hears_only
from tests.peers.phone import Phones
from tests.peers.raw import SDP
from tests.peers.stream_party import StreamParty
from tests.peers.switch import Switch


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    return Wiring(tmp_path)


async def test_phones_call_each_other_over_tls(wiring: Wiring, tell_on_failure: Tell) -> None:
    async with Switch.running(**wiring.sections(2)) as switch, Phones.running() as desk:
        tell_on_failure("switch", switch.story)
        tell_on_failure("phones", desk.story)
        ana = await desk.phone("1001", SECRETS["1001"], wiring.target, transport="tls")
        luis = await desk.phone("1002", SECRETS["1002"], wiring.target, transport="tls")
        await ana.register()
        await luis.register()
        call = await ana.dial(f"sip:1002@{wiring.target};transport=tls", tone_hz=440.0)
        ringing = await luis.next_call()
        await ringing.answer()
        await call.until("established")
        await ringing.say(1000.0)
        await call.listen(0.5)
        assert hears_only(await call.listen(0.3), 1000.0, [440.0])
        await ringing.hang_up()
        await call.until("closed")
        (record,) = await switch.ended_calls(1)
        assert (record["direction"], record["result"]) == ("internal", "completed")
        metrics = await switch.metrics()
        assert metrics.value("centralita_registrations", transport="tls") == 2
        assert metrics.value("centralita_sip_connections", transport="tls") >= 1


async def test_a_carrier_over_tls_as_caller_and_as_callee(wiring: Wiring, tell_on_failure: Tell) -> None:
    """Its client certificate makes it the trunk; ours must have the name that its configuration says."""
    async with Phones.running() as desk, wiring.office(tell_on_failure) as (switch, carrier):
        inbound = await carrier.dial("600", SDP.format(carrier.host, 9000))
        response = await inbound.answered()
        assert f"<sip:{wiring.target};transport=tls>" in (response.headers.get("Contact") or "")
        assert (await inbound.ask("BYE")).status == 200

        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await ana.register()
        call = await ana.dial(f"sip:0600111222@{switch.sip}")
        outbound = await carrier.invited()
        assert outbound.invite.top_via.transport == "TLS"
        assert "alias" in outbound.invite.top_via.params
        await outbound.answer(SDP.format(carrier.host, 9000))
        await call.until("established")
        await call.hang_up()
        await outbound.expect("BYE")
        first, second = await switch.ended_calls(2)
        assert {first["direction"], second["direction"]} == {"inbound", "outbound"}
        assert {first["trunk"], second["trunk"]} == {"carrier"}


@pytest.mark.parametrize("certificate", ["none", "another's"])
async def test_without_the_right_client_certificate_it_is_a_stranger(
    wiring: Wiring, tell_on_failure: Tell, certificate: str
) -> None:
    wiring.carriers = wiring.authority.issue("sip.other.example", ports.PHONES)
    async with wiring.office(tell_on_failure, certificate == "another's") as (switch, carrier):
        await carrier.dial("600", SDP.format(carrier.host, 9000))
        await switch.until(
            switch.metrics,
            lambda seen: seen.value("centralita_sip_strangers_total", transport="tls") == 1,
        )
        assert carrier.heard == []


async def test_a_proxy_whose_certificate_is_anothers_gets_no_call(
    wiring: Wiring, tell_on_failure: Tell
) -> None:
    """RFC 5922 section 7: the configuration names the address, the certificate does not."""
    wiring.carriers = wiring.authority.issue("sip.other.example")
    async with Phones.running() as desk, wiring.office(tell_on_failure) as (switch, carrier):
        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await ana.register()
        call = await ana.dial(f"sip:0600111222@{switch.sip}")
        await call.until("closed")
        assert carrier.heard == []
        closed = "centralita_sip_connections_closed_total"
        metrics = await switch.metrics()
        assert metrics.value(closed, transport="tls", reason="certificate") >= 1


async def test_certificates_are_renewed_in_the_middle_of_a_call(
    wiring: Wiring, tell_on_failure: Tell
) -> None:
    async with wiring.office(tell_on_failure) as (switch, carrier):
        call = await carrier.dial("600", SDP.format(carrier.host, 9000))
        await call.answered()
        before = carrier.connections[-1]
        wiring.authority.issue("renewed.example", file="switch")
        await switch.reload()
        await switch.until(
            lambda: shown(carrier),
            lambda names: names == ["renewed.example"],
        )
        assert carrier.connections == [before], "what is open goes on"
        assert (await call.ask("BYE")).status == 200
        (record,) = await switch.ended_calls(1)
        assert (record["result"], record["reason"]) == ("completed", "caller_hung_up")


async def shown(carrier: StreamParty) -> list[str]:
    """The names that the switch shows to a new connection."""
    writer = await carrier.connect()
    certificate = writer.get_extra_info("peercert")
    writer.close()
    carrier.connections.remove(writer)
    return [value for kind, value in certificate["subjectAltName"] if kind == "DNS"]
