"""One outgoing stream for a leg's life: ext/engine_stream.pxd and ext/engine_sources.pxd."""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from media.events import PlaybackFinished
from media.g711 import alaw_to_ulaw, ulaw_to_alaw
from media.port import Echo, Play, Port, Relay, Silence, Tone
from media.sound import Sound
from tests.media.rtp_peer import Packet, RtpPeer
from tests.media.stage import Stage, until
from tests.media.waves import sine

CALLER = "127.20.0.10"
AGENT = "127.20.0.20"


def in_step(packets: list[Packet]) -> bool:
    """Whether sequence numbers go up one by one and timestamps never back, in one SSRC."""
    headers = [packet.header for packet in packets]
    return all(
        after.sequence == (before.sequence + 1) & 0xFFFF
        and 0 < (after.timestamp - before.timestamp) & 0xFFFFFFFF < 1 << 31
        and after.ssrc == before.ssrc
        for before, after in pairwise(headers)
    )


async def bridge(stage: Stage, caller: RtpPeer, agent: RtpPeer) -> tuple[Port, Port]:
    left = await stage.leg(caller)
    right = await stage.leg(agent)
    left.send(Relay(right))
    right.send(Relay(left))
    await stage.settled()
    return left, right


async def test_relay_is_bit_exact_both_ways(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT, ssrc=9)
    left, right = await bridge(stage, caller, agent)
    payloads = [random.Random(i).randbytes(160) for i in range(100)]
    for payload in payloads:
        caller.send(payload)
        agent.send(payload[::-1])
    at_agent, at_caller = await agent.receive_many(100), await caller.receive_many(100)
    assert [packet.payload for packet in at_agent] == payloads
    assert [packet.payload[::-1] for packet in at_caller] == payloads
    for packets, port in ((at_agent, right), (at_caller, left)):
        assert in_step(packets)
        assert {packet.header.ssrc for packet in packets} == {port.ssrc}
        assert [packet.header.marker for packet in packets] == [True] + 99 * [False]
    assert left.stats().packets_sent == right.stats().packets_sent == 100
    assert left.stats().octets_sent == 16000


@pytest.mark.parametrize(
    ("of_caller", "of_agent", "transcode"),
    [("PCMA", "PCMU", alaw_to_ulaw), ("PCMU", "PCMA", ulaw_to_alaw)],
)
async def test_relay_between_the_two_laws_transcodes(
    stage: Stage, of_caller: str, of_agent: str, transcode: Callable[[bytes], bytes]
) -> None:
    caller, agent = stage.peer(CALLER, codec=of_caller), stage.peer(AGENT, codec=of_agent)
    await bridge(stage, caller, agent)
    every_code = bytes(range(256))
    caller.send(every_code)
    packet = await agent.receive()
    assert packet.payload == transcode(every_code)
    assert packet.header.payload_type == agent.payload_type


async def test_two_listeners_of_different_codecs_hear_the_same(stage: Stage) -> None:
    caller, same, other = stage.peer(CALLER), stage.peer(AGENT), stage.peer("127.20.0.21", codec="PCMU")
    heard = await stage.leg(caller)
    for listener in (same, other):
        (await stage.leg(listener)).send(Relay(heard))
    await stage.settled()
    every_code = bytes(range(256))
    caller.send(every_code)
    assert (await same.receive()).payload == every_code
    assert (await other.receive()).payload == alaw_to_ulaw(every_code)


async def test_header_extension_csrc_and_padding_are_not_passed_on(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT)
    await bridge(stage, caller, agent)
    head = (
        bytes([0xB1, 8])
        + caller.sequence.to_bytes(2)
        + caller.timestamp.to_bytes(4)
        + caller.ssrc.to_bytes(4)
    )
    extension = b"\xbe\xde\x00\x01" + bytes(4)
    caller.socket.sendto(head + b"CSRC" + extension + b"\x55" * 160 + b"\0\0\0\4", caller.target)
    packet = await agent.receive()
    assert packet.payload == b"\x55" * 160
    assert packet.header.payload_offset == 12


async def test_lost_packets_leave_their_gap_and_late_ones_their_place(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT)
    await bridge(stage, caller, agent)
    start, stamp = caller.sequence, caller.timestamp
    order = [0, 1, 4, 3, 7, 7, 8]
    for place in order:
        caller.sequence, caller.timestamp = (start + place) & 0xFFFF, (stamp + 160 * place) & 0xFFFFFFFF
        caller.send()
    headers = [packet.header for packet in await agent.receive_many(len(order))]
    assert [(header.sequence - headers[0].sequence) & 0xFFFF for header in headers] == order
    assert [(header.timestamp - headers[0].timestamp) & 0xFFFFFFFF for header in headers] == [
        160 * place for place in order
    ]


async def test_what_is_not_passed_on_leaves_no_gap(stage: Stage) -> None:
    """Comfort noise and telephone-events, for a peer that did not agree to them."""
    caller, agent = stage.peer(CALLER), stage.peer(AGENT)
    left, right = await bridge(stage, caller, agent)
    right.connect(agent.media(event_type=None))
    await stage.settled()
    caller.send()
    caller.send(b"\x40", payload_type=13)
    caller.send_event(5, duration=160)
    caller.send()
    packets = await agent.receive_many(2)
    assert in_step(packets)
    await until(lambda: left.stats().packets_received == 3 + 4)
    assert left.stats().strangers == 0
    assert agent.waiting() == []


