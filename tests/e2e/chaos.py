"""Chaos: phones on a bad line that die, lose their registration and come back, while calls go on.

Each phone says what it is doing; every tenth of a second that is laid beside what the switch says of its
agent.
"""

import asyncio
import random
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.peers.child import PeerError
from tests.peers.makers.call import DeskCall
from tests.peers.makers.desk import DeskPhone
from tests.peers.makers.wire import Wire
from tests.peers.makers.yealink import YEALINK
from tests.peers.switch import Switch

LOST = 0.05
"""Of all BYEs and ACKs, in both directions; none more than twice, or no limit in seconds could hold."""
TWICE = 2
LOOK_S = 0.1
LEAVES = "600200"
"""On whom agents hang up; any other caller does so himself."""
SECRET = "in-chaos"

Doing = Literal["talking", "ringing", "nothing", "dead"]
_SAID: dict[str, Doing] = {"on_call": "talking", "ringing": "ringing"}


class BadLine:
    """A phone's wire that loses some of its BYEs and ACKs."""

    def __init__(self, wire: Wire, chance: random.Random) -> None:
        self.transport, self.here = wire.transport, wire.here
        self._wire = wire
        self._chance = chance
        self._lost: dict[bytes, int] = {}

    @property
    def pongs(self) -> int:
        return self._wire.pongs

    def send(self, data: bytes) -> None:
        if not self.loses(data):
            self._wire.send(data)

    def close(self) -> None:
        self._wire.close()

    def loses(self, data: bytes) -> bool:
        """Whether this message, which goes or comes, is lost."""
        if not data.startswith((b"BYE ", b"ACK ")) or self._chance.random() >= LOST:
            return False
        self._lost[data] = self._lost.get(data, 0) + 1
        return self._lost[data] <= TWICE


class PhoneOnABadLine(DeskPhone):
    """`line` is set when it is plugged in."""

    line: BadLine | None = None

    def _take(self, data: bytes) -> None:
        if self.line is None or not self.line.loses(data):
            super()._take(data)


@dataclass
class Desk:
    """An agent's phone; `apart` are how long each time what it did and what the switch said differed."""

    user: str
    switch: Switch
    chance: random.Random
    phone: DeskPhone | None = None
    """None: it is dead."""
    calls: int = 0
    apart: list[tuple[float, str]] = field(default_factory=list)
    apart_dead: list[tuple[float, str]] = field(default_factory=list)
    _since: float | None = None
    _how: str = ""
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def plug_in(self) -> None:
        """It is there, and registers."""
        phone = await self._open.enter_async_context(
            PhoneOnABadLine.plugged_in(YEALINK, self.user, SECRET, self.switch.sip)
        )
        phone.wire = phone.line = BadLine(phone.wire, self.chance)
        phone.on_call = "answer"
        self.phone = phone
        self._start(self._answer(phone))
        await self.register()

    async def register(self) -> None:
        """The phone is there."""
        assert self.phone is not None
        response = await self.phone.register()
        assert response.status == 200, (response.status, response.headers.get("Retry-After"))

    async def die(self) -> None:
        """Without a word to anybody."""
        self.phone = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._open.aclose()

    async def _answer(self, phone: DeskPhone) -> None:
        """Take calls, and hang up on some."""
        while True:
            with suppress(PeerError):
                call = await phone.next_call(timeout_s=3600.0)
                self._start(self._serve(call))

    async def _serve(self, call: DeskCall) -> None:
        with suppress(PeerError):
            await call.until(lambda each: each.state in ("talking", "ended"))
        if call.state != "talking":
            return
        self.calls += 1
        if call.is_from(LEAVES):
            await asyncio.sleep(self.chance.uniform(0.2, 1.2))
            await call.hang_up()

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def doing(self) -> Doing:
        """By its own account."""
        if self.phone is None:
            return "dead"
        states = {call.state for call in self.phone.calls}
        self.phone.calls[:] = [call for call in self.phone.calls if call.state != "ended"]
        return (
            "talking" if "talking" in states else "ringing" if states & {"ringing", "calling"} else "nothing"
        )

    def compare(self, state: str) -> None:
        """With what the switch says now."""
        doing, said = self.doing(), _SAID.get(state, "nothing")
        same = said == ("nothing" if doing == "dead" else doing)
        dies = doing == "dead" and not self._how.startswith("dead")
        if same or dies:
            self.agreed()
        if not same and self._since is None:
            self._since, self._how = time.monotonic(), f"{doing}, but {state}"

    def agreed(self) -> None:
        """They agree now, the phone is killed, or nobody looks any more: what they differed in is over."""
        if self._since is not None:
            ends = self.apart_dead if self._how.startswith("dead") else self.apart
            ends.append((time.monotonic() - self._since, self._how))
            self._since = None


class Chaos:
    """So many desks at one switch."""

    def __init__(self, switch: Switch, desks: int, seed: int) -> None:
        self.switch = switch
        self.chance = random.Random(seed)
        users = [str(1001 + number) for number in range(desks)]
        self.desks = [Desk(user, switch, random.Random(f"{seed} {user}")) for user in users]
        self.deaths = self.lost_registrations = self.looks = 0
        self.longest_blink_s = 0.0
        """From one look to the next."""

    async def compare(self, over: asyncio.Event) -> None:
        """Every tenth of a second, until it is over."""
        agents = {f"agent{desk.user}": desk for desk in self.desks}
        last_s = time.monotonic()
        while not over.is_set():
            rows = await self.switch.items("/api/v1/agents")
            assert {row["name"] for row in rows} == agents.keys()
            for row in rows:
                agents[row["name"]].compare(row["state"])
            now_s = time.monotonic()
            self.looks, self.longest_blink_s = self.looks + 1, max(self.longest_blink_s, now_s - last_s)
            last_s = now_s
            await asyncio.sleep(LOOK_S)
        for desk in self.desks:
            desk.agreed()

    async def calm_down(self) -> None:
        """Every phone is there, and registered."""
        for desk in self.desks:
            if desk.phone is None:
                await desk.plug_in()
            else:
                await desk.register()

    async def trouble(self, every_s: float, dead_s: float) -> None:
        """Now and then a phone dies for a while, or loses its registration; until cancelled."""
        while True:
            await asyncio.sleep(every_s * self.chance.uniform(0.5, 1.5))
            desk = self.chance.choice(self.desks)
            if (phone := desk.phone) is None:
                continue
            if self.chance.random() < 0.5:
                self.deaths += 1
                await desk.die()
                await asyncio.sleep(dead_s * self.chance.uniform(0.5, 1.5))
                await desk.plug_in()
            else:
                self.lost_registrations += 1
                await phone.unregister()
                await asyncio.sleep(1.0)
                await desk.register()
