"""Recordings: who is on which side, paused, on a full disk, behind a slow one: ext/engine_recorder.pxd."""

import asyncio
import hashlib
import time
import wave
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from media.aio.plane import MediaPlane
from media.events import PlaybackFinished, RecorderFellBehind, RecordingStopped
from media.g711 import alaw_encode
from media.port import Echo, Play, Port, Recording, Relay, Tone
from media.sound import Sound
from tests.media.hearing import heard_anywhere, listen, share
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import HOST, Stage, until
from tests.media.waves import sine
from tests.peers.audio import Pcm, level_dbfs

CALLER = "127.20.0.10"
AGENT = "127.20.0.20"
LEVEL_DBFS = -13.14


def channels(path: Path) -> tuple[Pcm, Pcm]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        frames = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return frames[0::2], frames[1::2]


@cache
def steady(hz: float) -> bytes:
    """Ten seconds of a sine."""
    return alaw_encode(sine(hz, -10, seconds=10))


async def talk(peer: RtpPeer, hz: float, seconds: float, begin: int = 0) -> int:
    """Send a sine in real time from its frame `begin` on; the frame that would be next."""
    sound = steady(hz)
    loop = asyncio.get_running_loop()
    ticks = count(loop.time(), 0.02)
    frame = begin
    for frame in range(begin, begin + round(seconds * 50)):
        ready: asyncio.Future[None] = loop.create_future()
        loop.call_at(next(ticks), ready.set_result, None)
        await ready
        peer.send(sound[frame * 160 : (frame + 1) * 160])
    return frame + 1


async def finished(stage: Stage, recording: Recording) -> RecordingStopped:
    recording.stop()
    return await stage.event(RecordingStopped, within_s=10)


async def bridged(stage: Stage) -> tuple[RtpPeer, RtpPeer, Port, Port]:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT)
    left, right = await stage.leg(caller), await stage.leg(agent)
    left.send(Relay(right))
    right.send(Relay(left))
    await stage.settled()
    return caller, agent, left, right


async def test_left_is_what_the_port_receives_right_what_it_sends(stage: Stage, tmp_path: Path) -> None:
    caller, agent, left, _ = await bridged(stage)
    path = tmp_path / "2026" / "11" / "call.wav"
    recording, begun = left.record(path), time.monotonic()
    await asyncio.gather(talk(caller, 440, 1.6), talk(agent, 1000, 1.6))
    assert not path.exists()
    lasted = time.monotonic() - begun
    stopped = await finished(stage, recording)
    assert (stopped.error, stopped.dropped, stopped.path, stopped.recording) == (None, 0, path, recording)
    assert not path.with_name("call.wav.part").exists()
    assert stopped.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    heard, sent = channels(path)
    assert len(heard) == stopped.frames * 160
    assert stopped.duration_s == pytest.approx(lasted, abs=0.05)
    assert heard_anywhere(listen(heard)) == {440}
    assert heard_anywhere(listen(sent)) == {1000}
    assert share(listen(heard), 440) > 0.7
    assert share(listen(sent), 1000) > 0.7


async def test_the_two_sides_are_aligned(stage: Stage, tmp_path: Path) -> None:
    """An echo sends what it receives at the same moment: both sides have the same samples in one place."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Echo())
    await stage.settled()
    recording = port.record(tmp_path / "echo.wav")
    await talk(caller, 440, 1.0)
    await finished(stage, recording)
    heard, sent = channels(tmp_path / "echo.wav")
    assert heard.any()
    shift = np.argmax(np.correlate(heard[2000:6000].astype(float), sent[2080:5920].astype(float))) - 80
    assert abs(shift) < 160


async def test_silence_where_nothing_came_keeps_its_length(stage: Stage, tmp_path: Path) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    recording = port.record(tmp_path / "gap.wav")
    begun = caller.timestamp
    await talk(caller, 440, 0.4)
    port.send(Play(Sound.from_pcm("half a second", bytes(8000)), token=1))
    await stage.event(PlaybackFinished, port)
    caller.timestamp = (begun + 7200) & 0xFFFFFFFF
    await talk(caller, 440, 0.4)
    await finished(stage, recording)
    heard, _ = channels(tmp_path / "gap.wav")
    loud = [bool(np.abs(frame).max() > 1000) for frame in heard[: len(heard) // 160 * 160].reshape(-1, 160)]
    first, last = loud.index(True), len(loud) - loud[::-1].index(True)
    quiet = loud[first:last].count(False)
    assert 23 <= quiet <= 27
    assert last - first == pytest.approx(65, abs=2)


async def test_late_and_reordered_packets_find_their_place(stage: Stage, tmp_path: Path) -> None:
    """In the middle: early ones at the beginning would show that all before were held up."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    recording = port.record(tmp_path / "jitter.wav")
    begin = await talk(caller, 440, 0.8)
    sound = alaw_encode(sine(440, -10, seconds=10))
    base, stamp = caller.sequence, caller.timestamp
    for place in (0, 2, 1, 4, 3):
        caller.sequence, caller.timestamp = (base + place) & 0xFFFF, (stamp + 160 * place) & 0xFFFFFFFF
        caller.send(sound[(begin + place) * 160 : (begin + place + 1) * 160])
    port.send(Play(Sound.from_pcm("a fifth of a second", bytes(3200)), token=1))
    await stage.event(PlaybackFinished, port)
    await finished(stage, recording)
    heard, _ = channels(tmp_path / "jitter.wav")
    loud = np.flatnonzero(np.abs(heard) > 1000)
    assert loud[-1] - loud[0] == pytest.approx(45 * 160, abs=40)
    assert level_dbfs(heard[loud[0] : loud[-1]], 440) == pytest.approx(LEVEL_DBFS, abs=0.7)


