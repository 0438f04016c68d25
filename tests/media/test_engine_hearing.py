"""Ports that are heard as samples: packet times, digits, recordings of rooms (ext/engine_hearing.pxd)."""

import asyncio
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from media.events import PortClosed, RecordingStopped
from media.port import Mix, Play, Relay, Tone
from media.sound import Sound
from tests.media.continuity import Continuity, noise, of_noise
from tests.media.orchestra import Orchestra, clear, others
from tests.media.rtp_peer import PAYLOAD_TYPES
from tests.media.speakers import encoded, heard, perform, speaker
from tests.media.stage import Stage, until
from tests.peers.audio import RATE, pcm, tone


@pytest.mark.parametrize("codecs", [("PCMA", "PCMA"), ("PCMU", "PCMA")])
@pytest.mark.parametrize("ptimes_ms", [(20, 30), (30, 20), (40, 10), (10, 40), (30, 40)])
async def test_each_gets_packets_as_long_as_he_asked_for(
    stage: Stage, ptimes_ms: tuple[int, int], codecs: tuple[str, str]
) -> None:
    orchestra = Orchestra(stage, 2)
    one, other = [
        await orchestra.join(codec=codec, ptime_ms=ptime_ms)
        for codec, ptime_ms in zip(codecs, ptimes_ms, strict=True)
    ]
    one.port.send(Relay(other.port))
    other.port.send(Relay(one.port))
    await orchestra.play(0.3)
    for party in (one, other):
        party.forget()
    await orchestra.play(0.8)
    for party, said in ((one, other), (other, one)):
        packets = party.peer.waiting()
        size = RATE * party.ptime_ms // 1000
        assert {len(packet.payload) for packet in packets} == {size}
        steps = {(b.header.timestamp - a.header.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)}
        assert steps == {size}
        assert 400 < len(packets) * party.ptime_ms < 1600
        if party.peer.codec == said.peer.codec:
            whole = b"".join(said.frames) * 2
            same = sum(packet.payload in whole for packet in packets)
            assert same > 0.5 * len(packets), "but for a cut where this machine was late, nothing is changed"


async def test_packets_of_200_ms_are_relayed_heard_and_recorded(stage: Stage, tmp_path: Path) -> None:
    """The longest that RFC 3551 section 4.2 lets a sender make."""
    mouth = speaker(stage, ptime_ms=200)
    alike = speaker(stage, near=mouth.port, ptime_ms=200)
    wide = speaker(stage, "G722", near=mouth.port)
    for ear in (alike, wide):
        ear.port.send(Relay(mouth.port))
    recording = mouth.port.record(tmp_path / "long.wav")
    await stage.settled()
    sound = noise(2.0, 1)
    payloads = encoded(sound, "PCMA", 200)
    await perform([(mouth, payloads)])
    relayed, made = [], []

    def all_came() -> bool:
        relayed.extend(alike.came())
        made.extend(wide.came())
        return len(made) >= 10 * len(payloads)

    await until(all_came)
    recording.stop()
    kept, _ = read_channels((await stage.event(RecordingStopped)).path)
    assert [arrival.packet.payload for arrival in relayed] == payloads
    for came in (heard(made, "G722"), kept):
        assert of_noise(sound, came) == Continuity(0.0, 0.0, 0.0)


PAIRS = [
    ("PCMA", "G722"),
    ("PCMA", "OPUS"),
    ("G722", "OPUS"),
    ("PCMU", "PCMA"),
    ("G722", "G722"),
    ("OPUS", "OPUS"),
]


@pytest.mark.parametrize("codecs", PAIRS, ids="-".join)
async def test_two_codecs_hear_each_other(stage: Stage, codecs: tuple[str, str]) -> None:
    orchestra = Orchestra(stage, 2)
    one, other = [await orchestra.join(codec=codec) for codec in codecs]
    one.port.send(Relay(other.port))
    other.port.send(Relay(one.port))
    await orchestra.expect({one.hz: [other.hz], other.hz: [one.hz]})


async def test_a_room_of_all_codecs(stage: Stage) -> None:
    orchestra = Orchestra(stage, 4)
    parties = [await orchestra.join(codec=codec) for codec in ("PCMA", "PCMU", "G722", "OPUS")]
    room = stage.plane.room(parties[0].port)
    for party in parties:
        party.port.send(Mix(room))
    await orchestra.expect({party.hz: others(parties, party) for party in parties})


@pytest.mark.parametrize("codec", ["G722", "OPUS"])
@pytest.mark.parametrize("other_codec", ["PCMA", "same"])
async def test_a_call_in_any_codec_is_recorded(
    stage: Stage, codec: str, other_codec: str, tmp_path: Path
) -> None:
    orchestra = Orchestra(stage, 2)
    caller = await orchestra.join(codec=codec)
    agent = await orchestra.join(codec=codec if other_codec == "same" else other_codec)
    caller.port.send(Relay(agent.port))
    agent.port.send(Relay(caller.port))
    recording = caller.port.record(tmp_path / "call.wav")
    await orchestra.play(1.6)
    recording.stop()
    left, right = read_channels((await stage.event(RecordingStopped)).path)
    for channel, wanted in ((left, [caller.hz]), (right, [agent.hz])):
        windows = orchestra.levels(channel)
        assert any(clear(levels, wanted, caller.level_db) for levels in windows), windows


