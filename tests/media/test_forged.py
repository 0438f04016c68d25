"""A hundred thousand packets that are the peer's but for their address: none is heard, none answered."""

import asyncio
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from media.aio.plane import MediaPlane
from media.events import RecordingStopped
from media.port import Mix, Relay
from tests.media.forgers import FORGED_HZ, answers, dropped, forged_reports, forged_rtp, forgers, over
from tests.media.speakers import Speaker, decoded, perform, speaker
from tests.media.stage import Stage, until
from tests.peers.audio import Pcm, encode_alaw, level_dbfs, tone

HOST = "127.20.42.1"
FORGERS = [f"127.20.42.{number}" for number in range(100, 108)]
FORGED = 100_000
SECONDS = 2.5
REPORTS = 200
PEER_HZ = 700.0
UNHEARD_DBFS = -30.0
"""In any 20 ms; one forged packet would be 24 dB louder, a hole in the peer's own tone is softer."""


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    plane = MediaPlane(HOST, range(22000, 22100), seed=1)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, HOST)
    yield stage
    await stage.close()


def payloads() -> list[bytes]:
    """The peer's own words, as long as the forgers are at it."""
    octets = encode_alaw(tone(PEER_HZ, SECONDS, -20.0))
    return [octets[at : at + 160] for at in range(0, len(octets) - 159, 160)]


async def forge(stage: Stage, victim: Speaker, says: list[bytes]) -> None:
    """All at once, to the ports of RTP and of RTCP, while the peer says this."""
    peer, port = victim.peer, victim.port
    rtp, rtcp = (peer.target[0], port.number), (peer.target[0], port.number + 1)
    told = port.stats().strangers + dropped(*rtp)
    with forgers(FORGERS, rtp) as loud, forgers(FORGERS, rtcp) as reporting:
        packets = over(SECONDS, FORGED, loud, forged_rtp(peer.ssrc, peer.sequence, peer.timestamp))
        packets += over(SECONDS, REPORTS, reporting, forged_reports(peer.ssrc, port.ssrc))
        await perform([(victim, says)] if says else [], packets)
        await until(lambda: port.stats().strangers + dropped(*rtp) == told + FORGED + REPORTS)
        assert answers([*loud, *reporting]) == []


async def test_none_is_relayed_recorded_or_answered(stage: Stage, tmp_path: Path) -> None:
    victim = speaker(stage)
    ear = speaker(stage, near=victim.port)
    ear.port.send(Relay(victim.port))
    victim.port.send(Relay(ear.port))
    recording = victim.port.record(tmp_path / "call.wav")
    await stage.settled()

    await forge(stage, victim, [])
    stats = victim.port.stats()
    assert (stats.packets_received, stats.locked, stats.rtcp_received) == (0, None, 0)
    assert ear.came() == []

    await forge(stage, victim, payloads())
    stats = victim.port.stats()
    assert (stats.packets_received, stats.packets_lost) == (len(payloads()), 0)
    assert (stats.locked, stats.rtcp_received, stats.peer_packets_lost) == (victim.peer.address, 0, None)
    assert [arrival.packet.payload for arrival in ear.came()] == payloads()
    recording.stop()
    await stage.event(RecordingStopped)
    left = recorded(recording.path)
    assert loudest(left) < UNHEARD_DBFS
    assert np.abs(left[: int(SECONDS * 8000)]).max() == 0
    assert heard_s(left) > SECONDS / 2
    assert stage.plane.counters().strangers == stats.strangers


async def test_none_is_heard_in_a_room(stage: Stage) -> None:
    victim = speaker(stage)
    others = [speaker(stage, near=victim.port) for _ in range(2)]
    room = stage.plane.room(victim.port)
    for each in (victim, *others):
        each.port.send(Mix(room))
    await stage.settled()
    await forge(stage, victim, payloads())
    for each in others:
        sound = decoded([arrival.packet.payload for arrival in each.came()], "PCMA")
        assert loudest(sound) < UNHEARD_DBFS
        assert heard_s(sound) > SECONDS / 2


def loudest(sound: Pcm) -> float:
    """The forgers' tone, where it is loudest."""
    return max(levels(sound, FORGED_HZ))


def heard_s(sound: Pcm) -> float:
    """For how long it is the peer's tone: less than he spoke on a machine where he was late."""
    return sum(level > -23.0 for level in levels(sound, PEER_HZ)) * 0.02


def levels(sound: Pcm, hz: float) -> list[float]:
    """Of this tone, in each 20 ms."""
    return [level_dbfs(sound[at : at + 160], hz) for at in range(0, len(sound) - 159, 160)]


def recorded(path: Path) -> Pcm:
    """Its left channel: what the port received."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)[::2]
