"""Every make of real phone, by every transport, as caller and as agent: all that people do with a phone."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, Literal, get_args

import pytest

from sip.flow import TRANSPORTS, Transport
from tests.e2e.centre import NUMBER, SECRETS, Tell, left_over
from tests.e2e.wiring import Wiring
from tests.peers.audio import Pcm, hears, hears_only, is_silent
from tests.peers.phone import Phone, PhoneCall, Phones, Stack
from tests.peers.switch import Switch

Role = Literal["caller", "agent"]
OURS, THEIRS, THIRDS = 440.0, 1000.0, 1800.0
"""What the phone that is looked at says, the other party, and whom they are sent on to."""
TONES: Final = (OURS, THEIRS, THIRDS)

EVERYTHING: Final = list(product(get_args(Stack), TRANSPORTS, get_args(Role)))
DIAGONAL: Final = [("baresip", "tcp", "caller"), ("pjsua2", "tls", "agent"), ("linphone", "udp", "agent")]
"""Each make, each transport and each role once; the rest is long."""


@dataclass
class Desk:
    """The phone that is looked at, with two others beside it."""

    switch: Switch
    stack: Stack
    transport: Transport
    place: str
    phone: Phone
    other: Phone
    third: Phone

    def uri(self, user: str) -> str:
        """Whom the phone dials."""
        way = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"sip:{user}@{self.place}{way}"


@pytest.mark.parametrize(
    ("stack", "transport", "role"),
    [
        pytest.param(*row, marks=() if row in DIAGONAL else pytest.mark.long, id="-".join(row))
        for row in EVERYTHING
    ],
)
@pytest.mark.timeout(120)  # three processes start, which takes a busy machine its time
async def test_a_phone(
    stack: Stack, transport: Transport, role: Role, tmp_path: Path, tell_on_failure: Tell
) -> None:
    if stack == "pjsua2" and sys.version_info >= (3, 13):
        pytest.skip("pjsua2-python has no wheel for Python 3.13")
    async with office(stack, transport, tmp_path, tell_on_failure) as desk:
        await is_registered(desk)
        ours, theirs = await (calls(desk) if role == "caller" else is_called(desk))
        await both_hear(ours, theirs)
        await digits_pass(ours, theirs)
        await hold_and_resume(ours, theirs)
        await sends_on(desk, ours, theirs)
        ours, theirs = await (calls(desk) if role == "caller" else is_called(desk))
        await hands_over(desk, ours, theirs)
        await desk.switch.until(lambda: left_over(desk.switch), is_over)


@asynccontextmanager
async def office(stack: Stack, transport: Transport, folder: Path, tell: Tell) -> AsyncIterator[Desk]:
    """A switch on all three transports. The agent's phone is the one that is looked at."""
    wiring = Wiring(folder)
    sections = wiring.sections(3)
    listen = [f"{way}:{wiring.address}:{5061 if way == 'tls' else 5060}" for way in TRANSPORTS]
    # Asked for a certificate of its own, linphonec asks its user for a password, and waits.
    tls = {key: file for key, file in sections["sip"]["tls"].items() if key != "client_ca"}
    sections["sip"] = {**sections["sip"], "listen": listen, "tls": tls}
    sections["routes"] += [{"phone": "*", "to": f"9{NUMBER}", "strip": 1, "go": "queue:support"}]
    sections["agents"] = {"ana": {"phone": "1001", "skills": {"support": 5}}}
    async with AsyncExitStack() as opened:
        switch = await opened.enter_async_context(Switch.running(**sections))
        makers = await opened.enter_async_context(Phones.running(stack))
        others = await opened.enter_async_context(Phones.running())
        for name, story in (("switch", switch.story), (stack, makers.story), ("others", others.story)):
            tell(name, story)
        place = wiring.target if transport == "tls" else switch.sip
        phone = await makers.phone("1001", SECRETS["1001"], place, transport=transport)
        other = await others.phone("1002", SECRETS["1002"], switch.sip)
        third = await others.phone("1003", SECRETS["1003"], switch.sip)
        await asyncio.gather(*(each.register() for each in (phone, other, third)))
        yield Desk(switch, stack, transport, place, phone, other, third)


