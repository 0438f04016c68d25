"""A shift: agents who come to any phone and do all their work with its keys, callers, and a colleague behind.

Everybody keeps his own log; when the shift is over it is laid beside the switch's books.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

from tests.e2e.centre import NUMBER, left_over
from tests.e2e.office import MAKERS, SECRET, over
from tests.peers.audio import hears_only
from tests.peers.child import PeerError
from tests.peers.makers.call import DeskCall
from tests.peers.makers.desk import DeskPhone
from tests.peers.makers.keys import Keys
from tests.peers.raw_party import RawOutgoing, RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice

BACK_OFFICE = "2001"
CALLER_HZ, AGENT_HZ, BACK_OFFICE_HZ = 440.0, 1000.0, 700.0
PATIENCE_S = 120.0
LOOK_S = 0.2
WRAP_UP_S = 0.3


class Plan(Enum):
    """How a call is to end."""

    AGENT_HANGS_UP = 0
    CALLER_HANGS_UP = 1
    TRANSFERRED = 2


def plan(caller: str) -> Plan:
    """A third each."""
    return Plan(int(caller) % 3)


async def dialled(party: RawParty, number: str, voice: Voice) -> RawOutgoing:
    """Call until the switch takes the call, which it may be too busy to do: 503, and again after 5 s."""
    while True:
        call = await party.dial(NUMBER, voice.sdp(), from_=f"<sip:{number}@{party.here}>")
        try:
            voice.meet((await call.answered()).body.decode())
        except PeerError:
            assert (await call.refused()).status == 503
        else:
            return call


async def spoken_to(voice: Voice, hz: float) -> None:
    """Until that is heard, and not music."""
    async with asyncio.timeout(PATIENCE_S):
        while not hears_only(await voice.listen(0.2), hz, [AGENT_HZ, BACK_OFFICE_HZ]):
            pass


@dataclass(frozen=True)
class Size:
    """How long a shift is; `seed` of all that is left to chance in it."""

    agents: int
    calls: int
    seed: int = 1
    pace: float = 1.0
    """How much longer everything takes than in the shortest shift."""


@dataclass
class Agent:
    """At a phone, with what was done there: `talks` are the calls that he answered."""

    name: str
    number: str
    pin: str
    phone: DeskPhone
    chance: random.Random
    pace: float
    keys: Keys | None = None
    talks: list[DeskCall] = field(default_factory=list)
    transferred: list[DeskCall] = field(default_factory=list)

    async def a_while(self, seconds: float) -> None:
        """A person's pace: a while that differs each time."""
        await asyncio.sleep(seconds * self.pace * self.chance.uniform(0.5, 1.5))


