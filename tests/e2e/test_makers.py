"""Desk phones of four makers at one switch: all that section 5 of the features says phones send.

Each phone is ours and obeys its maker's page; who calls whom goes round, so each is on both ends.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from sip.syntax.message import Request
from tests.e2e.centre import left_over
from tests.peers.audio import hears, hears_only, is_silent
from tests.peers.makers.call import DeskCall
from tests.peers.makers.cisco import CISCO
from tests.peers.makers.desk import DeskPhone
from tests.peers.makers.log import What
from tests.peers.makers.maker import Hold, Maker
from tests.peers.makers.polycom import POLYCOM
from tests.peers.makers.snom import SNOM
from tests.peers.makers.yealink import YEALINK
from tests.peers.raw_party import RawOutgoing, RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAKERS = {"1001": YEALINK, "1002": POLYCOM, "1003": SNOM, "1004": CISCO}
HZ = {"1001": 500.0, "1002": 700.0, "1003": 900.0, "1004": 1100.0}
NEXT = {"1001": "1002", "1002": "1003", "1003": "1004", "1004": "1001"}
SPARE = {"1001": "1011", "1002": "1012", "1003": "1013", "1004": "1014"}
"""A second phone of each maker, for what would disturb the first."""
QUEUE = {"wrap_up": "200ms", "caller_display": "{queue} {number}"}
SECRET = "a-secret-for-all"
ITS_OWN = ("message-summary", "as-feature-event", "x-broadworks-hoteling", "ua-profile", "line-seize")
"""Packages that a phone subscribes to for itself; the others are for whom it watches."""

VERSION = re.compile(rb'<dialog-info [^>]*version="([0-9]+)"')

by_maker = pytest.mark.parametrize("user", [pytest.param(user, id=m.name) for user, m in MAKERS.items()])
by_hold = pytest.mark.parametrize(
    ("user", "hold"),
    [pytest.param(u, hold, id=f"{m.name} {hold}") for u, m in MAKERS.items() for hold in m.holds],
)


class Office:
    """The switch, and a registered phone of each maker."""

    def __init__(self, switch: Switch, stack: AsyncExitStack) -> None:
        self.switch = switch
        self.phones: dict[str, DeskPhone] = {}
        self._stack = stack

    async def plug_in(self, user: str, maker: Maker) -> DeskPhone:
        phone = await self._stack.enter_async_context(
            DeskPhone.plugged_in(maker, user, SECRET, self.switch.sip, hz=HZ.get(user, 440.0))
        )
        self.phones[user] = phone
        return phone

    async def spare(self, user: str) -> DeskPhone:
        """The second phone of that maker, not registered."""
        return await self.plug_in(SPARE[user], MAKERS[user])

    async def packages(self, phone: DeskPhone) -> list[str]:
        """What may be subscribed to, as the refusal of anything else tells."""
        refused = await phone.watch(phone.user, "call-completion")
        assert refused.response.status == 489
        return refused.response.headers.all("Allow-Events")

    async def registration(self, user: str) -> dict[str, Any] | None:
        phones = await self.switch.items("/api/v1/phones")
        return next((each for each in phones if each["name"] == user and each["registered"]), None)

    async def spoken(self, number: str, voice: Voice) -> RawOutgoing:
        """A caller of the carrier's, who has dialled and speaks as soon as he is answered."""
        party = await self._stack.enter_async_context(RawParty.open(self.switch.sip))
        call = await party.dial(number, voice.sdp())
        voice.meet((await call.answered()).body.decode())
        return call

    async def talk(self, user: str) -> tuple[DeskCall, DeskCall]:
        """That phone calls the next one, who answers: both ends of it."""
        called = self.phones[NEXT[user]]
        ours = await self.phones[user].dial(NEXT[user])
        theirs = await called.next_call()
        await theirs.answer()
        return await ours.until("talking"), theirs


def over(left: dict[str, float]) -> bool:
    """Nothing is left but transactions, which have their time."""
    return not any(count for name, count in left.items() if name != "sip_transactions_active")


