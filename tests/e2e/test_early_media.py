"""Who is heard before the answer, in every mix of sides: announcements, ringback in band, none at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.e2e.centre import SECRETS, Tell, centre, ending, phone_and_carrier
from tests.peers import ports
from tests.peers.audio import hears, hears_only
from tests.peers.phone import Phones
from tests.peers.raw_party import RawIncoming, RawOutgoing, RawParty
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice


async def test_what_is_said_before_the_answer_is_heard(tell_on_failure: Tell) -> None:
    async with (
        Sipp.running("callee_speaks_early", ring_ms=2000, number="600111222") as carrier,
        phone_and_carrier(tell_on_failure, carrier) as (switch, ana),
    ):
        call = await ana.dial(f"sip:0600111222@{switch.sip}", tone_hz=1000.0)
        await call.until("ringing")
        await call.listen(0.5)
        assert hears(await call.listen(0.5), 440.0)
        assert "established" not in call.reached
        (now,) = await switch.items("/api/v1/calls?state=active")
        assert now["connected_at"] is None

        await call.until("established")
        assert hears(await call.listen(0.5), 440.0)
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "caller_hung_up", "caller")
        assert record["direction"] == "outbound"
        assert record["talk_s"] < 1.5, "from the answer, not from the first word"
        assert (await carrier.finished()).failed == 0
        assert "Max-Forwards: 69" in carrier.story(), "one less than the phone's"


async def test_who_gives_up_before_the_answer_stops_it(tell_on_failure: Tell) -> None:
    async with Phones.running() as carrier, Phones.running() as desk:
        far_end = await carrier.phone("600111222")
        proxy = f"sip:{carrier.address}:{carrier.sip_port}"
        sections = centre(1, trunks={"carrier": {"accept_from": ["127.0.0.9/32"], "proxy": proxy}})
        async with Switch.running(**sections) as switch:
            tell_on_failure("switch", switch.story)
            ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
            await ana.register()
            call = await ana.dial(f"sip:0600111222@{switch.sip}")
            ringing = await far_end.next_call()
            await call.until("ringing")
            await call.hang_up()
            await ringing.until("closed")
            (record,) = await switch.ended_calls(1)
            assert ending(record) == ("abandoned", "caller_hung_up", "caller")
            assert [leg["sip_status"] for leg in record["legs"]] == [487, 487]


# Two carriers: every mix of what the callee says before the answer and what the caller can take


@dataclass(slots=True)
class Mix:
    """The sides of one call, each with its own tone: 440 Hz the caller, 1000 Hz the callee."""

    switch: Switch
    caller: RawParty
    callee: RawParty
    left: Voice
    right: Voice

    async def dialled(self, sdp: str | None = None, *headers: str) -> tuple[RawOutgoing, RawIncoming]:
        """The call, on both sides, before anybody has said anything."""
        call = await self.caller.dial("9600", self.left.sdp() if sdp is None else sdp, headers=headers)
        incoming = await self.callee.invited()
        self.right.meet(incoming.offer)
        return call, incoming

    async def heard_early(self) -> None:
        """Both hear each other, and nobody has answered."""
        assert hears_only(await self.left.listen(), 1000.0, [440.0])
        assert hears_only(await self.right.listen(), 440.0, [1000.0])
        (now,) = await self.switch.items("/api/v1/calls?state=active")
        assert now["connected_at"] is None


@asynccontextmanager
async def mixing(tell_on_failure: Tell, **trunks: dict[str, Any]) -> AsyncIterator[Mix]:
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address()))
            for _ in range(2)
        ]
        left, right = [await stack.enter_async_context(Voice.speaking(hz)) for hz in (440.0, 1000.0)]
        sections = centre(
            1,
            sip={"t1": "100ms"},
            trunks={
                "a": {"accept_from": [f"{a.host}/32"], **trunks.get("a", {})},
                "b": {"proxy": f"sip:{b.here}", **trunks.get("b", {})},
            },
            routes=[{"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True}],
        )
        switch = await stack.enter_async_context(Switch.running(address=address, **sections))
        tell_on_failure("switch", switch.story)
        yield Mix(switch, a, b, left, right)


async def test_ringing_without_media_is_ringing_and_no_more(tell_on_failure: Tell) -> None:
    """The caller's own side plays the tone: we send none, and none over it."""
    async with mixing(tell_on_failure) as mix:
        call, incoming = await mix.dialled()
        await incoming.progress(180)
        assert (await call.hears(180)).body == b""
        assert len(await mix.left.listen(0.2, timeout_s=0.5)) == 0
        await incoming.answer(mix.right.sdp())
        mix.left.meet((await call.answered()).body.decode())
        assert hears_only(await mix.left.listen(), 1000.0, [440.0])


