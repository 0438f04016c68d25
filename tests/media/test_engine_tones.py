"""Digits that a port sends in band, as tones in the stream of everything else: ext/engine_keypad.pxd."""

import asyncio
import random
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from media.aio.plane import MediaPlane
from media.events import RecordingStopped
from media.kernels import alaw_decode, ulaw_decode
from media.port import Play
from media.sound import Sound
from media.tones import level_dbm0, power, tone_power
from tests.media.key_tones import PAIRS_HZ, heard
from tests.media.rtp_peer import Packet, RtpPeer
from tests.media.stage import Stage
from tests.media.waves import sine

CALLER = "127.20.0.10"
WIDE = "127.20.8.1"
EVERY = "0123456789*#ABCD"
DECODE = {"PCMA": alaw_decode, "PCMU": ulaw_decode}


def steps(packets: list[Packet]) -> set[tuple[int, int, int]]:
    """How sequence number and timestamp go on, and how long each is."""
    return {
        (
            (after.header.sequence - before.header.sequence) & 0xFFFF,
            (after.header.timestamp - before.header.timestamp) & 0xFFFFFFFF,
            len(after.payload),
        )
        for before, after in pairwise(packets)
    }


async def sound_of(peer: RtpPeer, count: int) -> bytes:
    """So many frames, which follow each other."""
    packets = await peer.receive_many(count)
    assert steps(packets) == {(1, 160, 160)}
    assert {packet.header.payload_type for packet in packets} == {peer.payload_type}
    return DECODE[peer.codec](b"".join(packet.payload for packet in packets))


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
@pytest.mark.parametrize("digit", ["1", "0", "D"])
async def test_two_tones_and_then_silence(stage: Stage, digit: str, codec: str) -> None:
    peer = stage.peer(CALLER, codec=codec)
    port = await stage.leg(peer)
    port.connect(peer.media(event_type=None))
    port.sound_digit(digit, 100)
    pcm = await sound_of(peer, 5 + 4)
    tones, silence = pcm[:1600], pcm[1600:]
    low, high = PAIRS_HZ[digit]
    assert level_dbm0(tone_power(tones, low)) == pytest.approx(-11, abs=0.3)
    assert level_dbm0(tone_power(tones, high)) == pytest.approx(-9, abs=0.3)
    assert level_dbm0(power(silence)) < -60
    assert peer.waiting() == []


@pytest.mark.parametrize("ms", [40, 65, 100, 250])
async def test_each_lasts_as_long_as_it_should(stage: Stage, ms: int) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    for digit in "119":
        port.sound_digit(digit, ms)
    pcm = await sound_of(peer, 3 * (-(-ms // 20) + 4))
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, np.int16)) > 300)
    breaks = np.flatnonzero(np.diff(loud) > 80)
    assert len(breaks) == 2
    ends = [int(loud[i]) for i in (*breaks, -1)]
    begins = [int(loud[i]) for i in (0, *(breaks + 1))]
    assert [end - begin for begin, end in zip(begins, ends, strict=True)] == 3 * [
        pytest.approx(8 * ms, abs=12)
    ]
    assert min(begin - end for begin, end in zip(begins[1:], ends, strict=False)) >= 640
    assert [digit for digit, _ in heard(pcm)] == ["1", "1", "9"]


async def test_music_keeps_quiet_meanwhile_and_goes_on_after_it(stage: Stage) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.send(Play(Sound.from_pcm("music", sine(440, -10)), loop=True))
    await peer.receive_many(3)
    port.sound_digit("7", 100)
    packets = await peer.receive_many(30)
    pcm = [DECODE["PCMA"](packet.payload) for packet in packets]
    music = [level_dbm0(tone_power(frame, 440)) > -12 for frame in pcm]
    quiet = len(music) - sum(music)
    assert quiet == 5 + 4
    assert not any(music[music.index(False) : music.index(False) + quiet])
    [(digit, ms)] = heard(b"".join(pcm))
    assert digit == "7"
    assert ms == pytest.approx(100, abs=6)


async def test_events_and_tones_wait_for_each_other(stage: Stage) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.send_digit("1", 40)
    port.sound_digit("2", 40)
    port.send_digit("3", 40)
    packets = await peer.receive_many(4 + 6 + 4)
    types = [packet.header.payload_type for packet in packets]
    assert types == 4 * [101] + 6 * [8] + 4 * [101]


async def test_who_is_muted_gets_no_tones(stage: Stage) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.mute(True)
    port.sound_digit("1")
    port.mute(False)
    port.sound_digit("2", 60)
    assert [digit for digit, _ in heard(await sound_of(peer, 7) + bytes(800))] == ["2"]


async def test_a_recording_hears_none_of_it(stage: Stage, tmp_path: Path) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.send(Play(Sound.from_pcm("music", sine(440, -10)), loop=True))
    recording = port.record(tmp_path / "a.wav")
    await peer.receive_many(10)
    port.sound_digit("5", 200)
    await peer.receive_many(40)
    recording.stop()
    stopped = await stage.event(RecordingStopped)
    stereo = np.frombuffer(stopped.path.read_bytes()[44:], np.int16)
    assert heard(stereo[1::2].tobytes() + bytes(800)) == []
    assert level_dbm0(tone_power(stereo[1::2].tobytes(), 440)) > -16


@pytest.fixture
async def wide() -> AsyncIterator[Stage]:
    """A plane of its own, with ports for forty."""
    plane = MediaPlane(WIDE, range(21000, 21100), seed=1)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, WIDE)
    yield stage
    await stage.close()


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 6))])
async def test_a_thousand_digits_in_band(wide: Stage, seed: int) -> None:
    """Forty ports at once; what their peers hear."""
    chance = random.Random(seed)
    hearing = []
    pressed = []
    for _ in range(40):
        peer = wide.peer(CALLER, codec=chance.choice(["PCMA", "PCMU"]))
        keys = [(chance.choice(EVERY), chance.randrange(40, 105, 5)) for _ in range(25)]
        port = wide.plane.open()
        port.connect(peer.media(event_type=None, rtcp=(CALLER, 9)))  # the port above may be another's
        for digit, ms in keys:
            port.sound_digit(digit, ms)
        hearing.append(sound_of(peer, sum(-(-ms // 20) + 4 for _, ms in keys)))
        pressed.append(keys)
    for pcm, keys in zip(await asyncio.gather(*hearing), pressed, strict=True):
        told = heard(pcm)
        assert [digit for digit, _ in told] == [digit for digit, _ in keys]
        assert max(abs(was - ms) for (_, was), (_, ms) in zip(told, keys, strict=True)) <= 8