def sections() -> dict[str, Any]:
    users = [*MAKERS, *SPARE.values()]
    return {
        "phones": {user: {"secret": SECRET} for user in users},
        "agents": {
            f"agent-{user}": {"phone": user, "skills": {maker.name: 1}} for user, maker in MAKERS.items()
        },
        "queues": {
            **{m.name: {"requires": f"{m.name} >= 1", **QUEUE, "ring": "support"} for m in MAKERS.values()},
            **{
                f"{m.name}-at-once": {"requires": f"{m.name} >= 1", **QUEUE, "auto_answer": True}
                for m in MAKERS.values()
            },
        },
        "routes": [
            *(
                {"trunk": "carrier", "to": f"+3491{user}", "go": f"queue:{m.name}"}
                for user, m in MAKERS.items()
            ),
            *(
                {"trunk": "carrier", "to": f"+3492{user}", "go": f"queue:{m.name}-at-once"}
                for user, m in MAKERS.items()
            ),
            {"phone": "*", "to": ["600", "+34600"], "go": "echo"},
            {"phone": "*", "to": "10??", "go": "phone"},
        ],
    }


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def office() -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**sections()))
        office = Office(switch, stack)
        for user, maker in MAKERS.items():
            phone = await office.plug_in(user, maker)
            assert (await phone.register()).status == 200
        yield office
        await switch.until(lambda: left_over(switch), over)


# Registration


@by_maker
async def test_it_registers_and_takes_itself_out(office: Office, user: str) -> None:
    phone = await office.spare(user)
    answered = await phone.register(30)
    assert answered.status == 200, "after 423"
    assert "expires=60" in (answered.headers.get("Contact") or "")
    shown = await office.registration(phone.user)
    assert shown is not None
    assert (await phone.register()).status == 200
    assert (await phone.unregister()).status == 200
    assert await office.registration(phone.user) is None


@by_maker
async def test_it_keeps_its_way_open(office: Office, user: str) -> None:
    phone = office.phones[user]
    answer = await phone.keep_alive()
    assert answer is None or answer.status < 500
    await phone.register()
    assert phone.wire.pongs == (phone.maker.keepalive == "ping")
    assert await office.registration(user) is not None


# What it watches


@by_maker
async def test_it_watches_what_there_is_to_see(office: Office, user: str) -> None:
    phone = office.phones[user]
    known = await office.packages(phone)
    assert {"dialog", "presence", "message-summary"} <= set(known)
    for package in phone.maker.packages:
        lamp = await phone.watch(user if package in ITS_OWN else NEXT[user], package)
        if package not in known:
            assert lamp.response.status == 489, package
            continue
        assert lamp.response.status == 200, package
        await lamp.until("active")
        await lamp.renew(0)
        await lamp.until("terminated")


@by_maker
async def test_a_lamp_follows_a_call_and_a_storm_of_renewals(office: Office, user: str) -> None:
    phone = office.phones[user]
    lamps = [await phone.watch(NEXT[user], "dialog", expires_s=15) for _ in range(10)]
    assert {lamp.response.headers.get("Expires") for lamp in lamps} == {"30"}, "after 423"
    ours, theirs = await office.talk(user)
    for lamp in lamps:
        await lamp.until("<state>confirmed")
    await asyncio.gather(*(lamp.renew() for lamp in lamps))
    assert {lamp.response.status for lamp in lamps} == {200}
    await ours.hang_up()
    await theirs.until("ended")
    for lamp in lamps:
        await lamp.until("<state>terminated")
        versions = [int(VERSION.findall(each.body)[0]) for each in lamp.told]
        assert versions == sorted(set(versions))
        await lamp.renew(0)


# Calls


@by_maker
async def test_it_calls_and_both_hear_each_other(office: Office, user: str) -> None:
    ours, theirs = await office.talk(user)
    assert isinstance(theirs.request, Request)
    assert "9999" not in theirs.request.headers.get("From"), "it is who it proved to be"  # type: ignore[operator]
    assert ("1099" in str(theirs.request.headers.lines("Diversion"))) is False
    here, there = await asyncio.gather(ours.listen(), theirs.listen())
    assert hears_only(here, HZ[NEXT[user]], HZ.values())
    assert hears_only(there, HZ[user], HZ.values())
    await asyncio.gather(ours.press("12#"), theirs.press("98*"))
    assert await theirs.voice.until_digits(3) == "12#"
    assert await ours.voice.until_digits(3) == "98*"
    assert (await ours.refresh()).status == 200
    assert (await theirs.refresh()).status == 200
    assert hears_only(await ours.listen(), HZ[NEXT[user]], HZ.values())
    await theirs.hang_up()
    await ours.until("ended")
    assert ours.ended_by == "them"