async def test_early_media_is_kept_over_a_later_180(tell_on_failure: Tell) -> None:
    """183 with SDP, then 180: what is heard goes on, and nothing makes the caller's side cover it."""
    async with mixing(tell_on_failure) as mix:
        call, incoming = await mix.dialled()
        await incoming.progress(183, mix.right.sdp())
        early = await call.hears(183)
        assert "RSeq" not in early.headers, "he did not say that he can acknowledge it"
        mix.left.meet(early.body.decode())
        await mix.heard_early()
        await incoming.progress(180)
        assert (await call.hears(180)).body == early.body
        await mix.heard_early()
        await incoming.answer(mix.right.sdp())
        assert (await call.answered()).body == early.body
        assert hears_only(await mix.left.listen(), 1000.0, [440.0])


async def test_who_can_acknowledge_gets_early_media_reliably(tell_on_failure: Tell) -> None:
    """The callee knows nothing of RFC 3262; 180 first, then 183 with SDP."""
    async with mixing(tell_on_failure) as mix:
        call, incoming = await mix.dialled(None, "Supported: 100rel")
        await incoming.progress(180)
        await call.hears(180)
        await incoming.progress(183, mix.right.sdp())
        early = await call.hears(183)
        again = await call.hears(183)
        assert early.headers.get("RSeq") == again.headers.get("RSeq"), "repeated until it is acknowledged"
        assert (await call.prack(early)).status == 200
        mix.left.meet(early.body.decode())
        await mix.heard_early()
        await incoming.answer(mix.right.sdp())
        await call.answered()


async def test_who_made_no_offer_hears_early_media_after_his_prack(tell_on_failure: Tell) -> None:
    async with mixing(tell_on_failure) as mix:
        call, incoming = await mix.dialled("", "Require: 100rel")
        await incoming.progress(183, mix.right.sdp())
        early = await call.hears(183)
        mix.left.meet(early.body.decode())
        assert (await call.prack(early, mix.left.sdp())).status == 200
        await mix.heard_early()
        await incoming.answer(mix.right.sdp())
        assert (await call.answered()).body == b"", "all has been said"
        assert hears_only(await mix.left.listen(), 1000.0, [440.0])


async def test_who_made_no_offer_and_cannot_acknowledge_hears_his_own_side_ring(
    tell_on_failure: Tell,
) -> None:
    async with mixing(tell_on_failure) as mix:
        call, incoming = await mix.dialled("")
        await incoming.progress(183, mix.right.sdp())
        assert (await call.hears(180)).body == b""
        await incoming.answer(mix.right.sdp())
        answered = await call.answered(mix.left.sdp())
        mix.left.meet(answered.body.decode())
        assert hears_only(await mix.left.listen(), 1000.0, [440.0])


async def test_a_reliable_callee_and_a_caller_who_is_not(tell_on_failure: Tell) -> None:
    """Our PRACK is lost once, and comes again; the 200 has no description, for the 183 had it."""
    async with mixing(tell_on_failure) as mix:
        call, incoming = await mix.dialled()
        assert "100rel" in incoming.invite.headers.all("Supported")
        await incoming.progress(183, mix.right.sdp(), rseq=77)
        lost = await mix.callee.request("PRACK")
        assert lost.headers.get("RAck") == "77 1 INVITE"
        await mix.callee.repeated("PRACK")
        await incoming.respond(lost, 200)
        early = await call.hears(183)
        assert "RSeq" not in early.headers
        mix.left.meet(early.body.decode())
        await mix.heard_early()
        await incoming.answer()
        assert (await call.answered()).body == early.body
        assert hears_only(await mix.right.listen(), 440.0, [1000.0])


