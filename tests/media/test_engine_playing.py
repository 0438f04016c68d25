"""Prompts, music and tones on the 20 ms tick: ext/engine_sources.pxd, ext/engine_sound.pxd."""

import asyncio
import gc
import os
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from ext.sounds import SoundMemory
from media.aio.port import EnginePort
from media.events import PlaybackFinished
from media.port import Mix, Play, Silence, Tone
from media.sound import Sound
from tests.media.stage import Stage, until
from tests.media.test_engine_stream import in_step
from tests.media.waves import sine
from tests.peers.audio import Pcm, decode_alaw, decode_ulaw, level_dbfs, power_dbfs

CALLER = "127.20.0.10"
FULL_SCALE_DBM0 = 3.14
FRAME_S = 0.02
STALL = "kill -STOP {0}; sleep 0.3; kill -CONT {0}"


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
async def test_a_prompt_is_played_once_frame_by_frame(stage: Stage, codec: str) -> None:
    caller = stage.peer(CALLER, codec=codec)
    port = await stage.leg(caller)
    prompt = Sound.from_pcm("prompt", sine(440, -10, seconds=0.5))
    port.send(Play(prompt, token=42))
    finished = await stage.event(PlaybackFinished, port)
    packets = caller.waiting()
    assert finished.token == 42
    assert b"".join(packet.payload for packet in packets) == prompt.encoded(codec)
    assert in_step(packets)
    stamps = [packet.header.timestamp for packet in packets]
    assert {(after - before) & 0xFFFFFFFF for before, after in pairwise(stamps)} == {160}
    assert [packet.header.marker for packet in packets] == [True] + 24 * [False]