@by_hold
async def test_it_holds_and_the_other_hears_music(office: Office, user: str, hold: Hold) -> None:
    ours, theirs = await office.talk(user)
    assert (await ours.hold(hold)).status == 200
    await theirs.listen(0.1)
    music = await theirs.listen()
    assert not is_silent(music)
    assert not hears(music, HZ[user])
    assert (await theirs.hold()).status == 200, "both, now"
    assert (await ours.resume()).status == 200
    assert (await theirs.resume()).status == 200
    await asyncio.gather(ours.listen(0.1), theirs.listen(0.1))
    here, there = await asyncio.gather(ours.listen(), theirs.listen())
    assert hears_only(here, HZ[NEXT[user]], HZ.values())
    assert hears_only(there, HZ[user], HZ.values())
    await ours.hang_up()
    await theirs.until("ended")


@by_maker
async def test_it_dials_a_number(office: Office, user: str) -> None:
    call = await office.phones[user].dial("+34600")
    await call.until("talking")
    assert hears_only(await call.listen(), HZ[user], HZ.values()), "its own echo"
    await call.hang_up()


@by_maker
async def test_it_gives_up_is_busy_and_does_not_want_it(office: Office, user: str) -> None:
    phone, called = office.phones[user], office.phones[NEXT[user]]
    first = await phone.dial(NEXT[user])
    ringing = await called.next_call()
    await first.until("ringing")
    await first.hang_up()
    await ringing.until("ended")
    assert (first.status, ringing.status) == (487, 487)
    second = await phone.dial(NEXT[user])
    await (await (await called.next_call()).until("ringing")).reject()
    assert (await second.until("ended")).status == 486
    called.on_call = "busy"
    third = await phone.dial(NEXT[user])
    called.on_call = "ring" if (await third.until("ended")).status == 486 else "busy"
    assert called.on_call == "ring"
    assert (await called.next_call()).status == 486


@by_maker
async def test_it_sends_calls_on(office: Office, user: str) -> None:
    """By 302 with Diversion, to the maker after the next."""
    called, last = office.phones[NEXT[user]], office.phones[NEXT[NEXT[user]]]
    called.forward_to = last.user
    call = await office.phones[user].dial(called.user)
    await (await last.next_call()).answer()
    await call.until("talking")
    called.forward_to = ""
    assert (await called.next_call()).status == 302
    here = await call.listen()
    assert hears_only(here, HZ[last.user], HZ.values())
    await call.hang_up()


# Its agent


@by_maker
async def test_its_agent_is_called_holds_and_hangs_up(office: Office, user: str) -> None:
    phone = office.phones[user]
    async with Voice.speaking(440.0) as voice:
        caller = await office.spoken(f"+3491{user}", voice)
        call = await phone.next_call()
        assert call.request is not None
        assert call.request.from_.display == f"{phone.maker.name} +34600111222"
        assert "support" in (call.request.headers.get("Alert-Info") or "")
        await call.answer()
        await call.listen(0.1)
        assert hears_only(await call.listen(), 440.0, HZ.values())
        await voice.listen(0.1)
        assert hears_only(await voice.listen(), HZ[user], [440.0])
        await call.hold()
        await voice.listen(0.1)
        music = await voice.listen()
        assert not is_silent(music)
        assert not hears(music, HZ[user])
        await call.resume()
        await voice.listen(0.1)
        assert hears_only(await voice.listen(), HZ[user], [440.0])
        await call.hang_up()
        await caller.expect("BYE")
    await office.switch.agent_is(f"agent-{user}", "ready")
    await agrees(office, call)


async def agrees(office: Office, call: DeskCall) -> None:
    """The phone's log and our books tell the same, to within 2 s."""
    calls = await office.switch.items("/api/v1/calls?state=ended")
    legs = [leg for record in calls for leg in record["legs"] if leg["sip_call_id"] == call.dialog.call_id]
    (leg,) = legs
    log = call.phone.log
    pairs: tuple[tuple[What, str], ...] = (
        ("rung", "ringing_at"),
        ("answered", "answered_at"),
        ("ended", "ended_at"),
    )
    for what, key in pairs:
        (at,) = log.when(what, call.dialog.call_id)
        assert abs(datetime.fromisoformat(leg[key]).timestamp() - at) < 2.0, what


@by_maker
async def test_it_answers_by_itself_when_it_is_told_so(office: Office, user: str) -> None:
    async with Voice.speaking(440.0) as voice:
        caller = await office.spoken(f"+3492{user}", voice)
        call = await office.phones[user].next_call()
        await call.until("talking")
        await voice.listen(0.1)
        assert hears_only(await voice.listen(), HZ[user], [440.0])
        await caller.ask("BYE")
        await call.until("ended")
    await office.switch.agent_is(f"agent-{user}", "ready")