async def test_of_several_phones_that_ring_the_one_that_answers_is_heard(tell_on_failure: Tell) -> None:
    """A proxy forks: both speak early, the later one is heard, the earlier one answers (RFC 3261 13.2.2)."""
    async with mixing(tell_on_failure) as mix, Voice.speaking(700.0, ports.own_address()) as other:
        call, incoming = await mix.dialled()
        other.meet(incoming.offer)
        first, second = incoming.local.rpartition("=")[2], "second"
        await incoming.progress(183, mix.right.sdp())
        early = await call.hears(183)
        mix.left.meet(early.body.decode())
        assert hears_only(await mix.left.listen(), 1000.0, [440.0, 700.0])
        mix.right.hush()
        incoming.fork(second)
        await incoming.progress(183, other.sdp())
        await until_heard(mix.left, 700.0)
        assert hears_only(await other.listen(), 440.0, [1000.0])
        incoming.fork(first)
        mix.right.hush(False)
        other.hush()
        await incoming.answer(mix.right.sdp())
        await call.answered()
        await until_heard(mix.left, 1000.0)
        assert hears_only(await mix.left.listen(), 1000.0, [440.0, 700.0])
        assert hears_only(await mix.right.listen(), 440.0, [1000.0])


async def until_heard(voice: Voice, hz: float) -> None:
    async with asyncio.timeout(5):
        while not hears(await voice.listen(0.1), hz):
            pass


async def test_who_answers_at_once_has_not_rung(tell_on_failure: Tell) -> None:
    async with mixing(tell_on_failure) as mix:
        call, incoming = await mix.dialled(None, "Supported: 100rel")
        await incoming.answer(mix.right.sdp())
        mix.left.meet((await call.answered()).body.decode())
        assert hears_only(await mix.left.listen(), 1000.0, [440.0])
        assert not any(data.startswith(b"SIP/2.0 18") for data in mix.caller.heard)


async def test_hold_and_update_from_either_side_before_and_after_the_answer(tell_on_failure: Tell) -> None:
    """UPDATE in the early dialog moves the callee's media; after the answer each holds in its own way."""
    async with mixing(tell_on_failure) as mix, Voice.speaking(700.0, ports.own_address()) as moved:
        call, incoming = await mix.dialled(
            None, "Supported: 100rel", "Allow: INVITE, ACK, BYE, PRACK, UPDATE"
        )
        allow = ["Allow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE"]
        await incoming.progress(183, mix.right.sdp(), rseq=5, headers=allow)
        await incoming.pracked()
        early = await call.hears(183)
        await call.prack(early)
        mix.left.meet(early.body.decode())
        await mix.heard_early()
        updated = await incoming.ask("UPDATE", moved.sdp(version=2))
        assert updated.status == 200
        mix.right.hush()
        moved.meet(updated.body.decode())
        await until_heard(mix.left, 700.0)
        await incoming.answer()
        await call.answered()
        for side, other, method, voice in (
            (call, moved, "UPDATE", mix.left),
            (incoming, mix.left, "INVITE", moved),
        ):
            held = await side.ask(method, voice.sdp(version=3, attribute="sendonly"))
            assert b"a=recvonly" in held.body
            if method == "INVITE":
                await side.say("ACK")
            await until_silent_of(other, 440.0 if voice is mix.left else 700.0)
            back = await side.ask(method, voice.sdp(version=4))
            assert b"a=sendrecv" in back.body
            if method == "INVITE":
                await side.say("ACK")
            await until_heard(other, 440.0 if voice is mix.left else 700.0)


async def until_silent_of(voice: Voice, hz: float) -> None:
    """Music takes its place."""
    async with asyncio.timeout(5):
        while hears(await voice.listen(0.2), hz):
            pass


async def test_a_caller_and_a_callee_of_sipps_exchange_reliable_early_media(tell_on_failure: Tell) -> None:
    """SIPp's own PRACK on both sides of the switch."""
    async with Sipp.running("callee_speaks_early_reliably", ring_ms=500, number="9600") as callee:
        trunks = {
            "a": {"accept_from": ["127.0.0.0/8"]},
            "b": {
                "accept_from": ["127.0.0.9/32"],
                "proxy": f"sip:{callee.address}:{callee.port}",
                "options": 0,
            },
        }
        routes = [{"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True}]
        async with Switch.running(**centre(1, trunks=trunks, routes=routes)) as switch:
            tell_on_failure("switch", switch.story)
            tell_on_failure("callee", callee.story)
            async with Sipp.running(
                "caller_acknowledges_early_media", target=switch.sip, number="9600", talk_ms=500
            ) as caller:
                tell_on_failure("caller", caller.story)
                assert (await caller.finished()).failed == 0
            assert (await callee.finished()).failed == 0
            (record,) = await switch.ended_calls(1)
            assert ending(record) == ("completed", "caller_hung_up", "caller")
            assert all(leg["packets_received"] > 40 for leg in record["legs"]), (
                "early, and then for half a second"
            )
