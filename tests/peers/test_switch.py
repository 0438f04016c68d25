"""The switch's wrapper: its configuration, metrics and ladder, and a switch that serves one call."""

from pathlib import Path

import pytest

from tests.e2e.centre import Tell
from tests.peers import ports
from tests.peers.audio import hears
from tests.peers.capture import Capture, ladder
from tests.peers.child import PeerError
from tests.peers.phone import Phones
from tests.peers.switch import Metrics, Switch, configuration

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


async def test_the_switch_serves_answers_and_tells(tell_on_failure: Tell) -> None:
    routes = [{"trunk": "carrier", "to": "602", "go": "tone"}]
    async with Switch.running(routes=routes) as switch, Phones.running() as phones:
        tell_on_failure("switch", switch.story)
        call = await (await phones.phone("caller")).dial(f"sip:602@{switch.sip}")
        await call.until("established")
        await call.listen(0.3)
        assert hears(await call.listen(1.0), 1004)
        await call.hang_up()
        [record] = await switch.ended_calls(1)
        assert record["legs"][0]["sip_call_id"] == call.sip_call_id
        assert (await switch.metrics()).value("centralita_calls_total", result="completed") == 1
        assert [row["result"] for row in switch.rows("SELECT result FROM calls")] == ["completed"]
        switch.drain()
        assert await switch.exited() == 0


async def test_a_phone_registers_with_its_secret_only(tell_on_failure: Tell) -> None:
    async with Switch.running(phones={"1001": {"secret": "s3cret"}}) as switch, Phones.running() as phones:
        tell_on_failure("switch", switch.story)
        phone = await phones.phone("1001", secret="s3cret", registrar=switch.sip)
        await phone.register()
        await switch.until(lambda: switch.items("/api/v1/phones"), lambda found: len(found) == 1)
        await phone.unregister()
    async with Switch.running(phones={"1001": {"secret": "s3cret"}}) as switch, Phones.running() as phones:
        stranger = await phones.phone("1001", secret="guessed", registrar=switch.sip)
        with pytest.raises(PeerError, match="401"):
            await stranger.register()


async def test_a_switch_that_cannot_start_says_why() -> None:
    with pytest.raises(PeerError, match=r"sip\.t7: unknown key"):
        async with Switch.running(sip={"t7": "1s"}):
            pass
    async with Switch.running(serving=False) as switch:
        switch.data_dir.mkdir(exist_ok=True)
        (switch.data_dir / "admin.token").touch()
        with pytest.raises(PeerError, match=r"server\.data_dir: .*admin\.token is empty: delete it"):
            await switch.start()