class Shift:
    """One, with all who were there."""

    def __init__(self, switch: Switch, size: Size, stack: AsyncExitStack) -> None:
        self.switch = switch
        self.size = size
        self.agents: list[Agent] = []
        self.seen: set[tuple[str, str, str]] = set()
        """Agent, state and since when, as the API has said it."""
        self._stack = stack
        self._left = size.calls
        self._voices: list[Voice] = []

    @classmethod
    @asynccontextmanager
    async def begun(cls, size: Size) -> AsyncIterator[Self]:
        """All phones are registered, and nobody is there; at the end nothing is left over."""
        async with AsyncExitStack() as stack:
            switch = await stack.enter_async_context(Switch.running(**sections(size), capture=False))
            shift = cls(switch, size, stack)
            await shift._phones()
            yield shift
            await switch.until(lambda: left_over(switch), over)

    async def _phones(self) -> None:
        makers, users = list(MAKERS.values()), [str(1001 + n) for n in range(self.size.agents)]
        phones = [
            await self._stack.enter_async_context(
                DeskPhone.plugged_in(
                    makers[n % len(makers)],
                    user,
                    SECRET,
                    self.switch.sip,
                    hz=BACK_OFFICE_HZ if user == BACK_OFFICE else AGENT_HZ,
                )
            )
            for n, user in enumerate([*users, BACK_OFFICE])
        ]
        for phone in phones:
            assert (await phone.register()).status == 200
        back_office = phones.pop()
        back_office.on_call = "answer"
        random.Random(self.size.seed).shuffle(phones)
        for n, phone in enumerate(phones):
            chance = random.Random(f"{self.size.seed} {n}")
            self.agents.append(
                Agent(f"agent-{n}", str(501 + n), str(4000 + n), phone, chance, self.size.pace)
            )
            self._voices.append(await self._stack.enter_async_context(Voice.speaking(CALLER_HZ)))

    async def work(self) -> None:
        """From the first login to the last logout."""
        await asyncio.gather(*(self._come(agent) for agent in self.agents))
        over = asyncio.Event()
        async with asyncio.TaskGroup() as work:
            work.create_task(self._look(over))
            for agent in self.agents:
                work.create_task(self._serve(agent, over))
            async with asyncio.TaskGroup() as callers:
                for voice in self._voices:
                    callers.create_task(self._call(voice))
            over.set()
        await asyncio.gather(*(self._go(agent) for agent in self.agents))

    async def _look(self, over: asyncio.Event) -> None:
        """What the API says of everybody, now and then."""
        while not over.is_set():
            agents = await self.switch.items("/api/v1/agents")
            self.seen |= {(each["name"], each["state"], each["since"]) for each in agents}
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await over.wait()

    # Callers

    async def _call(self, voice: Voice) -> None:
        """One caller after another at one line, until the shift has had its calls."""
        while self._left:
            self._left -= 1
            number = f"+3460{self._left:07d}"
            async with RawParty.open(self.switch.sip) as party:
                call = await dialled(party, number, voice)
                if plan(number) is Plan.AGENT_HANGS_UP:
                    await call.respond(await party.request("BYE", PATIENCE_S), 200)
                    continue
                await spoken_to(voice, AGENT_HZ if plan(number) is Plan.CALLER_HANGS_UP else BACK_OFFICE_HZ)
                await call.ask("BYE")

    # Agents

    async def _come(self, agent: Agent) -> None:
        """By the soft key where the phone has one, else by code."""
        if "as-feature-event" in agent.phone.maker.packages and agent.chance.random() < 0.5:
            agent.keys = await Keys.lit(agent.phone)
            await agent.keys.set_agent("loggedOn", agent=agent.number, pin=agent.pin)
        else:
            await agent.phone.dial_code(f"*60*{agent.number}*{agent.pin}#")
        await self.switch.agent_is(agent.name, "ready")

    async def _go(self, agent: Agent) -> None:
        if agent.keys is not None:
            await agent.keys.set_agent("loggedOff")
        else:
            await agent.phone.dial_code("*61")
        await self.switch.agent_is(agent.name, "offline")
        if agent.keys is not None:
            await agent.keys.features.renew(0)
            await agent.keys.hosting.renew(0)

    async def _serve(self, agent: Agent, over: asyncio.Event) -> None:
        while not over.is_set():
            call = await self._next_call(agent, over)
            if call is not None:
                await self._talk(agent, call)
                if agent.chance.random() < 0.2:
                    await self._pause(agent, over)

    async def _next_call(self, agent: Agent, over: asyncio.Event, within_s: float = 600.0) -> DeskCall | None:
        """The next one that rings; None when the shift is over, or nothing rings in that time."""
        rings = asyncio.create_task(agent.phone.next_call(timeout_s=600.0))
        ends = asyncio.create_task(over.wait())
        await asyncio.wait((rings, ends), timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        ends.cancel()
        if not rings.done():
            rings.cancel()
            return None
        return await rings

    async def _talk(self, agent: Agent, call: DeskCall) -> None:
        await call.until("ringing")
        await agent.a_while(0.1)
        await call.answer()
        agent.talks.append(call)
        await agent.a_while(0.3)
        await self._part(agent, call)
        await call.until("ended")

    async def _part(self, agent: Agent, call: DeskCall) -> None:
        """By the caller's plan."""
        match plan(call.dialog.remote.partition("sip:")[2].partition("@")[0]):
            case Plan.AGENT_HANGS_UP:
                await call.hang_up()
            case Plan.TRANSFERRED:
                agent.transferred.append(call)
                await self._transfer(agent, call)

    async def _transfer(self, agent: Agent, call: DeskCall) -> None:
        """Half of them after a word with the colleague."""
        if agent.chance.random() < 0.5:
            await call.transfer(BACK_OFFICE)
            return
        await call.hold()
        consulted = await agent.phone.get_through(BACK_OFFICE)
        await call.transfer_to(consulted)
        await consulted.until("ended")

    async def _pause(self, agent: Agent, over: asyncio.Event) -> None:
        """For a while. What rang before he asked, he takes first."""
        if agent.keys is not None:
            await agent.keys.set_agent("notReady", "2")
        else:
            await agent.phone.dial_code("*632#")
        call = await self._next_call(agent, over, agent.chance.uniform(0.2, 0.5))
        if call is not None:
            await self._talk(agent, call)
        if agent.keys is not None:
            await agent.keys.set_agent("ready")
        else:
            await agent.phone.dial_code("*62")


def sections(size: Size) -> dict[str, Any]:
    """No phone is anybody's."""
    users = [str(1001 + n) for n in range(size.agents)] + [BACK_OFFICE]
    return {
        "phones": {user: {"secret": SECRET} for user in users},
        "agents": {
            f"agent-{n}": {"number": str(501 + n), "pin": str(4000 + n), "skills": {"support": 5}}
            for n in range(size.agents)
        },
        "queues": {"support": {"requires": "support >= 1", "wrap_up": f"{WRAP_UP_S:g}s"}},
        "routes": [
            {"trunk": "carrier", "to": NUMBER, "go": "queue:support"},
            {"phone": "*", "to": ["1???", "2???"], "go": "phone"},
        ],
    }
