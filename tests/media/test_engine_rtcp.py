"""RTCP, sent and received: ext/engine_rtcp.pxd, RFC 3550 section 6."""

import asyncio
import struct

import pytest

from media.events import Locked
from media.port import Echo, Port
from tests.media.rtcp import (
    DESCRIPTION,
    EXTENDED,
    GOODBYE,
    SENDER,
    Report,
    packets,
    receiver_report,
)
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage, until

CALLER = "127.20.0.10"
REPORT_WITHIN_S = 8.0


async def report_from(stage: Stage, peer: RtpPeer, rtcp: RtpPeer) -> bytes:
    async with asyncio.timeout(REPORT_WITHIN_S):
        return await asyncio.get_running_loop().sock_recv(rtcp.socket, 2048)


async def with_rtcp(stage: Stage, caller: RtpPeer) -> tuple[Port, RtpPeer]:
    rtcp = stage.peer(CALLER)
    port = await stage.leg(caller, rtcp=rtcp.address)
    rtcp.target = (stage.host, port.number + 1)
    return port, rtcp


async def test_a_sender_reports_what_it_sent_and_heard(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    port.send(Echo())
    await stage.settled()
    caller.send()
    caller.sequence = (caller.sequence + 2) & 0xFFFF
    caller.send()
    sent = await caller.receive_many(2)
    report = await report_from(stage, caller, rtcp)
    told = Report.parse(report)
    assert told.kinds == [SENDER, DESCRIPTION, EXTENDED]
    assert told.sent is not None
    *_, timestamp, count, octets = told.sent
    assert (told.ssrc, count, octets) == (port.ssrc, 2, 320)
    assert 0 < (timestamp - sent[-1].header.timestamp) & 0xFFFFFFFF < 8000 * REPORT_WITHIN_S
    block = told.blocks[0]
    assert (block.ssrc, block.lost, block.fraction) == (caller.ssrc, 2, 73 / 256)
    assert (block.last, block.delay) == (0, 0)
    name = packets(report)[1][2][4:]
    assert name[:2] == b"\x01\x18"
    assert bytes.fromhex(name[2:26].decode()) != bytes(12)
    assert name[26:] == b"\0\0"
    assert port.stats().rtcp_sent == 1


async def test_who_sent_nothing_reports_as_a_receiver_and_says_goodbye(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    report = await report_from(stage, caller, rtcp)
    assert report[:4] == bytes([0x81, 201, 0, 7])
    port.close()
    last = await report_from(stage, caller, rtcp)
    assert last[-8:] == struct.pack("!BBHI", 0x81, 203, 1, port.ssrc)


async def test_what_the_peer_says_of_our_stream(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    assert port.stats().peer_jitter_s is None
    block = struct.pack("!IIIIII", port.ssrc, 0x10000007, 1, 80, 0, 0)
    rtcp.socket.sendto(receiver_report(caller.ssrc, block), rtcp.target)
    await until(lambda: port.stats().rtcp_received == 1)
    stats = port.stats()
    assert (stats.peer_packets_lost, stats.peer_jitter_s, stats.round_trip_s) == (7, 0.01, None)


@pytest.mark.parametrize(
    "junk",
    [
        b"\x80\xc9",
        b"\x80\xc9\0\5\0\0\x12\x34",
        b"\x00\xc9\0\1\0\0\x12\x34",
        b"\x80\xca\0\1\0\0\x12\x34",
        bytes(40),
    ],
    ids=["short", "length too great", "version 0", "no report first", "zeros"],
)
async def test_what_is_no_rtcp_is_no_life(stage: Stage, junk: bytes) -> None:
    """RFC 3550 appendix A.2."""
    port, rtcp = await with_rtcp(stage, stage.peer(CALLER))
    rtcp.socket.sendto(junk, rtcp.target)
    await until(lambda: port.stats().strangers == 1)
    assert port.stats().rtcp_received == 0


async def test_rtcp_of_another_host_or_ssrc_is_a_strangers(stage: Stage) -> None:
    caller, stranger = stage.peer(CALLER), stage.peer("127.20.0.66")
    port, rtcp = await with_rtcp(stage, caller)
    stranger.socket.sendto(receiver_report(caller.ssrc), rtcp.target)
    rtcp.socket.sendto(receiver_report(caller.ssrc + 1), rtcp.target)
    await until(lambda: port.stats().strangers == 2)
    rtcp.socket.sendto(receiver_report(caller.ssrc), rtcp.target)
    await until(lambda: port.stats().rtcp_received == 1)


async def test_rtcp_is_latched_too(stage: Stage) -> None:
    """Behind NAT it comes from another port than SDP says: reports then go there."""
    caller, behind_nat, other = stage.peer(CALLER), stage.peer(CALLER), stage.peer(CALLER)
    port, in_sdp = await with_rtcp(stage, caller)
    behind_nat.socket.sendto(receiver_report(caller.ssrc), in_sdp.target)
    await until(lambda: port.stats().rtcp_received == 1)
    other.socket.sendto(receiver_report(caller.ssrc), in_sdp.target)
    await until(lambda: port.stats().strangers == 1)
    assert (await report_from(stage, caller, behind_nat))[1] == 201


@pytest.mark.parametrize("where", ["127.20.0.66", CALLER])
async def test_rtcp_before_the_lock_gives_way_to_the_locked_stream(stage: Stage, where: str) -> None:
    """Who may speak is not yet who does: another host that is allowed, or another stream."""
    caller, stranger = stage.peer(CALLER), stage.peer(where)
    rtcp = stage.peer(CALLER)
    port = stage.plane.open()
    port.connect(caller.media(rtcp=rtcp.address, allowed=["127.20.0.0/24"]))
    port.send(Echo())
    caller.meet(port, stage.host)
    rtcp.target = (stage.host, port.number + 1)
    await stage.settled()
    stranger.socket.sendto(receiver_report(0xBAD), rtcp.target)
    await until(lambda: port.stats().rtcp_received == 1)
    for _ in range(3):
        caller.send()
    await stage.event(Locked, port)
    rtcp.socket.sendto(receiver_report(caller.ssrc), rtcp.target)
    await until(lambda: port.stats().rtcp_received == 2)
    stranger.socket.sendto(receiver_report(0xBAD), rtcp.target)
    await until(lambda: port.stats().strangers == 1)
    port.close()
    assert packets(await report_from(stage, caller, rtcp))[-1][0] == GOODBYE
    with pytest.raises(BlockingIOError):
        stranger.socket.recv(2048)


async def test_rtcp_on_the_rtp_port_is_life_of_the_locked_peer_only(stage: Stage) -> None:
    """We never agree to RFC 5761; whoever does it all the same is not taken for dead."""
    caller, other = stage.peer(CALLER), stage.peer(CALLER)
    port = await stage.leg(caller)
    other.socket.sendto(receiver_report(caller.ssrc), caller.target)
    caller.socket.sendto(receiver_report(caller.ssrc), caller.target)
    await until(lambda: port.stats().rtcp_received == 1 and port.stats().strangers == 1)
    assert port.stats().packets_received == 3