async def test_pause_leaves_the_interval_out(stage: Stage, tmp_path: Path) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    recording = port.record(tmp_path / "pause.wav")
    begun = time.monotonic()
    begin = await talk(caller, 440, 0.4)
    recording.pause()
    paused = time.monotonic()
    caller_says_card_number = await talk(caller, 1000, 0.6, begin)
    left_out = time.monotonic() - paused
    recording.resume()
    await talk(caller, 440, 0.4, caller_says_card_number)
    recorded = time.monotonic() - begun - left_out
    stopped = await finished(stage, recording)
    heard, _ = channels(tmp_path / "pause.wav")
    assert stopped.duration_s == pytest.approx(recorded, abs=0.06)
    assert sum(1000 in window.heard for window in listen(heard)) <= 1


async def test_what_transcoding_changes_is_recorded_as_it_was_sent(stage: Stage, tmp_path: Path) -> None:
    caller = stage.peer(CALLER, codec="PCMU")
    port = await stage.leg(caller)
    port.send(Tone(1000, -10))
    recording = port.record(tmp_path / "tone.wav")
    await caller.receive_many(50)
    await finished(stage, recording)
    _, sent = channels(tmp_path / "tone.wav")
    assert level_dbfs(sent[800:7200], 1000) == pytest.approx(LEVEL_DBFS, abs=0.3)


async def test_a_closed_port_ends_its_recording(stage: Stage, tmp_path: Path) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    recording, begun = port.record(tmp_path / "closed.wav"), time.monotonic()
    await talk(caller, 440, 0.2)
    port.close()
    lasted = time.monotonic() - begun
    stopped = await stage.event(RecordingStopped)
    assert stopped.error is None
    assert stopped.duration_s == pytest.approx(lasted, abs=0.05)
    recording.pause()
    recording.stop()
    assert stage.plane.counters().recordings_active == 0


async def test_two_recordings_of_a_port_one_after_the_other(stage: Stage, tmp_path: Path) -> None:
    port = await stage.leg(stage.peer(CALLER))
    first = port.record(tmp_path / "1.wav")
    with pytest.raises(ValueError):
        port.record(tmp_path / "2.wav")
    first.stop()
    second = port.record(tmp_path / "2.wav")
    assert (await stage.event(RecordingStopped)).recording is first
    second.stop()
    assert (await stage.event(RecordingStopped, nth=2)).recording is second


async def test_a_closed_port_is_not_recorded_and_that_is_told(stage: Stage, tmp_path: Path) -> None:
    port = await stage.leg(stage.peer(CALLER))
    port.close()
    port.record(tmp_path / "late.wav")
    assert (await stage.event(RecordingStopped)).frames == 0
    heard, sent = channels(tmp_path / "late.wav")
    assert len(heard) == len(sent) == 0


async def test_a_full_disk_ends_the_recording_and_the_call_goes_on(stage: Stage, tmp_path: Path) -> None:
    caller, agent, left, _ = await bridged(stage)
    (tmp_path / "full.wav.part").symlink_to("/dev/full")
    left.record(tmp_path / "full.wav")
    talking = asyncio.create_task(talk(caller, 440, 1.6))
    stopped = await stage.event(RecordingStopped)
    assert stopped.error == "No space left on device"
    assert (stopped.frames, stopped.sha256) == (0, None)
    await talking
    assert len(await agent.receive_many(80)) == 80
    assert not (tmp_path / "full.wav").exists()


async def test_a_file_that_cannot_be_opened_is_told_the_same_way(stage: Stage, tmp_path: Path) -> None:
    port = await stage.leg(stage.peer(CALLER))
    (tmp_path / "file").touch()
    recording = port.record(tmp_path / "file" / "call.wav")
    stopped = await stage.event(RecordingStopped)
    assert stopped.recording is recording
    assert stopped.error


async def test_a_recorder_without_buffers_drops_frames_and_tells_once(tmp_path: Path) -> None:
    plane = MediaPlane(HOST, range(21200, 21210), recorder_chunks=0)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane)
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    recording = port.record(tmp_path / "slow.wav")
    assert (await stage.event(RecorderFellBehind, port)).recording is recording
    await talk(caller, 440, 0.2)
    stopped = await finished(stage, recording)
    assert stopped.frames == 0
    assert stopped.dropped == plane.counters().recorder_dropped_frames > 10
    assert stage.kinds(port).count("RecorderFellBehind") == 1
    await stage.close()


async def test_closing_the_plane_completes_recordings(tmp_path: Path) -> None:
    plane = MediaPlane(HOST, range(21200, 21210))
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane)
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.record(tmp_path / "call.wav")
    await talk(caller, 440, 0.2)
    await stage.close()
    heard, _ = channels(tmp_path / "call.wav")
    assert heard_anywhere(listen(heard)) == {440}


async def test_until_it_is_complete_the_part_is_a_wav_already(stage: Stage, tmp_path: Path) -> None:
    """After a crash what was written can be heard."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.record(tmp_path / "crash.wav")
    part = tmp_path / "crash.wav.part"
    assert [len(channel) for channel in channels(part)] == [0, 0], "from its first moment"
    talking = asyncio.create_task(talk(caller, 440, 1.4))
    await until(lambda: part.stat().st_size == 44 + 32000)
    heard, _ = channels(part)
    assert len(heard) == 8000
    await talking