async def test_music_and_tones_in_any_codec(stage: Stage) -> None:
    orchestra = Orchestra(stage, 3)
    parties = [await orchestra.join(codec=codec) for codec in ("PCMA", "G722", "OPUS")]
    music = Sound.from_pcm("music", tone(parties[0].hz, 1.0, parties[0].level_db).tobytes())
    for party in parties:
        party.port.send(Play(music, loop=True))
    await orchestra.expect({party.hz: [parties[0].hz] for party in parties})


async def test_a_stream_goes_on_in_another_codec(stage: Stage) -> None:
    peer = stage.peer("127.20.0.10")
    port = await stage.leg(peer)
    port.send(Tone())
    stamps = []
    for codec in ("PCMA", "OPUS", "G722", "PCMA"):
        peer.codec, peer.payload_type = codec, PAYLOAD_TYPES[codec]
        port.connect(peer.media())
        while (packet := await peer.receive()).header.payload_type != peer.payload_type:
            continue
        stamps += [packet.header.timestamp, *(each.header.timestamp for each in await peer.receive_many(5))]
    steps = [(after - before) & 0xFFFFFFFF for before, after in pairwise(stamps)]
    assert steps[:5] == [160] * 5
    assert steps[6:11] == [960] * 5
    assert steps[12:17] == [160] * 5
    assert all(0 < step < 48000 for step in steps), "no leap where the codec changes"


async def test_a_digit_goes_through_where_packets_do_not(stage: Stage) -> None:
    orchestra = Orchestra(stage, 2)
    one, other = await orchestra.join(ptime_ms=20), await orchestra.join(ptime_ms=40)
    other.port.send(Relay(one.port))
    await orchestra.play(0.3)
    for duration in (160, 320, 480, 640, 800):
        one.peer.send_event(5, duration=duration, end=duration == 800)
    one.peer.timestamp += 800
    other.forget()
    await orchestra.play(0.4)
    events = [packet for packet in other.peer.waiting() if packet.header.payload_type == 101]
    assert {packet.payload[0] for packet in events} == {5}
    assert [packet.header.marker for packet in events] == [True] + [False] * (len(events) - 1)
    assert len({packet.header.timestamp for packet in events}) == 1
    assert int.from_bytes(events[-1].payload[2:4], "big") == 800
    assert sum(packet.payload[1] & 0x80 != 0 for packet in events) == 3


async def test_who_has_no_peer_yet_may_relay_another(stage: Stage) -> None:
    speaker = stage.peer("127.20.0.10")
    port = await stage.leg(speaker)
    waiting = stage.plane.open(port)
    waiting.send(Relay(port))
    await stage.settled()
    for _ in range(5):
        speaker.send()
    listener = stage.peer("127.20.0.11")
    waiting.connect(listener.media())
    await stage.settled()
    speaker.send(b"\x55" * 160)
    assert (await listener.receive()).payload == b"\x55" * 160


@pytest.mark.parametrize("codec", ["G722", "OPUS"])
async def test_a_port_that_listens_for_digits_closes_while_it_is_heard(stage: Stage, codec: str) -> None:
    orchestra = Orchestra(stage, 2)
    party = await orchestra.join(codec=codec)
    party.port.listen_for_digits(True)
    await orchestra.play(0.2)
    party.port.close()
    await stage.event(PortClosed, party.port)
    other = await orchestra.join()
    await orchestra.play(0.2)
    assert other.port.stats().packets_received > 10


async def test_a_new_packet_time_is_kept_to_at_once(stage: Stage) -> None:
    """What waited for a longer packet is not sent in a later one."""
    one, other = stage.peer("127.20.0.10"), stage.peer("127.20.0.11")
    port = await stage.leg(one)
    far = await stage.leg(other, near=port, ptime_ms=40)
    far.send(Relay(port))
    await stage.settled()
    for _ in range(25):
        one.send()
        await asyncio.sleep(0.02)
    while len((await other.receive()).payload) != 320:
        pass
    far.connect(other.media(ptime_ms=20))
    await stage.settled()
    other.waiting()
    one.send(b"\x55" * 160)
    packet = await other.receive()
    assert packet.payload == b"\x55" * 160, "relayed as it came, with no buffer"


async def test_a_member_of_a_room_is_recorded_left_and_the_others_right(stage: Stage, tmp_path: Path) -> None:
    orchestra = Orchestra(stage, 3)
    caller, agent, third = [await orchestra.join() for _ in range(3)]
    room = stage.plane.room(caller.port)
    for party in (caller, agent, third):
        party.port.send(Mix(room))
    recording = caller.port.record(tmp_path / "room.wav")
    await orchestra.play(1.6)
    recording.stop()
    stopped = await stage.event(RecordingStopped)
    assert stopped.error is None
    left, right = read_channels(stopped.path)
    for channel, wanted in ((left, [caller.hz]), (right, [agent.hz, third.hz])):
        windows = orchestra.levels(channel)
        assert any(clear(levels, wanted, caller.level_db) for levels in windows), windows


def read_channels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    both = pcm(path.read_bytes()[44:]).reshape(-1, 2)
    return both[:, 0], both[:, 1]
