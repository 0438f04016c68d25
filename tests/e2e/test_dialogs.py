"""Dialogs to the letter: branches that lose, session timers, strict routers, loops, challenges in a call."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from tests.e2e.centre import Tell, centre, ending
from tests.peers import ports
from tests.peers.raw_party import RawOutgoing, RawParty
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice

TRANSIT = [{"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True}]


def between(callee: str, **trunk: Any) -> dict[str, Any]:
    """Who calls 9… on trunk a is put through to `callee`, HOST:PORT, on trunk b."""
    trunks = {
        "a": {"accept_from": ["127.0.0.0/8"]},
        "b": {"accept_from": ["127.0.0.9/32"], "proxy": f"sip:{callee}", "options": 0, **trunk},
    }
    return centre(1, trunks=trunks, routes=[*TRANSIT, {"trunk": "a", "to": "600", "go": "echo"}])


@asynccontextmanager
async def transit(
    tell_on_failure: Tell, scenario: str, *, caller: str = "caller_hangs_up", **values: Any
) -> AsyncIterator[tuple[Switch, Sipp, Sipp]]:
    """A call from one SIPp to another through the switch."""
    async with Sipp.running(scenario, number="9600", **values) as callee:
        proxy = f"{callee.address}:{callee.port}"
        async with Switch.running(**between(proxy)) as switch:
            tell_on_failure("switch", switch.story)
            tell_on_failure("callee", callee.story)
            async with Sipp.running(caller, target=switch.sip, number="9600", talk_ms=500) as calling:
                tell_on_failure("caller", calling.story)
                yield switch, calling, callee


@asynccontextmanager
async def parties(tell_on_failure: Tell, **trunk: Any) -> AsyncIterator[tuple[RawParty, RawParty, Switch]]:
    """A caller and a callee who write their messages by hand, and a switch between them."""
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address()))
            for _ in range(2)
        ]
        sections = between(b.here, **trunk)
        switch = await stack.enter_async_context(
            Switch.running(address=address, sip={"t1": "100ms"}, media={"silence_timeout": 0}, **sections)
        )
        tell_on_failure("switch", switch.story)
        yield a, b, switch


async def test_of_two_branches_that_answer_one_is_let_go(tell_on_failure: Tell) -> None:
    async with transit(tell_on_failure, "callee_answers_twice") as (switch, caller, callee):
        assert (await caller.finished()).failed == 0
        assert (await callee.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "caller_hung_up", "caller")


async def test_an_offer_before_the_ack_is_too_soon(tell_on_failure: Tell) -> None:
    async with Switch.running(**between("127.0.0.9:5999")) as switch:
        tell_on_failure("switch", switch.story)
        async with Sipp.running(
            "caller_offers_too_soon", target=switch.sip, number="600", talk_ms=200
        ) as caller:
            tell_on_failure("caller", caller.story)
            assert (await caller.finished()).failed == 0


async def test_a_call_that_arrives_by_two_ways_is_one_call(tell_on_failure: Tell) -> None:
    async with parties(tell_on_failure) as (a, b, switch), Voice.speaking(440.0) as voice:
        call = await a.dial("9600", voice.sdp())
        await b.request("INVITE")
        copy = RawOutgoing(a, "9600", "", [])
        copy.call_id, copy.local = call.call_id, call.local
        await copy.invite(voice.sdp())
        assert (await copy.refused()).status == 482
        assert (await call.cancel()).status == 487
        assert len(await switch.ended_calls(1)) == 1


async def test_a_caller_keeps_its_session(tell_on_failure: Tell) -> None:
    async with Switch.running(**between("127.0.0.9:5999")) as switch:
        tell_on_failure("switch", switch.story)
        async with Sipp.running(
            "caller_keeps_the_session", target=switch.sip, number="600", talk_ms=200
        ) as caller:
            tell_on_failure("caller", caller.story)
            assert (await caller.finished()).failed == 0


async def test_a_callee_wants_longer_sessions(tell_on_failure: Tell) -> None:
    async with transit(tell_on_failure, "callee_wants_longer_sessions") as (_, caller, callee):
        assert (await caller.finished()).failed == 0
        assert (await callee.finished()).failed == 0


async def test_a_callee_behind_a_strict_router(tell_on_failure: Tell) -> None:
    async with transit(tell_on_failure, "callee_behind_a_strict_router") as (_, caller, callee):
        assert (await caller.finished()).failed == 0
        assert (await callee.finished()).failed == 0


async def test_a_caller_behind_a_strict_router(tell_on_failure: Tell) -> None:
    """It has put our address in the Request-URI, and the number in the last Route (RFC 3261 section 16.4)."""
    async with parties(tell_on_failure) as (a, b, _), Voice.speaking(440.0) as voice:
        call = RawOutgoing(a, "9600", f"<sip:+34600111222@{a.here}>", ["Route: <sip:9600@elsewhere.example>"])
        call.target = f"sip:{a.target}"
        await call.invite(voice.sdp())
        incoming = await b.invited()
        assert incoming.invite.uri.startswith("sip:9600@")
        await incoming.refuse(486)
        assert (await call.refused()).status == 486


async def test_our_own_call_that_comes_back_is_a_loop(tell_on_failure: Tell) -> None:
    async with parties(tell_on_failure) as (a, b, _), Voice.speaking(440.0) as voice:
        call = await a.dial("9600", voice.sdp())
        ours = await b.invited()
        back = await b.dial("9600", voice.sdp(), headers=[f"Via: {ours.invite.headers.get('Via')}"])
        assert (await back.refused()).status == 482
        await ours.refuse(482)
        assert (await call.refused()).status >= 400


async def test_who_is_challenged_within_a_call_proves_itself(tell_on_failure: Tell) -> None:
    credentials = {"user": "us", "secret": "secret", "realm": "carrier"}
    async with (
        parties(tell_on_failure, credentials=credentials) as (a, b, _),
        Voice.speaking(440.0) as voice,
    ):
        call = await a.dial("9600", voice.sdp())
        first = await b.invited()
        await first.refuse(407, headers=challenged("invite"))
        second = await b.invited()
        assert 'nonce="invite"' in (second.invite.headers.get("Proxy-Authorization") or "")
        assert (second.invite.cseq.number, second.call_id) == (first.invite.cseq.number + 1, first.call_id)
        assert (await second.answer(voice.sdp())).headers.get("Proxy-Authorization")
        await call.answered()
        await call.ask("BYE")
        bye = await b.request("BYE")
        await second.respond(bye, 407, headers=challenged("bye", stale=True))
        assert 'nonce="bye"' in ((await second.expect("BYE")).headers.get("Proxy-Authorization") or "")


def challenged(nonce: str, stale: bool = False) -> Sequence[str]:
    more = ", stale=true" if stale else ""
    return [f'Proxy-Authenticate: Digest realm="carrier", nonce="{nonce}", qop="auth", algorithm=MD5{more}']


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("allow", ["INVITE, ACK, BYE, CANCEL, UPDATE", "INVITE, ACK, BYE, CANCEL"])
async def test_we_refresh_the_session(tell_on_failure: Tell, allow: str) -> None:
    """Ninety seconds are the least interval, so this takes forty-five."""
    async with parties(tell_on_failure) as (a, b, switch), Voice.speaking(440.0) as voice:
        call = await a.dial("9600", voice.sdp())
        incoming = await b.invited()
        promise = ["Require: timer", "Session-Expires: 90;refresher=uac", f"Allow: {allow}"]
        await incoming.answer(voice.sdp(), headers=promise)
        await call.answered()
        method = "UPDATE" if "UPDATE" in allow else "INVITE"
        refresh = await b.request(method, timeout_s=60)
        assert refresh.headers.get("Session-Expires") == "90;refresher=uac"
        await incoming.respond(refresh, 200, voice.sdp() if method == "INVITE" else "", headers=promise)
        await call.ask("BYE")
        await incoming.expect("BYE")
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "caller_hung_up", "caller")
