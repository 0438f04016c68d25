"""Extended reports, sent and received: ext/engine_xr.pxd, RFC 3611."""

import asyncio
import contextlib
import struct
import time
from dataclasses import replace

import pytest

from media.emodel import emodel_mos
from media.port import Echo, Mix, Port, Tone
from tests.media.rtcp import (
    DELAYS,
    GOODBYE,
    METRICS,
    REFERENCE,
    Report,
    extended_report,
    goodbye,
    metrics,
    receiver_report,
    sender_report,
)
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage, until

CALLER = "127.20.0.10"
REPORT_WITHIN_S = 8.0
NTP_EPOCH = 2208988800


def ntp_middle(ago_s: float = 0.0) -> int:
    return int((time.time() - ago_s + NTP_EPOCH) * 65536) & 0xFFFFFFFF


async def with_rtcp(stage: Stage, caller: RtpPeer) -> tuple[Port, RtpPeer]:
    rtcp = stage.peer(CALLER)
    port = await stage.leg(caller, rtcp=rtcp.address)
    rtcp.target = (stage.host, port.number + 1)
    return port, rtcp


async def report_from(rtcp: RtpPeer) -> Report:
    """The next; what came before is forgotten."""
    with contextlib.suppress(BlockingIOError):
        while True:
            rtcp.socket.recv(2048)
    async with asyncio.timeout(REPORT_WITHIN_S):
        return Report.parse(await asyncio.get_running_loop().sock_recv(rtcp.socket, 2048))


async def last_report(port: Port, rtcp: RtpPeer) -> Report:
    """The one that says goodbye, of a port that has sent something."""
    port.send(Tone(440.0, -10.0))
    await until(lambda: port.stats().packets_sent > 0)
    port.close()
    told = await report_from(rtcp)
    assert told.kinds[-1] == GOODBYE
    return told


async def tell(port: Port, rtcp: RtpPeer, compound: bytes) -> None:
    before = port.stats().rtcp_received
    rtcp.socket.sendto(compound, rtcp.target)
    await until(lambda: port.stats().rtcp_received == before + 1)