async def is_registered(desk: Desk) -> None:
    rows = {row["name"]: row for row in await desk.switch.items("/api/v1/phones")}
    (contact,) = rows["1001"]["contacts"]
    assert contact["transport"] == desk.transport


async def calls(desk: Desk) -> tuple[PhoneCall, PhoneCall]:
    """It calls the other phone: its end and the other's."""
    ours = await desk.phone.dial(desk.uri("1002"), tone_hz=OURS)
    theirs = await desk.other.next_call()
    return await talking(ours, theirs, theirs)


async def is_called(desk: Desk) -> tuple[PhoneCall, PhoneCall]:
    """The other phone calls the queue, which offers the call to the agent."""
    await desk.switch.agent_is("ana", "ready")
    theirs = await desk.other.dial(f"sip:9{NUMBER}@{desk.switch.sip}", tone_hz=THEIRS)
    ours = await desk.phone.next_call()
    return await talking(ours, theirs, ours)


async def talking(ours: PhoneCall, theirs: PhoneCall, rings: PhoneCall) -> tuple[PhoneCall, PhoneCall]:
    await rings.answer()
    await asyncio.gather(ours.until("established"), theirs.until("established"))
    await ours.say(OURS)
    await theirs.say(THEIRS)
    return ours, theirs


async def both_hear(ours: PhoneCall, theirs: PhoneCall) -> None:
    await asyncio.gather(hearing(theirs, OURS), hearing(ours, THEIRS))


async def hearing(call: PhoneCall, hz: float) -> Pcm:
    """What it hears once it hears this tone and no other of ours."""
    for _ in range(30):
        heard = await call.listen(0.3)
        if hears_only(heard, hz, TONES):
            return heard
    raise AssertionError(f"{call} does not hear {hz} Hz")


async def digits_pass(ours: PhoneCall, theirs: PhoneCall) -> None:
    await ours.press("5#")
    await theirs.until(lambda call: call.digits == "5#")
    await theirs.press("7")
    await ours.until(lambda call: call.digits == "7")


async def hold_and_resume(ours: PhoneCall, theirs: PhoneCall) -> None:
    """Who is held hears music, and nothing of who holds him."""
    await ours.hold()
    await theirs.listen(0.3)
    heard = await theirs.listen(0.4)
    assert not hears(heard, OURS)
    assert not is_silent(heard)
    await ours.resume()
    await both_hear(ours, theirs)


async def sends_on(desk: Desk, ours: PhoneCall, theirs: PhoneCall) -> None:
    """Blind transfer: the third phone rings, and talks with the other party."""
    await desk.third.behave("answer", tone_hz=THIRDS)
    await asyncio.gather(ours.transfer(desk.uri("1003")), ours.until("closed"))
    taken = await desk.third.next_call()
    await asyncio.gather(hearing(theirs, THIRDS), hearing(taken, THEIRS))
    await theirs.hang_up()
    await taken.until("closed")


async def hands_over(desk: Desk, ours: PhoneCall, theirs: PhoneCall) -> None:
    """Attended transfer: it asks the third phone first, while the other party hears music."""
    await ours.hold()
    asked = await desk.phone.dial(desk.uri("1003"), tone_hz=OURS)
    taken = await desk.third.next_call()
    await asked.until("established")
    await asyncio.gather(hearing(taken, OURS), hearing(asked, THIRDS))
    await asyncio.gather(ours.connect(asked), ours.until("closed"), asked.until("closed"))
    await asyncio.gather(hearing(theirs, THIRDS), hearing(taken, THEIRS))
    await taken.hang_up()
    await theirs.until("closed")


def is_over(left: dict[str, float]) -> bool:
    """No call, dialog or port; transactions may still wait for what comes late."""
    return not any(count for name, count in left.items() if name != "sip_transactions_active")
