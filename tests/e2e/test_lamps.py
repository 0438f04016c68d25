"""Lamps of a real switch: told whatever the door, in order; true for who comes back, and after a crash."""

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise

import numpy as np
import pytest

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers.makers.desk import DeskPhone
from tests.peers.makers.keys import Keys
from tests.peers.makers.lamp import Lamp
from tests.peers.makers.snom import SNOM
from tests.peers.makers.yealink import YEALINK
from tests.peers.raw_party import RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice

WATCHER = "1009"
ON, BLINKS, OFF = "<state>confirmed", "<state>early", "<state>terminated"
SLOW_S = 1.0
"""What no machine of ours takes; 200 ms is what is measured and printed."""
VERSION = re.compile(rb'version="([0-9]+)" state="([a-z]+)"')

Door = Callable[[], Awaitable[object]]


class Office:
    """A switch, Ana's phone with its keys, and a phone whose lamps watch hers, herself and her queue."""

    def __init__(self, switch: Switch, desk: DeskPhone, watcher: DeskPhone, lamps: dict[str, Lamp]) -> None:
        self.switch = switch
        self.desk = desk
        self.watcher = watcher
        self.lamps = lamps
        self.took_s: dict[str, list[float]] = {}
        """From each door to the lamp, its own way through the switch included."""

    @classmethod
    @asynccontextmanager
    async def open(cls, tell: Tell) -> AsyncIterator["Office"]:
        sections = centre(1, {"wrap_up": "100ms"})
        sections["phones"][WATCHER] = {"secret": "watching"}
        async with AsyncExitStack() as stack:
            switch = await stack.enter_async_context(Switch.running(**sections))
            tell("switch", switch.story)
            desk, watcher = [
                await stack.enter_async_context(DeskPhone.plugged_in(maker, user, secret, switch.sip))
                for maker, user, secret in ((YEALINK, "1001", SECRETS["1001"]), (SNOM, WATCHER, "watching"))
            ]
            assert (await watcher.register()).status == 200
            yield cls(switch, desk, watcher, await all_lamps(watcher))

    async def goes(self, door: str, lamp: str, shown: str, act: Door) -> None:
        """What is done at the door shows on the lamp."""
        began = time.monotonic()
        await act()
        await self.lamps[lamp].until(shown)
        self.took_s.setdefault(door, []).append(time.monotonic() - began)

    async def wants(self, state: str, reason: str | None = None) -> None:
        """By API."""
        body = {"state": state, "reason": reason}
        answer = await self.switch.request("POST", "/api/v1/agents/ana/state", json=body)
        assert answer.status_code == 200, answer.text

    async def dials(self, code: str) -> None:
        """A feature code, from Ana's phone; she listens to what it says, and it hangs up."""
        call = await self.desk.dial(code)
        await call.until("talking")

    async def every_door(self, keys: Keys) -> None:
        """A round of all of them, after which all is as before."""
        await self.goes("api", "ana", ON, lambda: self.wants("paused", "lunch"))
        await self.goes("api", "ana", OFF, lambda: self.wants("ready"))
        await self.goes("key", "ana", ON, lambda: keys.set_agent("notReady", "lunch"))
        await self.goes("key", "ana", OFF, lambda: keys.set_agent("ready"))
        await self.goes("code", "ana", ON, lambda: self.dials("*63"))
        await self.goes("code", "ana", OFF, lambda: self.dials("*62"))
        await self.desk.calls[-1].until("ended", 20.0)
        await self.lamps["1001"].until(OFF)
        await self.a_call()

    async def a_call(self) -> None:
        """A caller waits, Ana is rung, answers, and he hangs up."""
        await self.wants("paused")
        async with RawParty.open(self.switch.sip) as carrier, Voice.speaking(500.0) as voice:
            caller = await carrier.dial(NUMBER, voice.sdp())
            await caller.answered()
            await self.goes("queue", "support", BLINKS, nothing)
            await self.goes("call", "ana", BLINKS, lambda: self.wants("ready"))
            await self.lamps["1001"].until(BLINKS)
            call = await self.desk.next_call()
            await self.goes("call", "ana", ON, call.answer)
            await self.lamps["1001"].until(ON)
            await self.lamps["support"].until(OFF)
            await self.goes("call", "1001", OFF, lambda: caller.ask("BYE"))
            await self.lamps["ana"].until(OFF)


async def nothing() -> None:
    """The door has been used already."""


