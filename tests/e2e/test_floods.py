"""Floods without credentials: the calls in progress keep their pace, phones register, memory comes back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.centre import SECRETS, Tell, centre
from tests.peers import ports
from tests.peers.flood import Flood
from tests.peers.listener import Listener
from tests.peers.raw import SDP, RawSip
from tests.peers.switch import Switch

TALKS = 10


def walled(carrier: str) -> dict[str, Any]:
    """A centre whose carrier is at one address, so that those who flood are nobody."""
    trunk = {"accept_from": [f"{carrier}/32"]}
    sections = centre(2, trunks={"carrier": trunk}, media={"silence_timeout": "0"})
    return sections | {"routes": [{"trunk": "carrier", "to": "602", "go": "tone"}]}


def resident_mb(pid: int) -> float:
    """Memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def registers(switch: Switch, phone: RawSip) -> float:
    """How long a phone takes to register that repeats what is lost as RFC 3261 says."""
    began = time.monotonic()
    there = f"sip:1001@{switch.sip}"
    request = phone.request("REGISTER", "", there, to=there)
    request = phone.prove(request, await repeating(phone, request), "1001", SECRETS["1001"])
    assert (await repeating(phone, request)).status == 200
    return time.monotonic() - began


async def repeating(phone: RawSip, request: str) -> Any:
    """The answer to a request over UDP (section 17.1.2.1: after T1, then twice as long, up to T2)."""
    waiting = asyncio.create_task(phone.ask(request, 32.0))
    for wait_s in (0.5, 1.0, 2.0, 4.0):
        if (await asyncio.wait([waiting], timeout=wait_s))[0]:
            break
        await phone.send(request)
    return await waiting


@asynccontextmanager
async def listening(switch: Switch, carrier: RawSip, calls: int) -> AsyncIterator[list[Listener]]:
    """So many callers who hear a tone."""
    ears = [Listener(carrier.host) for _ in range(calls)]
    talks = [await carrier.dial("602", SDP.format(carrier.host, ear.port)) for ear in ears]
    for talk in talks:
        await talk.acknowledge()
    try:
        yield ears
    finally:
        for talk, ear in zip(talks, ears, strict=True):
            assert (await talk.hang_up()).status == 200
            ear.close()


@pytest.mark.parametrize(("method", "addresses"), [("REGISTER", 400), ("INVITE", 20)])
async def test_a_flood_is_answered_only_so_much_and_forgotten(
    tell_on_failure: Tell, method: str, addresses: int
) -> None:
    async with AsyncExitStack() as stack:
        carrier_address = ports.own_address()
        switch = await stack.enter_async_context(Switch.running(**walled(carrier_address)))
        tell_on_failure("switch", switch.log)
        carrier = await stack.enter_async_context(RawSip.open(switch.sip, address=carrier_address))
        desk = await stack.enter_async_context(RawSip.open(switch.sip, address=ports.own_address()))
        async with listening(switch, carrier, 1) as (ear,):
            async with Flood.running(switch.sip, method, per_s=2500, addresses=addresses) as flood:
                dropped = "centralita_sip_unread_total"
                await switch.until(switch.metrics, lambda seen: seen.value(dropped, transport="udp") > 0)
                await registers(switch, desk)
            assert len(ear.lateness_s()) > 10, "the tone goes on"
        metrics = await switch.metrics()
        assert metrics.value("centralita_sip_transactions_active") <= 4, "those of the call and of the phone"
        assert metrics.value("centralita_sip_dialogs_active") <= 1
        assert metrics.value("centralita_sip_strangers_total") == 0
        answered = metrics.value(
            "centralita_sip_messages_total", direction="out", method=method, code="401", transport="udp"
        )
        assert 0 < answered < flood.sent
        assert [call["to"] for call in await switch.ended_calls(1)] == ["602"]


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("method", "per_s", "addresses"), [("REGISTER", 5000, 1000), ("INVITE", 1000, 20), ("INVITE", 5000, 1)]
)
async def test_calls_keep_their_pace_in_a_flood(
    tell_on_failure: Tell, method: str, per_s: int, addresses: int
) -> None:
    """The figures of the wall, twenty seconds each."""
    async with AsyncExitStack() as stack:
        carrier_address = ports.own_address()
        switch = await stack.enter_async_context(Switch.running(capture=False, **walled(carrier_address)))
        tell_on_failure("switch", switch.log)
        carrier = await stack.enter_async_context(RawSip.open(switch.sip, address=carrier_address))
        async with listening(switch, carrier, TALKS) as ears:
            before_mb = resident_mb(switch.pid)
            took_s, peak_mb = [], before_mb
            async with Flood.running(switch.sip, method, per_s=per_s, addresses=addresses) as flood:
                until = time.monotonic() + 20.0
                while time.monotonic() < until:
                    async with RawSip.open(switch.sip, address=ports.own_address()) as desk:
                        took_s.append(await registers(switch, desk))
                    peak_mb = max(peak_mb, resident_mb(switch.pid))
                    await asyncio.sleep(0.5)
            lateness_s = sorted(late for ear in ears for late in ear.lateness_s())
        after_mb = resident_mb(switch.pid)
        p99_s = lateness_s[len(lateness_s) * 99 // 100]
        print(
            f"\n{method} {flood.sent} sent, {flood.late_s:.3f} s late; packets p99 {p99_s * 1000:.2f} ms, "
            f"max {lateness_s[-1] * 1000:.1f} ms; registered in {max(took_s):.3f} s at most; "
            f"memory {before_mb:.1f} MB, peak {peak_mb:.1f}, after {after_mb:.1f}"
        )
        assert flood.sent > 15 * per_s
        assert len(lateness_s) > TALKS * 800
        assert p99_s < 0.003
        assert max(took_s) < 1.0
        assert peak_mb - before_mb < 50
        assert after_mb - before_mb < 30
