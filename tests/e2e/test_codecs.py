"""Codecs between real phones: passed through where both have the same, else decoded and encoded."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from ext.codecs import Coder
from media.codecs import CODECS
from media.rtp import rtp_header, rtp_parse
from sip.syntax.sdp import parse_sdp
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers import ports
from tests.peers.audio import hears_only, is_silent
from tests.peers.phone import Phones
from tests.peers.raw_party import RawParty
from tests.peers.switch import Switch

OPUS = CODECS["OPUS"]
EVERY = ["OPUS", "G722", "PCMA", "PCMU", "G729"]


@pytest.mark.parametrize(
    ("caller", "desk"),
    [
        ("PCMU", "G722"),
        ("OPUS", "PCMA"),
        pytest.param("G722", "G722", marks=pytest.mark.long),
        pytest.param("OPUS", "OPUS", marks=pytest.mark.long),
        pytest.param("G722", "PCMA", marks=pytest.mark.long),
        pytest.param("G722", "OPUS", marks=pytest.mark.long),
    ],
)
async def test_both_hear_each_other_and_the_music(caller: str, desk: str, tell_on_failure: Tell) -> None:
    if "OPUS" in (caller, desk) and OPUS.capsule is None:
        pytest.skip(f"needs {OPUS.package}")
    async with AsyncExitStack() as stack:
        media = {"codecs": [name for name in EVERY if CODECS[name].capsule is not None]}
        switch = await stack.enter_async_context(Switch.running(**centre(1, media=media)))
        tell_on_failure("switch", switch.story)
        phones = await stack.enter_async_context(Phones.running())
        agent = await phones.phone("1001", SECRETS["1001"], switch.sip, codecs=[desk])
        others = await stack.enter_async_context(Phones.running())
        tell_on_failure("caller", others.story)
        call = await (await others.phone("caller", codecs=[caller])).dial(
            f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0
        )
        await call.until("established")
        await call.listen(0.5)
        assert not is_silent(await call.listen(0.5)), "no music"
        await agent.register()
        ringing = await agent.next_call()
        await ringing.answer()
        await ringing.until("established")
        await ringing.say(1000.0)
        await call.listen(1.0)
        assert hears_only(await call.listen(0.5), 1000.0, [440.0])
        assert hears_only(await ringing.listen(0.5), 440.0, [1000.0])
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert [leg["codec"] for leg in record["legs"]] == [caller, desk]
        assert all(leg["packets_lost"] == 0 for leg in record["legs"])


class Ear:
    """The media of a carrier: one socket, and whatever it is given to say."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._socket = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._socket.setblocking(False)
        self._socket.bind((ports.PHONES, 0))
        self._sequence = 0

    def sdp(self, types: str, *rtpmaps: str) -> str:
        host, port = self._socket.getsockname()
        lines = [
            *("v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"),
            *(f"m=audio {port} RTP/AVP {types}", *(f"a=rtpmap:{each}" for each in rtpmaps)),
        ]
        return "".join(f"{line}\r\n" for line in lines)

    def meet(self, sdp: str) -> None:
        """Speak to whoever wrote this description."""
        description = parse_sdp(sdp.encode())
        line = description.media[0]
        self._socket.connect((description.address(line), line.port))

    async def say(self, payload_type: int, packets: list[tuple[int, bytes]]) -> None:
        """A packet each 20 ms: its timestamp and payload."""
        for timestamp, payload in packets:
            header = rtp_header(payload_type, False, self._sequence, timestamp, 7)
            self._sequence += 1
            await asyncio.get_running_loop().sock_sendall(self._socket, header + payload)
            await asyncio.sleep(0.02)

    async def press(self, payload_type: int, event: int, ms: int, rate: int, timestamp: int) -> None:
        """RFC 4733: its duration grows with each packet, and its end is said thrice."""
        lengths = [*range(20, ms, 20), ms, ms, ms]
        packets = [
            (
                timestamp,
                struct.pack("!BBH", event, 0x8A if at >= len(lengths) - 3 else 10, each * rate // 1000),
            )
            for at, each in enumerate(lengths)
        ]
        await self.say(payload_type, packets)

    async def heard(self, count: int, payload_type: int) -> list[bytes]:
        """The payloads of the next packets of that type."""
        payloads: list[bytes] = []
        async with asyncio.timeout(5.0):
            while len(payloads) < count:
                packet = await asyncio.get_running_loop().sock_recv(self._socket, 2048)
                header = rtp_parse(packet)
                assert header is not None
                if header[0] == payload_type:
                    payloads.append(packet[header[5] : header[5] + header[6]])
        return payloads

    async def pressed(self, payload_type: int) -> tuple[int, int]:
        """The event that ends next, and its duration."""
        while True:
            ((event, flags, duration),) = [
                struct.unpack("!BBH", payload) for payload in await self.heard(1, payload_type)
            ]
            if flags & 0x80:
                return event, duration


@asynccontextmanager
async def carriers(
    tell_on_failure: Tell, *codecs: str
) -> AsyncIterator[tuple[Switch, RawParty, RawParty, Ear, Ear]]:
    """One that calls 9..., and one that is called, with their media."""
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address()))
            for _ in range(2)
        ]
        sections = centre(
            1,
            media={"codecs": list(codecs)},
            trunks={"a": {"accept_from": [f"{a.host}/32"]}, "b": {"proxy": f"sip:{b.here}"}},
            routes=[
                {"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True},
                {"trunk": "a", "to": "+34911*", "go": "queue:support"},
            ],
        )
        switch = await stack.enter_async_context(Switch.running(address=address, **sections))
        tell_on_failure("switch", switch.story)
        yield switch, a, b, Ear(stack), Ear(stack)


async def test_g729_passes_untouched_between_two_who_have_it(tell_on_failure: Tell) -> None:
    async with carriers(tell_on_failure, "PCMA", "G729") as (switch, a, b, left, right):
        refused = await (await a.dial(NUMBER, left.sdp("18"))).refused()
        assert (refused.status, refused.reason) == (488, "No Prompts Or Music In G729")

        call = await a.dial("9600", left.sdp("18"))
        incoming = await b.invited()
        assert parse_sdp(incoming.offer.encode()).media[0].codecs.keys() == {"G729", "TELEPHONE-EVENT"}
        await incoming.answer(right.sdp("18"))
        answer = (await call.answered()).body.decode()
        assert "a=fmtp:18 annexb=no\r\n" in answer
        left.meet(answer)
        right.meet(incoming.offer)
        said = [bytes([i] * 20) for i in range(50)]
        for mouth, ear in ((left, right), (right, left)):
            spoken = asyncio.create_task(mouth.say(18, [(160 * i, each) for i, each in enumerate(said)]))
            heard = await ear.heard(25, 18)
            first = said.index(heard[0])  # the engine may still be connecting the two
            assert heard == said[first : first + 25]
            await spoken
        await call.ask("BYE")
        await incoming.expect("BYE")
        record = (await switch.ended_calls(2))[0]
        assert [leg["codec"] for leg in record["legs"]] == ["G729", "G729"]


@pytest.mark.skipif(OPUS.capsule is None, reason=f"needs {OPUS.package}")
async def test_digits_between_clocks_of_48_and_8_khz(tell_on_failure: Tell) -> None:
    """An event keeps its milliseconds, whatever its durations count (RFC 4733 section 2.1)."""
    async with carriers(tell_on_failure, "OPUS", "PCMA") as (_, a, b, left, right):
        wide = left.sdp("111 110", "111 opus/48000/2", "110 telephone-event/48000")
        call = await a.dial("9600", wide)
        incoming = await b.invited()
        await incoming.answer(right.sdp("8 101", "101 telephone-event/8000"))
        left.meet((await call.answered()).body.decode())
        right.meet(incoming.offer)
        silence = Coder(OPUS.capsule)
        await left.say(111, [(960 * i, silence.encode(bytes(640)) or b"\xf8\xff\xfe") for i in range(10)])
        await right.say(8, [(160 * i, b"\xd5" * 160) for i in range(10)])
        await left.press(110, 5, 100, 48000, 9600)
        event, duration = await right.pressed(101)
        assert event == 5
        assert duration == pytest.approx(800, abs=160)
        await right.press(101, 7, 100, 8000, 1600)
        event, duration = await left.pressed(110)
        assert event == 7
        assert duration == pytest.approx(4800, abs=960)
        await call.ask("BYE")
        await incoming.expect("BYE")
