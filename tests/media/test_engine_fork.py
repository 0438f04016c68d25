"""A fork: the PCM of both sides as it happens, through a ring that blocks nobody."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from media.port import Fork
from tests.media.hearing import heard_anywhere, listen
from tests.media.stage import Stage, until
from tests.media.test_engine_recorder import bridged, channels, finished, talk
from tests.peers.audio import Pcm

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


async def test_a_recording_and_two_forks_hear_the_same(stage: Stage, tmp_path: Path) -> None:
    caller, _, left, _ = await bridged(stage)
    recording = left.record(tmp_path / "call.wav")
    first, second = left.fork(), left.fork()
    await talk(caller, 440, 0.6)
    first.stop()
    frames = await drained(second, 25)
    stopped = await finished(stage, recording)
    assert stopped.frames > 25
    for heard in (sides(first.read())[0], sides(frames)[0], channels(tmp_path / "call.wav")[0]):
        assert heard_anywhere(listen(heard)) == {440}
    assert stage.plane.counters().recordings_active == 0


async def test_whoever_does_not_read_loses_frames_and_is_told_which(stage: Stage) -> None:
    caller, agent, left, _ = await bridged(stage)
    fork = left.fork()
    await asyncio.gather(talk(caller, 440, 3.0), agent.receive_many(150))
    await until(lambda: fork.dropped > 5)
    frames = fork.read()
    assert [number for number, _ in frames] == list(range(RING_FRAMES))
    assert (await drained(fork, 1))[0][0] > RING_FRAMES + 5


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
    await talk(caller, 440, 0.4)
    assert heard_anywhere(listen(sides(await drained(fork, 15))[0])) == {440}
