"""What a carrier may ask of a call in progress: hold in all its forms, refresh, late offers, and what not."""

import socket
from contextlib import AsyncExitStack, suppress

from sip.syntax.sdp import Direction, parse_sdp
from tests.e2e.centre import NUMBER, Tell, centre, desks, ending
from tests.peers import ports
from tests.peers.audio import hears, is_silent
from tests.peers.phone import PhoneCall
from tests.peers.raw import RawCall, RawSip
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

AUDIO = "m=audio {port} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
IMAGE = "m=image {port} udptl t38\r\na=T38FaxVersion:0\r\n"
VIDEO = "m=video 9100 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
OPUS = "m=audio {port} RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n"


class Ear:
    """The caller's RTP port: whether anything comes."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._socket = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._socket.setblocking(False)
        self._socket.bind((ports.PHONES, 0))
        self.version = 0

    def sdp(self, media: str = AUDIO, attribute: str = "", address: str = ports.PHONES) -> str:
        """A description that differs from the last one."""
        self.version += 1
        lines = ["v=0", f"o=- 1 {self.version} IN IP4 {ports.PHONES}", "s=-", f"c=IN IP4 {address}", "t=0 0"]
        attributes = f"a={attribute}\r\n" if attribute else ""
        return "\r\n".join([*lines, media.format(port=self._socket.getsockname()[1])]) + attributes

    def packets(self) -> int:
        """How many came since the last time."""
        count = 0
        with suppress(BlockingIOError):
            while self._socket.recv(2048):
                count += 1
        return count


async def reached(call: RawCall, ear: Ear, agent: PhoneCall) -> bool:
    """Whether what the agent says comes to the caller, in the half second after the next tenth."""
    await agent.listen(0.1)
    ear.packets()
    await agent.listen(0.5)
    return ear.packets() > 15


async def talking(stack: AsyncExitStack, switch: Switch, ear: Ear) -> tuple[RawCall, PhoneCall]:
    (ana,) = await desks(stack, switch, 1)
    await ana.behave("answer", tone_hz=1000.0)
    carrier = await stack.enter_async_context(RawSip.open(switch.sip))
    call = await carrier.dial(NUMBER, ear.sdp())
    await call.acknowledge()
    agent = await ana.next_call()
    await agent.until("established")
    assert await reached(call, ear, agent)
    return call, agent


async def test_hold_in_all_its_forms(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        ear = Ear(stack)
        call, agent = await talking(stack, switch, ear)
        for attribute, address, ours in (
            ("sendonly", ports.PHONES, Direction.RECVONLY),
            ("inactive", ports.PHONES, Direction.INACTIVE),
            ("sendrecv", "0.0.0.0", Direction.RECVONLY),
            ("inactive", "0.0.0.0", Direction.INACTIVE),
        ):
            held = await call.reinvite(ear.sdp(attribute=attribute, address=address))
            assert held.status == 200
            answer = parse_sdp(held.body)
            assert answer.direction(answer.media[0]) is ours, (attribute, address)
            assert not await reached(call, ear, agent)
            assert not is_silent(await agent.listen(0.3)), "music for the one who is held"

            resumed = await call.reinvite(ear.sdp())
            assert resumed.status == 200
            assert await reached(call, ear, agent)
            assert is_silent(await agent.listen(0.3)), "the caller himself is back, who says nothing"
        assert (await call.hang_up()).status == 200
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("answered", "caller_hung_up", "caller")
        assert [segment["kind"] for segment in record["segments"]] == ["talk", *["hold", "talk"] * 4]


async def test_a_refresh_changes_nothing(tell_on_failure: Tell) -> None:
    """The same offer again: the same answer, o= version included, and nobody hears of it."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        ear = Ear(stack)
        call, agent = await talking(stack, switch, ear)
        offer = ear.sdp()
        ear.version -= 1
        for _ in range(3):
            refreshed = await call.reinvite(offer)
            assert (refreshed.status, refreshed.body.decode()) == (200, call.answer)
        assert await reached(call, ear, agent)

        asked = await call.reinvite("")
        assert asked.status == 200
        offered = parse_sdp(asked.body)
        assert offered.media[0].codecs.keys() >= {"PCMA", "TELEPHONE-EVENT"}
        assert offered.origin.session_id == parse_sdp(call.answer.encode()).origin.session_id
        await call.acknowledge(ear.sdp())
        assert await reached(call, ear, agent)
        assert (await call.hang_up()).status == 200
        (record,) = await switch.ended_calls(1)
        assert [segment["kind"] for segment in record["segments"]] == ["talk"]


async def test_what_cannot_be_is_refused_and_the_call_kept(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        ear = Ear(stack)
        call, agent = await talking(stack, switch, ear)
        for media in (IMAGE, AUDIO + VIDEO, OPUS, "no SDP at all: {port}"):
            assert (await call.reinvite(ear.sdp(media))).status == 488, media
            assert await reached(call, ear, agent)
        again = await call.reinvite(ear.sdp())
        assert again.status == 200
        assert parse_sdp(again.body) == parse_sdp(call.answer.encode()), "as if nothing had been asked"
        assert (await call.hang_up()).status == 200
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("answered", "caller_hung_up", "caller")


async def test_an_invite_without_an_offer(tell_on_failure: Tell) -> None:
    """Our 200 offers, the ACK answers; a carrier's SIPp talks to the agent like that."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        (ana,) = await desks(stack, switch, 1)
        await ana.behave("answer", tone_hz=1000.0)
        caller = await stack.enter_async_context(
            Sipp.running("late_offer", target=switch.sip, number=NUMBER, talk_ms=2500)
        )
        tell_on_failure("caller", caller.story)
        agent = await ana.next_call()
        await agent.until("established")
        await agent.listen(0.7)
        assert hears(await agent.listen(0.5), 440.0)
        assert (await caller.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("answered", "caller_hung_up", "caller")
        assert [leg["codec"] for leg in record["legs"]] == ["PCMA", "PCMA"]
        assert all(leg["packets_sent"] > 50 and leg["packets_received"] > 50 for leg in record["legs"])