async def test_music_goes_round_without_a_seam(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    music = Sound.from_pcm("music", sine(300, -10, seconds=0.06))
    port.send(Play(music, loop=True))
    packets = await caller.receive_many(10)
    assert b"".join(packet.payload for packet in packets) == (music.pcma * 4)[:1600]
    assert in_step(packets)
    assert "PlaybackFinished" not in stage.kinds(port)


def steps(*lengths: int) -> tuple[Sound, ...]:
    """Sounds of so many frames, each frame unlike any other."""
    codes = iter(range(1, 200))
    frames = [b"".join(bytes([next(codes)]) * 160 for _ in range(length)) for length in lengths]
    return tuple(Sound(f"{len(each)} octets", 2 * each, each, each[::-1]) for each in frames)


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
async def test_sounds_follow_one_another_without_a_gap(stage: Stage, codec: str) -> None:
    caller = stage.peer(CALLER, codec=codec)
    port = await stage.leg(caller)
    sounds = steps(1, 4, 1, 2)
    port.send(Play((*sounds, sounds[0]), token=7))
    finished = await stage.event(PlaybackFinished, port)
    packets = caller.waiting()
    assert finished.token == 7
    assert b"".join(packet.payload for packet in packets) == b"".join(
        sound.encoded(codec) for sound in (*sounds, sounds[0])
    )
    assert in_step(packets)
    assert [packet.header.marker for packet in packets] == [True] + 8 * [False]
    stamps = [packet.header.timestamp for packet in packets]
    assert {(after - before) & 0xFFFFFFFF for before, after in pairwise(stamps)} == {160}
    assert stage.kinds(port).count("PlaybackFinished") == 1, "at the end of all, not of each"


@pytest.mark.parametrize("first_frame", [0, 1, 2, 4, 5, 6, 100])
async def test_a_playlist_begins_where_it_should_and_goes_round(stage: Stage, first_frame: int) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    sounds = steps(2, 3, 1)
    whole = b"".join(sound.pcma for sound in sounds)
    start = min(first_frame, 5) * 160
    port.send(Play(sounds, loop=True, first_frame=first_frame))
    packets = await caller.receive_many(14)
    assert b"".join(packet.payload for packet in packets) == (whole[start:] + whole * 3)[: 14 * 160]
    assert in_step(packets)


async def test_the_tick_does_not_drift(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Tone())
    late_s = []
    for number in range(150):
        await caller.receive()
        late_s.append(time.monotonic() - number * FRAME_S)
    assert abs(min(late_s[:50]) - min(late_s[100:])) < FRAME_S, "of so many some are in time on any machine"


@pytest.mark.parametrize("source", ["tone", "room"])
async def test_after_a_stall_the_timestamps_are_those_of_the_clock_again(stage: Stage, source: str) -> None:
    """What was missed is left out with a mark, or it would delay all that follows."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Tone(440.0) if source == "tone" else Mix(stage.plane.room(port)))
    packets = await caller.receive_many(5)
    stall = await asyncio.create_subprocess_shell(STALL.format(os.getpid()))
    await stall.wait()
    headers = [packet.header for packet in packets + await caller.receive_many(20)]
    steps = [
        ((after.timestamp - before.timestamp) & 0xFFFFFFFF, after.marker)
        for before, after in pairwise(headers)
    ]
    assert {step for step, marked in steps if not marked} == {160}
    assert max(steps) > (8 * 200, True)


async def test_a_replaced_prompt_is_not_told_as_finished(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Play(Sound.from_pcm("long", bytes(80000)), token=1))
    await caller.receive_many(2)
    port.send(Play(Sound.from_pcm("short", bytes(640)), token=2))
    assert (await stage.event(PlaybackFinished, port)).token == 2
    assert stage.kinds(port).count("PlaybackFinished") == 1


@pytest.mark.parametrize(("codec", "decode"), [("PCMA", decode_alaw), ("PCMU", decode_ulaw)])
@pytest.mark.parametrize(("hz", "level_dbm0"), [(1004.0, 0.0), (425.0, -20.0)])
async def test_a_tone_has_its_frequency_its_level_and_no_seams(
    stage: Stage, codec: str, decode: Callable[[bytes], Pcm], hz: float, level_dbm0: float
) -> None:
    caller = stage.peer(CALLER, codec=codec)
    port = await stage.leg(caller)
    port.send(Tone(hz, level_dbm0))
    sound = decode(b"".join(packet.payload for packet in await caller.receive_many(50)))
    assert level_dbfs(sound, hz) == pytest.approx(level_dbm0 - FULL_SCALE_DBM0, abs=0.3)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.argmax(spectrum) * 8000 / len(sound) == pytest.approx(hz, abs=1)
    assert power_dbfs(sound) - level_dbfs(sound, hz) < 0.1


async def test_engine_memory_of_a_sound_goes_with_its_last_user(stage: Stage) -> None:
    memory = SoundMemory(bytes(320), b"\xd5" * 160, b"\xff" * 160)
    other = SoundMemory(bytes(640), b"\xd5" * 320, b"\xff" * 320)
    port = await stage.leg(stage.peer(CALLER))
    assert isinstance(port, EnginePort)
    worker, slot, generation = port.shard.worker, port.slot, port.generation
    assert memory.users == 1
    worker.play(slot, generation, (memory, other, memory), loop=True, token=0)
    await until(lambda: port.stats().packets_sent > 2)
    assert (memory.users, other.users) == (3, 2), "the playlist holds it as often as it names it"
    port.send(Silence())
    await until(lambda: (memory.users, other.users) == (1, 1))
    worker.play(slot, generation + 1, (memory, other), loop=True, token=0)
    await stage.settled()
    await until(lambda: (memory.users, other.users) == (1, 1))


async def test_a_sound_may_be_forgotten_while_it_plays(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Play(Sound.from_pcm("forgotten", sine(440, -10)), loop=True))
    await caller.receive_many(2)
    gc.collect()
    sound = decode_alaw(b"".join(packet.payload for packet in await caller.receive_many(20)))
    assert level_dbfs(sound, 440) == pytest.approx(-10 - FULL_SCALE_DBM0, abs=0.5)


async def test_a_playlist_has_sounds_and_nothing_else(stage: Stage) -> None:
    port = await stage.leg(stage.peer(CALLER))
    assert isinstance(port, EnginePort)
    memory = SoundMemory(bytes(320), b"\xd5" * 160, b"\xff" * 160)
    for sounds, error in (((), ValueError), ((memory, None), TypeError)):
        with pytest.raises(error):
            port.shard.worker.play(port.slot, port.generation, sounds, loop=False, token=0)  # type: ignore[arg-type]
    assert memory.users == 1


@pytest.mark.parametrize("sizes", [(0, 0, 0), (320, 160, 320), (160, 160, 160), (200, 100, 100)])
def test_a_sound_is_whole_frames_in_each_codec(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError):
        SoundMemory(*map(bytes, sizes))
