"""Dialogs to the letter, where SIPp alone cannot tell: sessions that are kept, proofs within a call."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from tests.e2e.centre import Tell, centre
from tests.peers import ports
from tests.peers.raw_party import RawParty
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice


def between(callee: str, **trunk: Any) -> dict[str, Any]:
    """Who calls 9… on trunk a is put through to `callee`, HOST:PORT, on trunk b; 600 echoes."""
    trunks = {
        "a": {"accept_from": ["127.0.0.0/8"]},
        "b": {"accept_from": ["127.0.0.9/32"], "proxy": f"sip:{callee}", "options": 0, **trunk},
    }
    routes = [
        {"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True},
        {"trunk": "a", "to": "600", "go": "echo"},
    ]
    return centre(1, trunks=trunks, routes=routes)


async def test_a_caller_keeps_its_session(tell_on_failure: Tell) -> None:
    async with Switch.running(**between("127.0.0.9:5999")) as switch:
        tell_on_failure("switch", switch.story)
        async with Sipp.running(
            "caller_keeps_the_session", target=switch.sip, number="600", talk_ms=200
        ) as caller:
            tell_on_failure("caller", caller.story)
            assert (await caller.finished()).failed == 0


async def test_a_callee_wants_longer_sessions(tell_on_failure: Tell) -> None:
    async with Sipp.running("callee_wants_longer_sessions", number="9600") as callee:
        proxy = f"{callee.address}:{callee.port}"
        async with Switch.running(**between(proxy)) as switch:
            tell_on_failure("switch", switch.story)
            tell_on_failure("callee", callee.story)
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number="9600", talk_ms=500
            ) as caller:
                tell_on_failure("caller", caller.story)
                assert (await caller.finished()).failed == 0
            assert (await callee.finished()).failed == 0


async def test_who_is_challenged_within_a_call_proves_itself(tell_on_failure: Tell) -> None:
    credentials = {"user": "us", "secret": "secret", "realm": "carrier"}
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address()))
            for _ in range(2)
        ]
        voice = await stack.enter_async_context(Voice.speaking(440.0))
        sections = between(b.here, credentials=credentials)
        switch = await stack.enter_async_context(Switch.running(address=address, **sections))
        tell_on_failure("switch", switch.story)
        call = await a.dial("9600", voice.sdp())
        first = await b.invited()
        await first.refuse(407, headers=challenged("invite"))
        second = await b.invited()
        assert 'nonce="invite"' in (second.invite.headers.get("Proxy-Authorization") or "")
        assert (second.invite.cseq.number, second.call_id) == (first.invite.cseq.number + 1, first.call_id)
        assert (await second.answer(voice.sdp())).headers.get("Proxy-Authorization"), "its ACK too"
        await call.answered()
        await call.ask("BYE")
        bye = await b.request("BYE")
        assert "nc=00000002" in (bye.headers.get("Proxy-Authorization") or ""), "without being asked"
        await second.respond(bye, 407, headers=challenged("bye", stale=True))
        assert 'nonce="bye"' in ((await second.expect("BYE")).headers.get("Proxy-Authorization") or "")


def challenged(nonce: str, stale: bool = False) -> Sequence[str]:
    """What the callee asks."""
    more = ", stale=true" if stale else ""
    return [f'Proxy-Authenticate: Digest realm="carrier", nonce="{nonce}", qop="auth", algorithm=MD5{more}']
