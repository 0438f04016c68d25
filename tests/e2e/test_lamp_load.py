"""Two thousand lamps beside a hundred talks: what they cost the talks, and whether they are true.

Forty phones with fifty keys each watch agents, queues and phones, renew every 15 s, and are told of ten
changes of state a second; each change is of forty lamps. `pytest -m long -s` prints the figures.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import numpy as np
import pytest

from tests.compiling import ensure_compiled

ensure_compiled("tests.bench")

from tests.bench.cores import process_cpu_s  # noqa: E402 - it has just been compiled
from tests.bench.rtp_load import Load  # noqa: E402 - it has just been compiled
from tests.e2e.centre import Tell  # noqa: E402
from tests.peers.raw_party import RawParty  # noqa: E402
from tests.peers.subscribers import Subscribers, Watch  # noqa: E402
from tests.peers.switch import Switch  # noqa: E402

TALKS = 50
"""Each of two legs."""
PHONES = [f"20{n:02}" for n in range(40)]
AGENTS = [f"agent{n:02}" for n in range(40)]
QUEUES = [f"queue{n}" for n in range(5)]
KEYS = (
    [("dialog", name) for name in AGENTS[:30]]
    + [("presence", name) for name in AGENTS[30:]]
    + [("dialog", name) for name in QUEUES]
    + [("dialog", name) for name in PHONES[:4]]
    + [("message-summary", "")]
)
"""Of each phone; its messages are its own."""
EXPIRES_S = 30
CHANGES_A_SECOND = 10
SETTLE_S, MEASURED_S = 2.0, 30.0
PACE_MS = 3.0
TOLD_MS, SLOW_MS = 200.0, 2000.0
"""Half of all lamps change within the first, on a machine however busy nearly all within the second."""
CALLER, CALLED = "127.77.3.1", "127.77.3.2"


def sections() -> dict[str, Any]:
    return {
        "sip": {"overload": {"loop_lag": 0}},
        "phones": {name: {"secret": f"secret-{name}"} for name in PHONES},
        "agents": {name: {"phone": phone} for name, phone in zip(AGENTS, PHONES, strict=True)},
        "queues": {name: {} for name in QUEUES},
        "trunks": {"near": {"accept_from": [f"{CALLER}/32"]}},
        "routes": [{"trunk": "near", "to": "*", "go": "trunk:far", "transit": True}],
    }


def ears(count: int) -> list[socket.socket]:
    """Of legs of the load; what connects them is the switch."""
    found = []
    for n in range(count):
        leg = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        leg.setblocking(False)
        leg.bind((CALLED if n % 2 else CALLER, 0))
        found.append(leg)
    return found


def description(leg: socket.socket) -> str:
    host, port = leg.getsockname()
    lines = ["v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0", f"m=audio {port} RTP/AVP 8"]
    return "".join(f"{line}\r\n" for line in lines)


def meet(leg: socket.socket, sdp: bytes) -> None:
    lines = sdp.decode().split("\r\n")
    host = next(line for line in lines if line.startswith("c=")).split()[-1]
    port = next(line for line in lines if line.startswith("m=")).split()[1]
    leg.connect((host, int(port)))


async def talk(caller: RawParty, called: RawParty, legs: Sequence[socket.socket]) -> None:
    """Two legs that hear each other."""
    call = await caller.dial("600100200", description(legs[0]))
    incoming = await called.invited()
    meet(legs[1], incoming.invite.body)
    await incoming.answer(description(legs[1]))
    meet(legs[0], (await call.answered()).body)


@asynccontextmanager
async def talks(switch: Switch, called: RawParty) -> AsyncIterator[Load]:
    """So many, and what they hear."""
    legs = ears(2 * TALKS)
    try:
        async with RawParty.open(switch.sip, CALLER) as caller:
            for n in range(TALKS):
                await talk(caller, called, legs[2 * n : 2 * n + 2])
            yield Load([leg.fileno() for leg in legs])
    finally:
        for leg in legs:
            leg.close()


async def measured(load: Load, switch: Switch, seconds: float) -> dict[str, float]:
    """Of the talks while it lasts: delay of packets and the switch's CPU."""
    load.start()
    await asyncio.to_thread(load.run, SETTLE_S, False)
    begun_s = process_cpu_s(switch.pid)
    await asyncio.to_thread(load.run, seconds, True)
    used_s = process_cpu_s(switch.pid) - begun_s
    await asyncio.to_thread(load.drain, 0.5)
    return {
        "sent": load.sent,
        "lost": load.lost,
        "p50_ms": load.delay_ms(0.5),
        "p99_ms": load.delay_ms(0.99),
        "latest_ms": load.delay_ms(1.0),
        "generator_p99_ms": load.lag_ms(0.99),
        "cpu_pct": round(100 * used_s / seconds, 1),
    }