async def test_comfort_noise_goes_to_who_takes_it(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT)
    _, right = await bridge(stage, caller, agent)
    right.connect(replace(agent.media(), comfort_noise=True))
    await stage.settled()
    caller.send()
    caller.send(b"\x40", payload_type=13, step=3200)
    caller.send(marker=True)
    packets = await agent.receive_many(3)
    assert [packet.header.payload_type for packet in packets] == [8, 13, 8]
    assert packets[1].payload == b"\x40"
    stamps = [packet.header.timestamp for packet in packets]
    assert [(stamp - stamps[0]) & 0xFFFFFFFF for stamp in stamps] == [0, 160, 3360]


async def test_a_new_ssrc_of_the_relayed_peer_changes_nothing_but_the_marker(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT)
    await bridge(stage, caller, agent)
    caller.send()
    caller.ssrc, caller.sequence, caller.timestamp = 77, 5, 1_000_000
    caller.send()
    caller.send()
    packets = await agent.receive_many(3)
    assert in_step(packets)
    assert [packet.header.marker for packet in packets] == [True, True, False]


async def test_a_peer_that_does_not_count_its_silence_is_put_right(stage: Stage) -> None:
    """Its timestamps jump by an hour; the listener's stay with real time."""
    caller, agent = stage.peer(CALLER), stage.peer(AGENT)
    await bridge(stage, caller, agent)
    caller.send()
    caller.timestamp = (caller.timestamp + 3600 * 8000) & 0xFFFFFFFF
    caller.send()
    first, second = await agent.receive_many(2)
    assert 160 <= (second.header.timestamp - first.header.timestamp) & 0xFFFFFFFF < 8000
    assert second.header.marker


async def test_the_stream_goes_on_through_play_relay_hold_and_relay(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT, ssrc=9)
    left, right = await stage.leg(caller), await stage.leg(agent)
    music = Sound.from_pcm("music", sine(440, -10, seconds=0.2))
    packets = []
    left.send(Play(music, loop=True))
    packets += await caller.receive_many(15)
    left.send(Relay(right))
    await stage.settled()
    packets += caller.waiting()
    played = len(packets)
    for _ in range(5):
        agent.send(b"\x11" * 160)
    packets += await caller.receive_many(5)
    left.send(Silence())
    await stage.settled()
    agent.send()
    await until(lambda: right.stats().packets_received == 3 + 6)
    left.send(Relay(right))
    await stage.settled()
    agent.send(b"\x22" * 160)
    packets += await caller.receive_many(1)
    assert in_step(packets)
    assert [i for i, packet in enumerate(packets) if packet.header.marker] == [0, played, played + 5]
    assert packets[-1].payload == b"\x22" * 160
    assert {packet.header.payload_type for packet in packets} == {8}


async def test_timestamps_go_on_with_real_time_over_a_silence(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Tone())
    before = await caller.receive()
    port.send(Silence())
    await stage.settled()
    before = (caller.waiting() or [before])[-1]
    watched = stage.peer("127.20.0.30")
    pause = stage.plane.open()
    pause.connect(watched.media())
    pause.send(Play(Sound.from_pcm("half a second", bytes(8000))))
    await stage.event(PlaybackFinished, pause)
    port.send(Tone())
    after = await caller.receive()
    assert 3900 <= (after.header.timestamp - before.header.timestamp) & 0xFFFFFFFF < 8000
    assert after.header.sequence == (before.header.sequence + 1) & 0xFFFF


async def test_a_muted_port_sends_nothing_and_goes_on_in_step(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Play(Sound.from_pcm("music", sine(440, -10)), loop=True))
    packets = await caller.receive_many(3)
    port.mute(True)
    await stage.settled()
    packets += caller.waiting()
    sent = port.stats().packets_sent
    waiting = stage.plane.open()
    waiting.connect(stage.peer("127.20.0.30").media())
    waiting.send(Play(Sound.from_pcm("a tenth", bytes(1600))))
    await stage.event(PlaybackFinished, waiting)
    assert port.stats().packets_sent == sent
    port.mute(False)
    packets += await caller.receive_many(2)
    assert in_step(packets)
    assert packets[-2].header.marker
    assert not packets[-1].header.marker


async def test_relay_of_a_closed_port_falls_silent(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT)
    left, right = await bridge(stage, caller, agent)
    left.close()
    right.send(Relay(left))
    await stage.settled()
    agent.send()
    await until(lambda: right.stats().packets_received == 4)
    assert right.stats().packets_sent == 0


async def test_echo(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Echo())
    await stage.settled()
    for i in range(10):
        caller.send(bytes([i]) * 160)
    packets = await caller.receive_many(10)
    assert [packet.payload[0] for packet in packets] == list(range(10))
    assert in_step(packets)
    assert packets[0].header.ssrc == port.ssrc
