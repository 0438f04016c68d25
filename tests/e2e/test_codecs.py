"""Codecs between real phones: passed through where both have the same, else decoded and encoded."""

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest

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
        ("G722", "G722"),
        ("PCMU", "G722"),
        ("OPUS", "OPUS"),
        ("OPUS", "PCMA"),
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

    def sdp(self, types: str) -> str:
        host, port = self._socket.getsockname()
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {types}\r\n"
        )

    async def say(self, to: str, payload_type: int, payloads: list[bytes]) -> None:
        """A packet each 20 ms to where that description says."""
        description = parse_sdp(to.encode())
        line = description.media[0]
        self._socket.connect((description.address(line), line.port))
        for i, payload in enumerate(payloads):
            await asyncio.get_running_loop().sock_sendall(
                self._socket, rtp_header(payload_type, i == 0, i, 160 * i, 7) + payload
            )
            await asyncio.sleep(0.02)

    async def heard(self, count: int) -> list[bytes]:
        """The payloads of the next packets."""
        payloads: list[bytes] = []
        async with asyncio.timeout(5.0):
            while len(payloads) < count:
                packet = await asyncio.get_running_loop().sock_recv(self._socket, 2048)
                header = rtp_parse(packet)
                assert header is not None
                payloads.append(packet[header[5] : header[5] + header[6]])
        return payloads


async def test_g729_passes_untouched_between_two_who_have_it(tell_on_failure: Tell) -> None:
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address()))
            for _ in range(2)
        ]
        sections = centre(
            1,
            media={"codecs": ["PCMA", "G729"]},
            trunks={
                "a": {"accept_from": [f"{a.host}/32"], "media_from": [f"{ports.PHONES}/32"]},
                "b": {"proxy": f"sip:{b.here}", "media_from": [f"{ports.PHONES}/32"]},
            },
            routes=[
                {"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True},
                {"trunk": "a", "to": "+34911*", "go": "queue:support"},
            ],
        )
        switch = await stack.enter_async_context(Switch.running(address=address, **sections))
        tell_on_failure("switch", switch.story)
        left, right = Ear(stack), Ear(stack)

        refused = await (await a.dial(NUMBER, left.sdp("18"))).refused()
        assert (refused.status, refused.reason) == (488, "No Prompts Or Music In G729")

        call = await a.dial("9600", left.sdp("18"))
        incoming = await b.invited()
        assert parse_sdp(incoming.offer.encode()).media[0].codecs.keys() == {"G729", "TELEPHONE-EVENT"}
        await incoming.answer(right.sdp("18"))
        answer = (await call.answered()).body.decode()
        assert "a=fmtp:18 annexb=no\r\n" in answer
        said = [bytes([i] * 20) for i in range(50)]
        for mouth, to, ear in ((left, answer, right), (right, incoming.offer, left)):
            spoken = asyncio.create_task(mouth.say(to, 18, said))
            heard = await ear.heard(25)
            first = said.index(heard[0])  # the engine may still be connecting the two
            assert heard == said[first : first + 25]
            await spoken
        await call.ask("BYE")
        await incoming.expect("BYE")
        record = (await switch.ended_calls(2))[0]
        assert [leg["codec"] for leg in record["legs"]] == ["G729", "G729"]