class Changes:
    """Agents who pause and come back, by API, one after another; and how long their lamps took."""

    def __init__(self, switch: Switch, crowd: Subscribers) -> None:
        self.count = 0
        self.paused: set[str] = set()
        self.took_s: list[float] = []
        self._began: dict[str, float] = {}
        self._due: set[int] = set()
        """The watches that have not been told of the last change."""
        self._told = asyncio.Event()
        """Somebody was, since the last look."""
        self._switch = switch
        self._watches = crowd.watches
        crowd.heard = self._heard

    def shows(self, watch: Watch) -> bool:
        """Whether an agent's lamp is what it has to be."""
        paused = watch.subject in self.paused
        if watch.package == "presence":
            return (b"paused" in watch.body) is paused
        return (b"confirmed" in watch.body) is paused

    def wrong(self) -> list[str]:
        """The agents whose lamps are not what they have to be."""
        lamps = (watch for watch in self._watches if watch.subject in AGENTS)
        return [watch.subject for watch in lamps if not self.shows(watch)]

    async def all_shown(self, within_s: float = 10.0) -> None:
        """Until all lamps are what they have to be, or time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.wrong():
                    self._told.clear()
                    await self._told.wait()

    def _heard(self, watch: Watch, at: float) -> None:
        self._told.set()
        if id(watch) in self._due and self.shows(watch):
            self._due.discard(id(watch))
            self.took_s.append(at - self._began[watch.subject])

    async def go_on(self) -> None:
        while True:
            for agent in AGENTS:
                due = time.monotonic() + 1 / CHANGES_A_SECOND
                await self._change(agent)
                await asyncio.sleep(due - time.monotonic())

    async def _change(self, agent: str) -> None:
        self.paused ^= {agent}
        state = "paused" if agent in self.paused else "ready"
        self._due |= {id(watch) for watch in self._watches if watch.subject == agent}
        self._began[agent] = time.monotonic()
        answer = await self._switch.request("POST", f"/api/v1/agents/{agent}/state", json={"state": state})
        assert answer.status_code == 200, answer.text
        self.count += 1

    @property
    def missing(self) -> int:
        """How many lamps have not been told."""
        return len(self._due)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("phones", [0, len(PHONES)])
async def test_two_thousand_lamps_cost_the_talks_nothing(phones: int, tell_on_failure: Tell) -> None:
    """With none of them, to compare; with all."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(capture=False, serving=False, **sections()))
        tell_on_failure("switch", switch.log)
        called = await stack.enter_async_context(RawParty.open(switch.sip, CALLED))
        switch.config["trunks"]["far"] = {"proxy": f"sip:{called.here}", "options": 0, "max_cps": 1000}
        switch.write_config(switch.config)
        await switch.start()
        crowd = await stack.enter_async_context(Subscribers.open(switch.sip, secrets()))
        await settle(crowd, PHONES[:phones])
        load = await stack.enter_async_context(talks(switch, called))
        changes = Changes(switch, crowd)
        driving = asyncio.create_task(changes.go_on())
        told, renewed = sum(watch.told for watch in crowd.watches), crowd.renewals
        found = await measured(load, switch, MEASURED_S)
        told = sum(watch.told for watch in crowd.watches) - told
        driving.cancel()
        await changes.all_shown()
        repeated = (await switch.metrics()).by("centralita_sip_retransmissions_total", "method")
        print(f"{len(crowd.watches)} lamps", found, "repeated", repeated)
        print(
            f"{changes.count} changes, {told / MEASURED_S:.0f} NOTIFYs and"
            f" {(crowd.renewals - renewed) / MEASURED_S:.0f} renewals a second, {changes.missing} missing"
        )
    assert changes.wrong() == []
    for watch in crowd.watches:
        numbers = watch.versions
        assert numbers == list(range(len(numbers))), (watch.subject, numbers)
    assert found["lost"] == 0
    assert found["p99_ms"] < PACE_MS
    if phones:
        took_ms = 1000 * np.array(changes.took_s)
        print(f"told after {np.median(took_ms):.1f} ms, 99 % within {np.quantile(took_ms, 0.99):.1f} ms")
        assert np.median(took_ms) < TOLD_MS
        assert np.quantile(took_ms, 0.99) < SLOW_MS


def secrets() -> dict[str, str]:
    """Of the phones."""
    return {name: f"secret-{name}" for name in PHONES}


async def settle(crowd: Subscribers, phones: Sequence[str]) -> None:
    """All phones register, these watch: a key after another, so that their renewals are spread."""
    for phone in PHONES:
        await crowd.register(phone)
    begun = time.monotonic()
    for phone in phones:
        for package, subject in KEYS:
            await crowd.watch(phone, subject or phone, package, EXPIRES_S)
    print(f"{len(crowd.watches)} subscriptions in {time.monotonic() - begun:.1f} s")