async def all_lamps(watcher: DeskPhone) -> dict[str, Lamp]:
    """Each has been told all there is to see."""
    lamps = {name: await watcher.watch(name, "dialog") for name in ("1001", "ana", "support")}
    lamps["presence"] = await watcher.watch("1001", "presence")
    for lamp in lamps.values():
        assert lamp.response.status == 200
        await lamp.until("active")
    return lamps


async def stored(switch: Switch, count: int) -> None:
    """So many registrations would outlive a crash."""

    async def rows() -> int:
        return len(switch.rows("SELECT phone FROM bindings"))

    await switch.until(rows, lambda found: found == count)


def versions(lamp: Lamp) -> list[tuple[int, str]]:
    """Of the documents that a lamp was told: number, and full or partial."""
    found = [VERSION.search(each.body) for each in lamp.told]
    return [(int(match[1]), match[2].decode()) for match in found if match]


def assert_in_order(lamp: Lamp, gap: int = 1) -> None:
    """Each document is the next one (RFC 4235 section 4.1)."""
    numbers = [number for number, _ in versions(lamp)]
    assert all(0 < after - before <= gap for before, after in pairwise(numbers)), numbers


def say(office: Office) -> None:
    """In milliseconds."""
    for door, took_s in office.took_s.items():
        ms = np.array(took_s) * 1000
        print(f"{door:8} {len(ms):3} times: median {np.median(ms):.1f} ms, at most {ms.max():.1f} ms")


async def shift(office: Office, rounds: int) -> None:
    """The phone registers, every door is used so often, and it is registered no more."""
    await office.goes("phone", "ana", OFF, office.desk.register)
    await office.lamps["presence"].until("<basic>open")
    keys = await Keys.lit(office.desk)
    for _ in range(rounds):
        await office.every_door(keys)
    await office.goes("phone", "ana", ON, office.desk.unregister)
    await office.lamps["presence"].until("<basic>closed")
    for name in ("1001", "ana", "support"):
        assert_in_order(office.lamps[name])
        assert [what for _, what in versions(office.lamps[name])][:2] == ["full", "partial"]
    say(office)
    assert max(max(took_s) for took_s in office.took_s.values()) < SLOW_S, office.took_s


async def test_a_lamp_follows_whatever_the_door(tell_on_failure: Tell) -> None:
    async with Office.open(tell_on_failure) as office:
        await shift(office, 1)


@pytest.mark.long
async def test_lamps_follow_in_200_ms(tell_on_failure: Tell) -> None:
    """`pytest -m long -s` prints the times."""
    async with Office.open(tell_on_failure) as office:
        await shift(office, 10)
        took_s = [each for door in office.took_s.values() for each in door]
        assert np.quantile(took_s, 0.9) < 0.2


async def test_who_comes_back_and_who_was_there_through_a_crash_see_the_truth(tell_on_failure: Tell) -> None:
    async with Office.open(tell_on_failure) as office:
        switch, desk = office.switch, office.desk
        await desk.register()
        await office.lamps["ana"].until(OFF)
        async with RawParty.open(switch.sip) as carrier, Voice.speaking(500.0) as voice:
            caller = await carrier.dial(NUMBER, voice.sdp())
            await caller.answered()
            await (await desk.next_call()).answer()
            await office.lamps["1001"].until(ON)
            again = await all_lamps(office.watcher)
            for name, shown in (("1001", ON), ("ana", ON), ("support", OFF), ("presence", "on-the-phone")):
                assert shown in again[name].body, name
                assert [what for _, what in versions(again[name])] in ([], ["full"])
            await office.wants("paused", "lunch")
            await stored(switch, 2)
            before = {name: len(lamp.told) for name, lamp in again.items()}
            await switch.kill()
            await switch.start()
            await caller.expect("INVITE", voice.sdp())
            for name, lamp in again.items():
                await lamp.until_told(before[name] + 1)
            for name, shown in (("1001", ON), ("ana", ON), ("presence", "on-the-phone")):
                await again[name].until(shown)
            await caller.ask("BYE")
        await again["1001"].until(OFF)
        await again["ana"].until(ON)
        presence = again["presence"]
        await presence.until_it(lambda: "on-the-phone" not in presence.body, "his being there again")
        await office.wants("ready")
        await again["ana"].until(OFF)
        for name in ("1001", "ana", "support"):
            assert_in_order(again[name], gap=1_000_000)
        assert ("full", "partial") in pairwise(what for _, what in versions(again["ana"]))
