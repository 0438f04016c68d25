"""Peers that connect and do nothing, or as slowly as they can: nobody else may feel them."""

import asyncio
import contextlib
import resource
import socket
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.e2e.centre import SECRETS, Tell, centre
from tests.peers.raw import RawSip
from tests.peers.switch import Switch

OPEN = "centralita_sip_connections"
CLOSED = "centralita_sip_connections_closed_total"
STRANGERS = 2000
OF_ADDRESS = 80
MEASURED_S = 40.0
"""Longer than any of them is borne: they are cut off and come again."""
P99_S = 0.05
TRICKLE = b"INVITE sip:x SIP/2.0\r\n" + b"X-Slow: y\r\n" * 1000


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_two_thousand_idle_and_slow_connections_hurt_nobody(tell_on_failure: Tell) -> None:
    sections = centre(1, trunks={"carrier": {"accept_from": ["127.0.0.1/32"], "proxy": "sip:127.0.0.9"}})
    async with Switch.running(**sections) as switch, RawSip.open(switch.sip) as carrier:
        tell_on_failure("switch", switch.story)
        async with strangers(switch.address, STRANGERS):
            await switch.until(
                switch.metrics, lambda seen: seen.value(OPEN, transport="tcp") > 0.9 * STRANGERS, 30.0
            )
            until = time.monotonic() + MEASURED_S
            by_udp, by_tcp = await asyncio.gather(pinging(carrier, until), registering(switch.sip, until))
        metrics = await switch.metrics()
        for reason in ("stranger", "slow"):
            assert metrics.value(CLOSED, transport="tcp", reason=reason) > 0
        for name, times in (("OPTIONS by UDP", by_udp), ("REGISTER by TCP", by_tcp)):
            print(f"{name}: {len(times)}, p99 {1000 * p99(times):.1f} ms, most {1000 * max(times):.1f} ms")
            assert p99(times) < P99_S, name


def p99(times: Sequence[float]) -> float:
    return sorted(times)[int(0.99 * len(times))]


async def pinging(carrier: RawSip, until: float) -> list[float]:
    """The answering times of a carrier's OPTIONS, fifty in a second."""
    times = []
    while (start := time.monotonic()) < until:
        assert (await carrier.ask(carrier.request("OPTIONS", "600"))).status == 200
        times.append(time.monotonic() - start)
        await asyncio.sleep(0.02)
    return times


async def registering(target: str, until: float) -> list[float]:
    """How long a phone that comes anew takes, from its connection to its 200."""
    times = []
    own = "sip:1001@centralita.example"
    while (start := time.monotonic()) < until:
        async with RawSip.open(target, "tcp", "127.0.0.2") as phone:
            register = phone.request("REGISTER", "", own, ["Expires: 600"], to=own)
            challenge = await phone.ask(register)
            proven = phone.prove(register, challenge, "1001", SECRETS["1001"])
            assert (await phone.ask(proven)).status == 200
        times.append(time.monotonic() - start)
        await asyncio.sleep(0.05)
    return times


@contextlib.asynccontextmanager
async def strangers(address: str, count: int) -> AsyncIterator[None]:
    """Half of them say nothing, half say a word a second and never come to an end; all of them come back."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * count), hard))
    tasks = [asyncio.create_task(stranger(address, number)) for number in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def stranger(address: str, number: int) -> None:
    loop = asyncio.get_running_loop()
    source = f"127.200.0.{1 + number // OF_ADDRESS}"
    while True:
        await asyncio.sleep((number % 100) / 50)
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.setblocking(False)
            sock.bind((source, 0))
            await loop.sock_connect(sock, (address, 5060))
            if number % 2:
                await loop.sock_recv(sock, 1)
                continue
            for octet in TRICKLE:
                await loop.sock_sendall(sock, bytes([octet]))
                await asyncio.sleep(1.0)
