"""A recorded call, and a hundred thousand packets that are not of it: nobody hears them, nobody answers."""

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre, ending
from tests.e2e.test_first_call import channels
from tests.media.forgers import FORGED_HZ, answers, dropped, forged_reports, forged_rtp, forgers, over
from tests.media.hearing import heard_anywhere, listen
from tests.media.speakers import perform
from tests.peers.phone import Phones
from tests.peers.switch import Switch

FORGERS = [f"127.20.43.{number}" for number in range(100, 108)]
FORGED = 25_000
SECONDS = 5.0
TONES_HZ = (440.0, 1000.0, FORGED_HZ)


def media_ports(address: str) -> list[int]:
    """The UDP ports that are bound there in the range of `configuration` (proc(5), /proc/net/udp)."""
    here = f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}"
    bound = (line.split()[1].split(":") for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    return sorted({int(port, 16) for host, port in bound if host == here and 20000 <= int(port, 16) < 21000})


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_nobody_hears_them_and_the_file_has_none(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(Phones.running())
        caller = await carrier.phone("caller")
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        desk = await stack.enter_async_context(Phones.running())
        phone = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await phone.behave("answer", tone_hz=1000.0)
        await phone.register()
        ana = await (await phone.next_call()).until("established")
        await ana.listen(0.5)

        ports = media_ports(switch.address)
        assert len(ports) == 4, "RTP and RTCP of two legs"
        before = (await switch.metrics()).value("centralita_rtp_strangers_total")
        crowds = [stack.enter_context(forgers(FORGERS, (switch.address, port))) for port in ports]
        packets = [
            packet
            for port, crowd in zip(ports, crowds, strict=True)
            for packet in over(
                SECONDS, FORGED, crowd, forged_reports(1, 2) if port % 2 else forged_rtp(1, 1, 1)
            )
        ]
        _, *heard = await asyncio.gather(perform([], packets), call.listen(SECONDS), ana.listen(SECONDS))
        counted = (await switch.metrics()).value("centralita_rtp_strangers_total") - before
        assert counted + sum(dropped(switch.address, port) for port in ports) == FORGED * len(ports)
        assert [answers(crowd) for crowd in crowds] == [[]] * len(ports)
        for sound, wanted in zip(heard, (1000.0, 440.0), strict=True):
            assert heard_anywhere(listen(sound, TONES_HZ)) == {wanted}
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("answered", "caller_hung_up", "caller")
        sides = channels(switch.data_dir / record["recording"]["path"])
        for channel, wanted in zip(sides, (440.0, 1000.0), strict=True):
            assert heard_anywhere(listen(channel, TONES_HZ)) == {wanted}
