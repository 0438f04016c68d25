"""Desk phones of four makers at one switch: all that section 5 of the features says phones send.

Each phone is ours and obeys its maker's page; who calls whom goes round, so each is on both ends.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import pytest_asyncio

from tests.e2e.office import (
    CALLER_HZ,
    HZ,
    MAKERS,
    NEXT,
    PIN,
    SPARE,
    Office,
    at_once,
    both_hear,
    hear,
    hear_music,
)
from tests.peers.makers.call import DeskCall
from tests.peers.makers.desk import DeskPhone
from tests.peers.makers.keys import Keys
from tests.peers.makers.log import What
from tests.peers.makers.maker import Hold
from tests.peers.voice import Voice

pytestmark = pytest.mark.asyncio(loop_scope="module")

ITS_OWN = ("message-summary", "as-feature-event", "x-broadworks-hoteling", "ua-profile", "line-seize")
"""Packages that a phone subscribes to for itself; the others are for whom it watches."""
MD5_OR_BETTER = re.compile(r"algorithm=([A-Z0-9-]+)")
VERSION = re.compile(rb'<dialog-info [^>]*version="([0-9]+)"')
DIALOG = re.compile(r'call-id="([^"]+)" local-tag="([^"]+)" remote-tag="([^"]+)"')

by_maker = pytest.mark.parametrize("user", [pytest.param(user, id=m.name) for user, m in MAKERS.items()])
with_keys = pytest.mark.parametrize(
    "user", [pytest.param(u, id=m.name) for u, m in MAKERS.items() if "as-feature-event" in m.packages]
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def office() -> AsyncIterator[Office]:
    async with Office.open() as office:
        yield office


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def tidied(office: Office) -> AsyncIterator[None]:
    """What one test leaves undone is nothing to the next."""
    yield
    for phone in office.phones.values():
        await phone.tidy()


# Registration


@by_maker
async def test_it_registers_and_takes_itself_out(office: Office, user: str) -> None:
    phone = office.phones[SPARE[user]]
    answered = await phone.register(30)
    assert answered.status == 200, "after 423"
    assert "expires=60" in (answered.headers.get("Contact") or "")
    assert await office.registration(phone.user) is not None
    assert (await phone.register()).status == 200
    lines = phone.challenge.headers.lines("WWW-Authenticate")
    assert [MD5_OR_BETTER.findall(line) for line in lines] == [["MD5"], ["SHA-256"]], "it may choose"
    assert (await phone.unregister()).status == 200
    assert await office.registration(phone.user) is None
    assert (await phone.register()).status == 200


@by_maker
async def test_it_keeps_its_way_open(office: Office, user: str) -> None:
    phone = office.phones[user]
    answer = await phone.keep_alive()
    assert answer is None or answer.status < 500
    if phone.maker.transport == "udp":
        for said in (b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0"):
            phone.wire.send(said)
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
    told = [len(lamp.told) for lamp in lamps]
    await asyncio.gather(*(lamp.renew() for lamp in lamps))
    assert {lamp.response.status for lamp in lamps} == {200}
    for lamp, before in zip(lamps, told, strict=True):  # who is told late is told of an end by an empty list
        await lamp.until_told(before + 1)
    await ours.hang_up()
    await theirs.until("ended")
    for lamp in lamps:
        await lamp.until("<state>terminated")
        versions = [int(VERSION.findall(each.body)[0]) for each in lamp.told]
        assert versions == sorted(set(versions))
        await lamp.renew(0)


@by_maker
async def test_one_lamp_shows_everybody(office: Office, user: str) -> None:
    lamp = await office.phones[user].watch("everybody", "dialog")
    assert lamp.response.has_option("eventlist", "Require")
    await lamp.until("application/rlmi+xml")
    assert all(f"sip:{each}@" in lamp.body for each in MAKERS)
    call = await office.phones[NEXT[user]].dial(SPARE[user])
    await lamp.until('direction="initiator"')
    await call.hang_up()
    await lamp.until("<state>terminated")
    await lamp.renew(0)


@with_keys
async def test_its_keys_say_what_its_agent_does_and_show_it(office: Office, user: str) -> None:
    keys = await Keys.lit(office.phones[user])
    assert keys.agent == "Ready"
    await keys.set_agent("notReady", "lunch")
    await office.switch.agent_is(f"agent-{user}", "paused")
    await keys.features.until("AgentNotReadyEvent")
    state = {"state": "ready"}
    assert (await office.switch.request("POST", f"/api/v1/agents/agent-{user}/state", json=state)).is_success
    await keys.features.until("AgentReadyEvent")
    await keys.set_agent("loggedOff")
    await office.switch.agent_is(f"agent-{user}", "offline")
    await keys.set_agent("loggedOn")
    await office.switch.agent_is(f"agent-{user}", "ready")
    await keys.features.until("AgentReadyEvent")


@with_keys
async def test_its_keys_turn_calls_away(office: Office, user: str) -> None:
    keys, caller = await Keys.lit(office.phones[user]), office.phones[NEXT[user]]
    await keys.set_do_not_disturb(True)
    await keys.features.until("<doNotDisturbOn>true")
    await (call := await caller.dial(user)).until("ended")
    assert call.status in (480, 486)
    await keys.set_do_not_disturb(False)
    await keys.forward(NEXT[NEXT[user]])
    await keys.features.until("<forwardStatus>true")
    call = await caller.dial(user)
    await (await office.phones[NEXT[NEXT[user]]].next_call()).reject()
    await call.until("ended")
    await keys.forward("")
    await keys.features.until("<forwardStatus>false")
    await office.switch.agent_is(f"agent-{user}", "ready")


@by_maker
async def test_its_agent_dials_codes(office: Office, user: str) -> None:
    phone, agent = office.phones[user], f"agent-{user}"
    for code, state in (("*632#", "paused"), ("*62", "ready"), ("*61", "offline"), ("*60", "ready")):
        call = await phone.dial(code)
        await call.until("talking")
        await office.switch.agent_is(agent, state)
        await call.hang_up()


@with_keys
async def test_its_agent_is_a_guest_elsewhere(office: Office, user: str) -> None:
    """By hoteling, and with his PIN."""
    agent, spare = f"agent-{user}", await Keys.lit(office.phones[SPARE[user]])
    await spare.host(agent, "0000")
    assert (await office.agent(user))["phone"] == user
    await spare.host(agent, PIN)
    await spare.hosting.until(f"<guestAddress>{agent}<")
    assert (await office.agent(user))["phone"] == SPARE[user]
    async with Voice.speaking(CALLER_HZ) as voice:
        caller = await office.spoken(f"+3491{user}", voice)
        call = await office.phones[SPARE[user]].next_call()
        await caller.ask("BYE")
        await call.until("ended")
    await spare.dismiss()
    await spare.hosting.until("<guestAddress/>")
    assert (await office.agent(user))["phone"] == user
    await office.phones[user].dial_code("*60")
    await office.switch.agent_is(agent, "ready")


# Calls


@at_once
async def test_it_calls_and_both_hear_each_other(office: Office, user: str) -> None:
    ours, theirs = await office.talk(user)
    assert theirs.request is not None
    assert "9999" not in (theirs.request.headers.get("From") or ""), "it is who it proved to be"
    assert not theirs.request.headers.lines("Diversion")
    await both_hear(ours, theirs)
    await asyncio.gather(ours.press("12#"), theirs.press("98*"))
    assert await theirs.voice.until_digits(3) == "12#"
    assert await ours.voice.until_digits(3) == "98*"
    assert (await ours.refresh()).status == 200
    assert (await theirs.refresh()).status == 200
    await both_hear(ours, theirs)
    await theirs.hang_up()
    await ours.until("ended")
    assert ours.ended_by == "them"


@pytest.mark.parametrize("hold", Hold)
async def test_it_holds_and_the_other_hears_music(office: Office, hold: Hold) -> None:
    async def one(office: Office, user: str) -> None:
        if hold not in MAKERS[user].holds:
            return
        ours, theirs = await office.talk(user)
        assert (await ours.hold(hold)).status == 200
        await hear_music(theirs)
        assert (await theirs.hold()).status == 200, "both, now"
        assert (await ours.resume()).status == 200
        assert (await theirs.resume()).status == 200
        await both_hear(ours, theirs)
        await ours.hang_up()
        await theirs.until("ended")

    await at_once(one)(office)


@by_maker
async def test_it_dials_a_number(office: Office, user: str) -> None:
    call = await office.phones[user].dial("+34600")
    await call.until("talking")
    await hear(call, HZ[user])
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
    await third.until("ended")
    called.on_call = "ring"
    assert (third.status, (await called.next_call()).status) == (486, 486)


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
    await hear(call, last.hz)
    await call.hang_up()


@by_maker
async def test_it_takes_what_rings_at_the_next(office: Office, user: str) -> None:
    """By the lamp, as the dialog there is named (RFC 3891), and by the code."""
    phone, called, caller = (office.phones[u] for u in (user, NEXT[user], NEXT[NEXT[user]]))
    lamp = await phone.watch(called.user, "dialog")
    for by_lamp in (True, False):
        call = await caller.dial(called.user)
        ringing = await called.next_call()
        await lamp.until("<state>early")
        taken = await (take(phone, called, lamp.body) if by_lamp else phone.dial(f"*8{called.user}"))
        await taken.until("talking")
        await ringing.until("ended")
        await both_hear(call, taken)
        await taken.hang_up()
        await call.until("ended")
    await lamp.renew(0)


async def take(phone: DeskPhone, called: DeskPhone, dialog_info: str) -> DeskCall:
    """Press the lamp that blinks."""
    call_id, its_tag, our_tag = DIALOG.findall(dialog_info)[-1]
    return await phone.dial(called.user, ("Replaces", f"{call_id};to-tag={its_tag};from-tag={our_tag}"))


# Transfers: its phone, its caller (the spare one of its maker) and the next as whom the caller is sent on to


@at_once
async def test_it_sends_a_caller_on_blindly(office: Office, user: str) -> None:
    caller, called = await from_outside(office, user)
    assert (await called.transfer(NEXT[user])).status == 202
    theirs = await office.phones[NEXT[user]].next_call(SPARE[user])
    if listens(called):
        await called.until(lambda call: 180 in fragments(call))
    await theirs.answer()
    await called.until("ended")
    await both_hear(caller, theirs)
    told(called, 100, 180, 200)
    await theirs.hang_up()
    await caller.until("ended")


@at_once
async def test_it_sends_a_caller_on_after_a_word(office: Office, user: str) -> None:
    caller, called = await from_outside(office, user)
    await called.hold()
    asked, theirs = await office.talk(user)
    await both_hear(asked, theirs)
    assert (await called.transfer_to(asked)).status == 202
    for call in (called, asked):
        await call.until("ended")
    await both_hear(caller, theirs)
    told(called, 200)
    await caller.hang_up()
    await theirs.until("ended")


@at_once
async def test_it_sends_a_caller_on_to_who_still_rings(office: Office, user: str) -> None:
    caller, called = await from_outside(office, user)
    await called.hold()
    asked = await (await office.phones[user].dial(NEXT[user])).until("ringing")
    theirs = await office.phones[NEXT[user]].next_call(user)
    assert (await called.transfer_to(asked)).status == 202
    if theirs.status == 487:  # it hung up there first, as some do
        theirs = await office.phones[NEXT[user]].next_call(SPARE[user])
    await theirs.answer()
    for call in (called, asked):
        await call.until("ended")
    await both_hear(caller, theirs)
    await caller.hang_up()
    await theirs.until("ended")


@at_once
async def test_a_transfer_that_fails_is_told_and_leaves_the_caller(office: Office, user: str) -> None:
    caller, called = await from_outside(office, user)
    response = await called.transfer("4711")
    if called.phone.maker.leaves == "at-202":
        await caller.until("ended")
        return
    assert response.status == 202
    if listens(called):
        await called.until(lambda call: fragments(call)[-1:] == [404])
    await both_hear(caller, called)
    await called.hang_up()
    await caller.until("ended")


async def from_outside(office: Office, user: str) -> tuple[DeskCall, DeskCall]:
    """The spare phone of its maker calls it, and is answered: both ends of it."""
    return await office.talk(SPARE[user], user)


def fragments(call: DeskCall) -> list[int]:
    """The statuses that it was told of its REFER (message/sipfrag)."""
    return [int(notify.body.split()[1]) for notify in call.told]


def listens(call: DeskCall) -> bool:
    """Whether its phone wants to be told, and stays."""
    return call.phone.maker.refer_sub and call.phone.maker.leaves != "at-202"


def told(call: DeskCall, *statuses: int) -> None:
    """These, where it listens; nothing, where it does not want to know."""
    if listens(call):
        assert [each for each in fragments(call) if each in statuses] == list(statuses)
    elif not call.phone.maker.refer_sub:
        assert not call.told


@by_maker
async def test_it_parks_a_caller_whom_the_next_takes(office: Office, user: str) -> None:
    caller, called = await from_outside(office, user)
    await called.transfer("701")
    await called.until("ended")
    theirs = await (await office.phones[NEXT[user]].dial("701")).until("talking")
    await both_hear(caller, theirs)
    await theirs.hang_up()
    await caller.until("ended")


# Its agent


@at_once
async def test_its_agent_is_called_holds_and_hangs_up(office: Office, user: str) -> None:
    phone = office.phones[user]
    async with Voice.speaking(CALLER_HZ) as voice:
        caller = await office.spoken(f"+3491{user}", voice)
        call = await phone.next_call()
        assert call.request is not None
        assert call.request.from_.display == f"{phone.maker.name} +34600111222"
        assert "support" in (call.request.headers.get("Alert-Info") or "")
        await call.answer()
        await asyncio.gather(hear(call, CALLER_HZ), hear(voice, HZ[user]))
        await call.hold()
        await hear_music(voice)
        await call.resume()
        await hear(voice, HZ[user])
        await call.hang_up()
        await caller.expect("BYE")
    await office.switch.agent_is(f"agent-{user}", "ready")
    await agrees(office, call)


@at_once
async def test_it_answers_by_itself_when_it_is_told_so(office: Office, user: str) -> None:
    async with Voice.speaking(CALLER_HZ) as voice:
        caller = await office.spoken(f"+3492{user}", voice)
        call = await office.phones[user].next_call()
        await call.until("talking")
        await hear(voice, HZ[user])
        await caller.ask("BYE")
        await call.until("ended")
    await office.switch.agent_is(f"agent-{user}", "ready")


async def agrees(office: Office, call: DeskCall) -> None:
    """The phone's log and our books tell the same, to within 2 s."""
    calls = await office.switch.items("/api/v1/calls?state=ended")
    legs = [leg for record in calls for leg in record["legs"]]
    (leg,) = [leg for leg in legs if leg["sip_call_id"] == call.dialog.call_id]
    pairs: tuple[tuple[What, str], ...] = (
        ("rung", "ringing_at"),
        ("answered", "answered_at"),
        ("ended", "ended_at"),
    )
    for what, key in pairs:
        (at,) = call.phone.log.when(what, call.dialog.call_id)
        assert abs(datetime.fromisoformat(leg[key]).timestamp() - at) < 2.0, what
