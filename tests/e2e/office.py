"""An office with a desk phone of each maker at one switch, an agent at each and a queue for each."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

from tests.e2e.centre import left_over
from tests.peers.audio import hears, hears_only, is_silent, level_dbfs
from tests.peers.makers.call import DeskCall
from tests.peers.makers.cisco import CISCO
from tests.peers.makers.desk import DeskPhone
from tests.peers.makers.maker import Maker
from tests.peers.makers.polycom import POLYCOM
from tests.peers.makers.snom import SNOM
from tests.peers.makers.yealink import YEALINK
from tests.peers.raw_party import RawOutgoing, RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice

MAKERS = {"1001": YEALINK, "1002": POLYCOM, "1003": SNOM, "1004": CISCO}
HZ = {"1001": 500.0, "1002": 700.0, "1003": 900.0, "1004": 1100.0}
SPARE_HZ = {"1011": 600.0, "1012": 800.0, "1013": 1000.0, "1014": 1200.0}
NEXT = {"1001": "1002", "1002": "1003", "1003": "1004", "1004": "1001"}
SPARE = {"1001": "1011", "1002": "1012", "1003": "1013", "1004": "1014"}
"""A second phone of each maker, for what would disturb the first."""
CALLER_HZ = 440.0
PIN = "4711"
SECRET = "a-secret-for-all"
EVERYBODY = [CALLER_HZ, *HZ.values(), *SPARE_HZ.values()]


class Office:
    """The switch, and a registered phone of each maker."""

    def __init__(self, switch: Switch, stack: AsyncExitStack) -> None:
        self.switch = switch
        self.phones: dict[str, DeskPhone] = {}
        self._stack = stack

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        """At the end nothing is left over."""
        async with AsyncExitStack() as stack:
            switch = await stack.enter_async_context(Switch.running(**sections()))
            office = cls(switch, stack)
            for user, maker in [*MAKERS.items(), *((SPARE[u], m) for u, m in MAKERS.items())]:
                phone = await office.plug_in(user, maker)
                assert (await phone.register()).status == 200
            yield office
            await switch.until(lambda: left_over(switch), over)

    async def plug_in(self, user: str, maker: Maker) -> DeskPhone:
        """A phone, not yet registered."""
        phone = await self._stack.enter_async_context(
            DeskPhone.plugged_in(maker, user, SECRET, self.switch.sip, hz=(HZ | SPARE_HZ)[user])
        )
        self.phones[user] = phone
        return phone

    async def packages(self, phone: DeskPhone) -> list[str]:
        """What may be subscribed to, as the refusal of anything else tells."""
        refused = await phone.watch(phone.user, "call-completion")
        assert refused.response.status == 489
        return refused.response.headers.all("Allow-Events")

    async def registration(self, user: str) -> dict[str, Any] | None:
        """As the API shows it, if there is one."""
        phones = await self.switch.items("/api/v1/phones")
        return next((each for each in phones if each["name"] == user and each["registered"]), None)

    async def agent(self, user: str) -> dict[str, Any]:
        """Of that phone."""
        found: dict[str, Any] = await self.switch.get(f"/api/v1/agents/agent-{user}")
        return found

    async def spoken(self, number: str, voice: Voice) -> RawOutgoing:
        """A caller of the carrier's, who has dialled and speaks as soon as he is answered."""
        party = await self._stack.enter_async_context(RawParty.open(self.switch.sip))
        call = await party.dial(number, voice.sdp())
        voice.meet((await call.answered()).body.decode())
        return call

    async def talk(self, user: str, to: str = "") -> tuple[DeskCall, DeskCall]:
        """That phone calls the next one, or another, who answers: both ends of it."""
        called = self.phones[to or NEXT[user]]
        ours = await self.phones[user].dial(called.user)
        theirs = await called.next_call(user)
        await theirs.answer()
        return await ours.until("talking"), theirs


Each = Callable[[Office, str], Awaitable[None]]


def at_once(each: Each) -> Callable[[Office], Awaitable[None]]:
    """A test of one maker as a test of all of them at the same time."""

    @functools.wraps(each)
    async def all_of_them(office: Office) -> None:
        ends = await asyncio.gather(*(each(office, user) for user in MAKERS), return_exceptions=True)
        wrong = [end for end in ends if isinstance(end, Exception)]
        for user, end in zip(MAKERS, ends, strict=True):
            if isinstance(end, Exception):
                end.add_note(f"of {MAKERS[user].name}, {user}")
        if wrong:
            raise ExceptionGroup("makers", wrong)

    del all_of_them.__wrapped__  # pytest would ask it for its parameters
    return all_of_them


async def both_hear(ours: DeskCall, theirs: DeskCall) -> None:
    """The other, and nobody else."""
    await asyncio.gather(hear(ours, theirs.phone.hz), hear(theirs, ours.phone.hz))


async def hear(ear: DeskCall | Voice, hz: float) -> None:
    """That tone and nobody else's, once what was on its way before has come."""
    for _ in range(15):
        sound = await ear.listen(0.2)
        if hears_only(sound, hz, EVERYBODY):
            return
    levels = {each: round(level_dbfs(sound, each)) for each in EVERYBODY}
    raise AssertionError(f"{ear} does not hear {hz:g} Hz alone, but {levels}")


async def hear_music(ear: DeskCall | Voice) -> None:
    """And nobody."""
    for _ in range(15):
        sound = await ear.listen(0.2)
        if not is_silent(sound) and not any(hears(sound, hz) for hz in EVERYBODY):
            return
    raise AssertionError(f"{ear} hears no music")


def over(left: dict[str, float]) -> bool:
    """Nothing is left but transactions, which have their time."""
    return not any(count for name, count in left.items() if name != "sip_transactions_active")


def sections() -> dict[str, Any]:
    """+3491PHONE is the queue of that phone's agent; +3492PHONE the same, answered without a hand."""
    plain = {"wrap_up": "200ms", "caller_display": "{queue} {number}", "ring": "support"}
    queues: dict[str, Any] = {}
    routes: list[dict[str, Any]] = []
    for user, maker in MAKERS.items():
        queue = {"requires": f"{maker.name} >= 1", **plain}
        queues |= {maker.name: queue, f"{maker.name}-at-once": {**queue, "auto_answer": True}}
        routes += [
            {"trunk": "carrier", "to": f"+3491{user}", "go": f"queue:{maker.name}"},
            {"trunk": "carrier", "to": f"+3492{user}", "go": f"queue:{maker.name}-at-once"},
        ]
    return {
        "phones": {user: {"secret": SECRET, "pickup_group": "office"} for user in [*MAKERS, *SPARE.values()]},
        "agents": {
            f"agent-{user}": {"phone": user, "pin": PIN, "skills": {maker.name: 1}}
            for user, maker in MAKERS.items()
        },
        "queues": queues,
        "lamp_lists": {"everybody": list(MAKERS)},
        "parking": {"slots": "701-704"},
        "routes": [
            *routes,
            {"phone": "*", "to": ["600", "+34600"], "go": "echo"},
            {"phone": "*", "to": "[*]8*", "strip": 2, "go": "pickup"},
            {"phone": "*", "to": "70?", "go": "park"},
            {"phone": "*", "to": "10??", "go": "phone"},
        ],
    }
