"""Carriers by their names: SRV priorities and failover, from a name server on loopback (RFC 3263)."""

from contextlib import AsyncExitStack
from typing import Any

from tests.e2e.centre import Tell
from tests.peers.carrier import Carrier
from tests.peers.nameserver import NameServer
from tests.peers.raw import SDP, RawSip
from tests.peers.switch import Switch


async def call(switch: Switch) -> None:
    """Call a number of the carrier's, who answers."""
    async with RawSip.open(switch.sip) as caller:
        answered = await caller.dial("600111222", SDP.format(caller.host, 9000))
        await answered.acknowledge()


async def test_srv_leads_to_the_preferred_server_and_after_its_death_to_the_next(
    tell_on_failure: Tell,
) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Carrier.running("tcp"))
        second = await stack.enter_async_context(Carrier.running("tcp"))
        dns = await stack.enter_async_context(
            NameServer.running(
                {
                    "carrier.example. NAPTR": ['10 10 "s" "SIP+D2T" "" _sip._tcp.carrier.example.'],
                    "_sip._tcp.carrier.example. SRV": ["20 0 5060 two.example.", "10 0 5060 one.example."],
                    "one.example. A": [first.host],
                    "two.example. A": [second.host],
                }
            )
        )
        sections: dict[str, Any] = {
            "sip": {"t1": "50ms"},
            "trunks": {
                "origin": {"accept_from": ["127.0.0.1/32"]},
                "out": {"proxy": "sip:carrier.example"},
            },
            "routes": [{"trunk": "origin", "to": "*", "go": "trunk:out", "transit": True}],
        }
        switch = await stack.enter_async_context(
            Switch.running(environment={"CENTRALITA_NAMESERVER": dns.address}, **sections)
        )
        tell_on_failure("switch", switch.story)

        async def places() -> list[str]:
            (row,) = [row for row in await switch.items("/api/v1/trunks") if row["name"] == "out"]
            return [target["place"] for target in row["targets"]]

        await switch.until(places, lambda found: len(found) == 2)
        await call(switch)
        assert (len(first.heard.calls), len(second.heard.calls)) == (1, 0)
        assert first.heard.calls[0].uri == "sip:600111222@carrier.example"
        asked = len(dns.asked)
        first.kill()
        await call(switch)
        assert (len(first.heard.calls), len(second.heard.calls)) == (1, 1)
        assert len(dns.asked) == asked, "dialling asks nobody"
