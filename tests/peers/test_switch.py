"""What is provable of the switch's wrapper without a switch: its configuration, metrics and ladder."""

from pathlib import Path

import pytest

from tests.peers import ports
from tests.peers.capture import Capture, ladder
from tests.peers.phone import Phones
from tests.peers.switch import Metrics, configuration

SCRAPE = """\
# TYPE centralita_calls_total counter
centralita_calls_total{direction="inbound",result="answered"} 3.0
centralita_calls_total{direction="inbound",result="abandoned"} 1.0
centralita_calls_total{direction="outbound",result="answered"} 2.0
"""


def test_metrics_are_summed_over_what_is_not_asked() -> None:
    metrics = Metrics(SCRAPE)
    assert metrics.value("centralita_calls_total", result="answered") == 5
    assert metrics.by("centralita_calls_total", "direction") == {"inbound": 4, "outbound": 2}
    with pytest.raises(KeyError):
        metrics.value("centralita_calls_total", result="lost")


def test_a_section_keeps_what_it_does_not_name() -> None:
    config = configuration("127.9.9.9", 8080, Path("var"), {"sip": {"t1": "100ms"}, "trunks": {}})
    assert config["sip"]["listen"] == ["udp:127.9.9.9:5060", "tcp:127.9.9.9:5060"]
    assert config["sip"]["t1"] == "100ms"
    assert config["trunks"] == {}


async def test_the_ladder_tells_the_call() -> None:
    async with Phones.running() as left, Phones.running() as right:
        async with Capture.running(f"udp port {left.sip_port} or udp port {right.sip_port}") as wire:
            phone = await right.phone("right")
            await phone.behave("reject")
            call = await (await left.phone("left")).dial(phone.uri)
            await call.until("closed")
        told = ladder(wire.datagrams())
    for step in ("INVITE sip:right@", "SIP/2.0 180 Ringing", "SIP/2.0 486 Busy Here", "ACK sip:right@"):
        assert step in told


def test_own_addresses_are_free_and_differ() -> None:
    addresses = {ports.own_address() for _ in range(20)}
    assert len(addresses) == 20
    assert all(address.startswith("127.") for address in addresses)
