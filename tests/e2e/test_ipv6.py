"""Signalling on IPv6 beside IPv4: a carrier as caller and callee, a phone that registers."""

from typing import Any, Literal

import pytest

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers import ports
from tests.peers.raw import RawCall, RawSip
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

V6 = "::1"
SDP = "v=0\r\no=- 1 1 IN IP6 {0}\r\ns=-\r\nc=IN IP6 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 8\r\n"


def sections(port: int, carrier: int, **trunk: Any) -> dict[str, Any]:
    address = ports.own_address()
    trunk = {"accept_from": ["::1/128"], "proxy": f"sip:[{V6}]:{carrier}", **trunk}
    return {
        "address": address,
        **centre(
            1,
            sip={
                "listen": [
                    f"udp:{address}:5060",
                    f"tcp:{address}:5060",
                    f"udp:[{V6}]:{port}",
                    f"tcp:[{V6}]:{port}",
                ]
            },
            media={"listen": "::", "ports": "10300-10399"},
            trunks={"carrier": trunk},
        ),
    }


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_a_carrier_calls_over_ipv6(tell_on_failure: Tell, transport: str) -> None:
    port, carrier = ports.free_port(V6), ports.free_port(V6)
    async with Switch.running(**sections(port, carrier)) as switch:
        tell_on_failure("switch", switch.story)
        async with Sipp.running(
            "caller_over_ipv6",
            target=f"[{V6}]:{port}",
            number="600",
            talk_ms=300,
            address=V6,
            port=carrier,
            transport=transport,
        ) as caller:
            tell_on_failure("carrier", caller.story)
            outcome = await caller.finished()
        assert (outcome.successful, outcome.failed) == (1, 0)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_carrier_is_called_over_ipv6(tell_on_failure: Tell, transport: Literal["udp", "tcp"]) -> None:
    """By a phone that registered over IPv6 as well."""
    port, carrier = ports.free_port(V6), ports.free_port(V6)
    proxy = f"sip:[{V6}]:{carrier};transport={transport}"
    async with (
        Sipp.running("callee_over_ipv6", address=V6, port=carrier, transport=f"{transport[0]}1") as callee,
        Switch.running(**sections(port, carrier, proxy=proxy, options="0")) as switch,
        RawSip.open(f"[{V6}]:{port}", transport, V6) as phone,
    ):
        tell_on_failure("switch", switch.story)
        tell_on_failure("carrier", callee.story)
        own = "sip:1001@centralita.example"
        register = phone.request("REGISTER", "", own, ["Expires: 600"], to=own)
        challenge = await phone.ask(register)
        registered = await phone.ask(phone.prove(register, challenge, "1001", SECRETS["1001"]))
        assert registered.status == 200
        assert f"<sip:caller@[{V6}]:{phone.port}" in (registered.headers.get("Contact") or "")
        (shown,) = await switch.items("/api/v1/phones")
        assert shown["contacts"][0]["source"] == f"[{V6}]:{phone.port}"

        body = SDP.format(phone.host, 9000)
        invite = phone.request("INVITE", f"0{NUMBER}", own, body=body)
        challenge = await phone.ask(invite)
        proven = phone.prove(invite, challenge, "1001", SECRETS["1001"])
        answered = await phone.ask(proven)
        assert answered.status == 200
        assert answered.body.decode().count("IN IP6 ::1") == 2
        call = RawCall(phone, proven, answered)
        await call.acknowledge()
        assert (await call.hang_up()).status == 200
        outcome = await callee.finished()
        assert (outcome.successful, outcome.failed) == (1, 0)
