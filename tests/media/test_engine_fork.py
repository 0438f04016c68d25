"""A fork: the PCM of both sides as it happens, through a ring that blocks nobody."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ext.codecs import Coder
from media.codecs import CODECS
from media.port import Fork, Mix, Relay, Silence
from tests.compiling import ensure_compiled
from tests.media.hearing import heard_anywhere, listen, share
from tests.media.key_tones import Key, heard
from tests.media.key_tones import pcm as key_pcm
from tests.media.key_tones import sine as sine_wave
from tests.media.rtp_peer import PAYLOAD_TYPES
from tests.media.speakers import encoded, perform, speaker
from tests.media.stage import Stage, until
from tests.media.test_engine_recorder import bridged, channels, finished, talk
from tests.media.waves import sine
from tests.peers.audio import RATE, Pcm, power_dbfs

ensure_compiled("tests.media")

from tests.media.listening import to_narrow  # noqa: E402 - it has just been compiled

RING_FRAMES = 128


async def drained(fork: Fork, until_frames: int) -> list[tuple[int, bytes]]:
    """Read until there are so many frames."""
    frames: list[tuple[int, bytes]] = []

    def read() -> bool:
        frames.extend(fork.read())
        return len(frames) >= until_frames

    await until(read)
    return frames


def sides(frames: list[tuple[int, bytes]]) -> tuple[Pcm, Pcm]:
    both = np.frombuffer(b"".join(pcm for _, pcm in frames), np.int16)
    return both[0::2], both[1::2]


async def test_each_side_has_its_own_channel_and_nothing_else(stage: Stage) -> None:
    caller, agent, left, _ = await bridged(stage)
    fork = left.fork()
    _, _, frames = await asyncio.gather(talk(caller, 440, 1.2), talk(agent, 1000, 1.2), drained(fork, 55))
    assert [number for number, _ in frames] == list(range(len(frames)))
    assert [heard_anywhere(listen(side)) for side in sides(frames)] == [{440}, {1000}]
    assert (fork.dropped, fork.ended) == (0, False)
    fork.stop()
    fork.stop()
    assert fork.ended


async def test_at_16_khz_it_is_the_same_sound(stage: Stage) -> None:
    caller, agent, left, _ = await bridged(stage)
    narrow, wide = left.fork(), left.fork(16000)
    await asyncio.gather(talk(caller, 440, 0.8), talk(agent, 1000, 0.8))
    narrow_sides = sides((await drained(narrow, 35))[:35])
    wide_sides = sides((await drained(wide, 35))[:35])
    delay = 13  # of the filter; every other sample is one of 8 kHz
    for low, high in zip(narrow_sides, wide_sides, strict=True):
        assert len(high) == 2 * len(low)
        assert np.array_equal(high[2 * delay :: 2], low[: len(low) - delay])
        spectrum = np.abs(np.fft.rfft(high[3000:11000] * np.hanning(8000)))
        assert spectrum[2300:].max() < spectrum.max() / 300, "nothing above 4.6 kHz"
    with pytest.raises(ValueError, match="8000 or 16000"):
        left.fork(44100)


def wide_payloads(codec: str, sound: bytes) -> list[bytes]:
    """16 kHz as that codec has it, 20 ms each."""
    coder = Coder(CODECS[codec].capsule)
    return [coder.encode(sound[at : at + 640]) for at in range(0, len(sound) - 639, 640)]


def level_db(samples: Pcm, hz: float) -> float:
    """At 16 kHz, below a full-scale sine; the loudest tenth of a second."""
    turn = np.exp(-2j * np.pi * hz / 16000 * np.arange(1600)) * np.hanning(1600)
    starts = range(0, len(samples) - 1599, 800)
    return float(
        20 * np.log10(max(abs(np.sum(samples[at : at + 1600] * turn)) for at in starts) / 400 / 32768)
    )


@pytest.mark.parametrize("mixed", [False, True], ids=["relayed", "mixed"])
@pytest.mark.parametrize("codec", [codec for codec in ("G722", "OPUS") if CODECS[codec].capsule is not None])
async def test_at_16_khz_it_has_the_wide_band(stage: Stage, codec: str, mixed: bool) -> None:
    """5.2 kHz from the caller, 6.1 from the agent, and no alias of either. A fork of 8 kHz has none of it."""
    caller, agent = speaker(stage, codec), speaker(stage, codec)
    room = stage.plane.room(caller.port)
    caller.port.send(Mix(room) if mixed else Relay(agent.port))
    agent.port.send(Mix(room) if mixed else Relay(caller.port))
    wide, narrow = caller.port.fork(16000), caller.port.fork()
    await stage.settled()
    sounds = [wide_payloads(codec, sine(hz, -13, rate=16000, seconds=0.8)) for hz in (5200, 6100)]
    await perform(zip((caller, agent), sounds, strict=True))
    left, right = sides(wide.read())
    assert level_db(left, 5200) == pytest.approx(-16.1, abs=2)
    assert level_db(right, 6100) == pytest.approx(-16.1, abs=2)
    assert max(level_db(left, 6100), level_db(right, 5200)) < -50
    for side, alias_hz in zip((left, right), (2800, 1900), strict=True):
        assert level_db(side, alias_hz) < -50
    for side in sides(narrow.read()):
        assert power_dbfs(side) < -35, "but for the click of its beginning"


@pytest.mark.parametrize("codec", ["PCMA", "G722"])
async def test_at_16_khz_digits_are_masked(stage: Stage, codec: str) -> None:
    """Those in the sound, between other sounds."""
    caller = speaker(stage, codec)
    caller.port.send(Silence())
    masked, whole = caller.port.fork(16000), caller.port.fork(16000, masks_digits=False)
    await stage.settled()
    music = sine_wave(440, -20, 300)
    sound = key_pcm([music, *(Key(key, 100).wave() for key in "5"), music])
    await perform([(caller, encoded(np.frombuffer(sound, np.int16), codec))])
    forks = [sides(frames)[0] for frames in (masked.read(), whole.read())]
    assert [[key for key, _ in heard(to_narrow(fork.tobytes()) + bytes(800))] for fork in forks] == [
        [],
        ["5"],
    ]
    assert level_db(forks[0], 440) == pytest.approx(-23.1, abs=3)


async def test_at_16_khz_through_a_change_of_codec(stage: Stage) -> None:
    caller = speaker(stage, "PCMA")
    fork = caller.port.fork(16000)
    await stage.settled()
    heard_db = []
    for codec, hz in (("PCMA", 1500.0), ("G722", 5200.0), ("PCMA", 1500.0)):
        caller.peer.codec, caller.peer.payload_type = codec, PAYLOAD_TYPES[codec]
        caller.port.connect(caller.peer.media())
        await stage.settled()
        fork.read()
        wide = sine(hz, -13, rate=16000, seconds=0.8)
        await perform([(caller, wide_payloads(codec, wide) if codec == "G722" else narrow_payloads(hz))])
        heard_db.append(level_db(sides(await drained(fork, 35))[0], hz))
    assert heard_db == [pytest.approx(-16.1, abs=2)] * 3


def narrow_payloads(hz: float) -> list[bytes]:
    return encoded(np.frombuffer(sine(hz, -13, seconds=0.8), np.int16), "PCMA")


async def test_a_recording_and_two_forks_hear_the_same(stage: Stage, tmp_path: Path) -> None:
    caller, _, left, _ = await bridged(stage)
    recording = left.record(tmp_path / "call.wav")
    first, second = left.fork(), left.fork()
    await talk(caller, 440, 0.6)
    first.stop()
    frames = await drained(second, 25)
    stopped = await finished(stage, recording)
    assert stopped.frames > 25
    for side in (sides(first.read())[0], sides(frames)[0], channels(tmp_path / "call.wav")[0]):
        assert heard_anywhere(listen(side)) == {440}
    assert stage.plane.counters().recordings_active == 0


async def test_whoever_does_not_read_loses_frames_and_is_told_which(stage: Stage) -> None:
    caller, agent, left, _ = await bridged(stage)
    fork = left.fork()
    await asyncio.gather(talk(caller, 440, 3.0), agent.receive_many(150))
    await until(lambda: fork.dropped > 5)
    frames = fork.read()
    assert [number for number, _ in frames] == list(range(RING_FRAMES))
    assert (await drained(fork, 1))[0][0] > RING_FRAMES + 5


async def test_a_peer_whose_clock_stood_still_is_heard_again_at_once(stage: Stage) -> None:
    """For longer than late packets are waited for, and less than anything else would notice."""
    caller, _, left, _ = await bridged(stage)
    fork = left.fork()
    said = await talk(caller, 440, 0.4)
    caller.timestamp = (caller.timestamp - 8 * 120) & 0xFFFFFFFF
    await talk(caller, 440, 1.2, said)
    heard_last = sides(await drained(fork, 75))[0][-RATE:]
    assert share(listen(heard_last), 440) > 0.5


async def test_it_ends_with_its_port(stage: Stage) -> None:
    caller, _, left, _ = await bridged(stage)
    fork = left.fork()
    await talk(caller, 440, 0.2)
    left.close()
    await until(lambda: fork.ended)
    assert len(fork.read()) >= 8
    assert left.fork().ended


async def test_a_blank_one_hears_silence(stage: Stage) -> None:
    caller, _, left, _ = await bridged(stage)
    fork = left.fork()
    fork.blank()
    await talk(caller, 440, 0.4)
    assert not any(sides(await drained(fork, 15))[0])
    fork.resume()
    await talk(caller, 440, 0.8)
    assert heard_anywhere(listen(sides(await drained(fork, 30))[0])) == {440}