async def test_what_we_hear_is_reported(stage: Stage) -> None:
    """200 packets with two lone losses and one burst of four losses in five packets."""
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    for lost in "1" * 40 + "0" + "1" * 40 + "0" + "1" * 40 + "00100" + "1" * 70:
        if lost == "1":
            caller.send()
        else:
            caller.sequence = (caller.sequence + 1) & 0xFFFF
    await until(lambda: port.stats().packets_received == 3 + 191)
    said, heard = (await last_report(port, rtcp)).metrics, port.stats().received
    assert heard is not None
    assert said.ssrc == caller.ssrc
    assert (said.loss, said.discarded) == (256 * 6 // 200, 0)
    assert (said.burst_loss, said.burst_ms) == (256 * 4 // 5, 100)
    assert (said.gap_loss, said.gap_ms) == (256 * 2 // 195, 195 * 20 // 2)
    assert (said.gmin, said.trip_ms, said.end_system_ms) == (16, 0, 0)
    assert (said.signal, said.noise, said.echo, said.external_r) == (127, 127, 127, 127)
    assert said.r == pytest.approx(heard.r, abs=0.51)
    assert said.conversation == pytest.approx(10 * emodel_mos(heard.r), abs=0.51)
    assert said.conversation <= said.listening <= 45
    assert (said.config, said.nominal_ms, said.most_ms, said.limit_ms) == (0, 0, 0, 0)


async def test_who_sends_nothing_asks_for_the_round_trip_by_its_reference_time(stage: Stage) -> None:
    """Sections 4.4 and 4.5: the peer answers with what it got and how long it kept it."""
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    told = await report_from(rtcp)
    seconds, fraction = struct.unpack("!II", told.extended[REFERENCE])
    assert abs(seconds - NTP_EPOCH - time.time()) < 60
    assert port.stats().round_trip_s is None
    middle = (seconds & 0xFFFF) << 16 | fraction >> 16
    kept = ntp_middle() - middle - 65536 // 4
    answer = struct.pack("!BBHIII", DELAYS, 0, 3, port.ssrc, middle, kept & 0xFFFFFFFF)
    others = struct.pack("!BBHIII", DELAYS, 0, 3, port.ssrc + 1, 1, 1)
    both = struct.pack("!BBH", DELAYS, 0, 6) + others[4:] + answer[4:]
    await tell(port, rtcp, receiver_report(caller.ssrc) + extended_report(caller.ssrc, both))
    assert port.stats().round_trip_s == pytest.approx(0.25, abs=0.1)


async def test_the_peers_reference_time_is_answered(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    reference = struct.pack("!BBHII", REFERENCE, 0, 2, 0xAAAA1234, 0x5678BBBB)
    await tell(port, rtcp, receiver_report(caller.ssrc) + extended_report(caller.ssrc, reference))
    told = await last_report(port, rtcp)
    ssrc, last, delay = struct.unpack("!III", told.extended[DELAYS])
    assert (ssrc, last) == (caller.ssrc, 0x12345678)
    assert 0 < delay < REPORT_WITHIN_S * 65536


async def test_what_the_peer_hears_of_us(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    assert port.stats().sent is None
    block = struct.pack("!IIIIII", port.ssrc, 0, 1, 80, 0, 0)
    said = metrics(
        port.ssrc, loss=26, discarded=13, burst_loss=128, gap_loss=2, burst_ms=140, gap_ms=3000, r=71
    )
    await tell(port, rtcp, receiver_report(caller.ssrc, block) + extended_report(caller.ssrc, said.octets()))
    there = port.stats().sent
    assert there is not None
    assert (there.discarded, there.burst_loss, there.gap_loss) == (13 / 256, 0.5, 2 / 256)
    assert (there.burst_s, there.gap_s, there.jitter_s, there.bursts) == (0.14, 3.0, 0.01, None)
    assert (there.r, there.mos) == (71.0, emodel_mos(71.0))


@pytest.mark.parametrize(("conversation", "mos"), [(36, 3.6), (127, None), (0, None), (60, None)])
async def test_a_score_that_is_none_is_not_believed(
    stage: Stage, conversation: int, mos: float | None
) -> None:
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    block = struct.pack("!IIIIII", port.ssrc, 0, 1, 0, 0, 0)
    said = metrics(port.ssrc, conversation=conversation)
    await tell(port, rtcp, receiver_report(caller.ssrc, block) + extended_report(caller.ssrc, said.octets()))
    there = port.stats().sent
    assert there is not None
    assert there.mos == (mos or emodel_mos(there.r))


@pytest.mark.parametrize("lost", [0, 5, 50, 500])
async def test_without_metrics_a_report_block_is_enough(stage: Stage, lost: int) -> None:
    """Of 1,000 packets that it should have heard; the more it lost, the worse we sound there."""
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    port.send(Echo())
    await stage.settled()
    caller.send()
    first = (await caller.receive()).header.sequence
    block = struct.pack("!IIIIII", port.ssrc, lost, first + 999, 40, 0, 0)
    await tell(port, rtcp, receiver_report(caller.ssrc, block))
    there = port.stats().sent
    assert there is not None
    assert there.loss == pytest.approx(lost / 1000)
    assert (there.discarded, there.burst_loss) == (None, None)
    assert there.mos == emodel_mos(there.r)
    expected = 95.0 * 100 * there.loss / (100 * there.loss + 25.1)
    assert there.r == pytest.approx(92.3 - expected, abs=0.5)


async def test_extended_reports_of_strangers_say_nothing(stage: Stage) -> None:
    """Another host, another port of the same host, the RTP port, another SSRC: neither metrics nor goodbyes
    of theirs are taken, and they get no answer.
    """
    caller, stranger = stage.peer(CALLER), stage.peer("127.20.0.66")
    port, rtcp = await with_rtcp(stage, caller)
    await tell(port, rtcp, receiver_report(caller.ssrc))
    neighbour = stage.peer(CALLER)
    worst = extended_report(caller.ssrc, metrics(port.ssrc, loss=255, r=0).octets())
    block = struct.pack("!IIIIII", port.ssrc, 0xFF7FFFFF, 1, 0xFFFF, 0, 0)
    forged = receiver_report(caller.ssrc, block) + worst + goodbye(caller.ssrc)
    for forger in (stranger, neighbour):
        forger.socket.sendto(forged, rtcp.target)
        forger.socket.sendto(forged, caller.target)
    other = receiver_report(caller.ssrc + 1, block) + worst + goodbye(caller.ssrc)
    stranger.socket.sendto(other, rtcp.target)
    await until(lambda: port.stats().strangers == 5)
    assert port.stats().sent is None
    assert port.stats().rtcp_received == 1
    caller.send()
    await until(lambda: port.stats().packets_received == 4)
    assert (await last_report(port, rtcp)).extended[METRICS]
    assert stranger.waiting() == neighbour.waiting() == []


async def test_metrics_of_another_stream_say_nothing_of_ours(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    block = struct.pack("!IIIIII", port.ssrc, 0, 1, 0, 0, 0)
    said = metrics(port.ssrc + 1, r=10).octets()
    await tell(port, rtcp, receiver_report(caller.ssrc, block) + extended_report(caller.ssrc, said))
    there = port.stats().sent
    assert there is not None
    assert there.r > 90


@pytest.mark.parametrize(
    "blocks",
    [
        b"\x07\x00\x00\x09",
        b"\x07\x00\x00\x07" + bytes(28),
        b"\x04\x00\x00\x01" + bytes(4),
        b"\x05\x00\x00\x02" + bytes(8),
        b"\x63\x00\x00\x01" + bytes(4),
        b"\x01\x00\xff\xff",
    ],
    ids=["metrics cut short", "metrics of 7 words", "half a time", "half an answer", "unknown", "too long"],
)
async def test_blocks_that_are_none_are_passed_over(stage: Stage, blocks: bytes) -> None:
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    await tell(port, rtcp, receiver_report(caller.ssrc) + extended_report(caller.ssrc, blocks))
    assert port.stats().sent is None
    assert port.stats().round_trip_s is None


async def test_the_round_trip_by_sender_reports(stage: Stage) -> None:
    """RFC 3550 section 6.4.1: LSR and DLSR of the peer's block; and ours, which answers the peer's report."""
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    block = struct.pack("!IIIIII", port.ssrc, 0, 1, 0, ntp_middle(ago_s=0.6), int(0.4 * 65536))
    await tell(port, rtcp, sender_report(caller.ssrc, 0x12345678, block))
    assert port.stats().round_trip_s == pytest.approx(0.2, abs=0.1)
    told = await last_report(port, rtcp)
    assert told.blocks[0].last == 0x12345678
    assert told.metrics.trip_ms == pytest.approx(200, abs=100)


@pytest.mark.parametrize("ago_s", [-5.0, 30.0, 20_000.0])
async def test_a_round_trip_that_cannot_be_is_none(stage: Stage, ago_s: float) -> None:
    caller = stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    block = struct.pack("!IIIIII", port.ssrc, 0, 1, 0, ntp_middle(ago_s), 0)
    await tell(port, rtcp, receiver_report(caller.ssrc, block))
    assert port.stats().round_trip_s is None


async def test_a_port_that_is_heard_tells_of_its_jitter_buffer(stage: Stage) -> None:
    """Sections 4.7.6, 4.7.7: adaptive, with concealment; how long it delays now, at most so far, and ever."""
    caller, other = stage.peer(CALLER), stage.peer(CALLER)
    port, rtcp = await with_rtcp(stage, caller)
    there = await stage.leg(other)
    room = stage.plane.room(near=port)
    port.send(Mix(room))
    there.send(Mix(room))
    await stage.settled()
    for _ in range(20):
        caller.send()
        await other.receive()
    port.close()
    told = (await report_from(rtcp)).metrics
    assert told.config == 0xF0
    assert 0 < told.nominal_ms <= told.most_ms < told.limit_ms == 200


async def test_whoever_takes_none_is_sent_none(stage: Stage) -> None:
    """By ports that were heard and send nothing."""
    wishes = [(True, True), (True, False), (False, True), (False, False)]
    ears = []
    for numbers, reference in wishes:
        caller = stage.peer(CALLER)
        port, rtcp = await with_rtcp(stage, caller)
        media = caller.media(rtcp=rtcp.address)
        port.connect(replace(media, takes_metrics=numbers, takes_reference_time=reference))
        ears.append(rtcp)
    told = [report.extended for report in await asyncio.gather(*map(report_from, ears))]
    assert [(METRICS in blocks, REFERENCE in blocks) for blocks in told] == wishes
