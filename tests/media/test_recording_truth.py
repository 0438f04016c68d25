"""Recordings, judged by what is in the file: who is where, when, for how long, and nothing missing.

Both parties say a tone of their own, and at the same moments a click. A-law has no zero, so a sample of zero
is a gap.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from media.port import Play, Relay
from media.sound import Sound
from tests.media.hearing import heard_anywhere, listen
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage
from tests.media.test_engine_recorder import bridged, channels, finished
from tests.peers.audio import RATE, Pcm, encode_alaw, level_dbfs, tone

FRAME, FRAME_S = 160, 0.02
CALLER_HZ, AGENT_HZ, MUSIC_HZ = 440.0, 1000.0, 1900.0
CLICK = np.array([32000, -32000] * 4, np.int16)
LEAK_DBFS = -60.0
LENGTH_S, ALIGNED_S, DRIFT_PPM = 0.040, 0.020, 5.0
Step = Callable[[], None]


class Speaker:
    """A tone for ever, with a click at the begin of every `every`th frame."""

    def __init__(self, peer: RtpPeer, hz: float, every: int, pace: float = 1.0) -> None:
        self.peer = peer
        self.frame = 0
        self.sent_s: list[float] = []
        """When each click was sent."""
        self._begun = 0.0
        self._period = FRAME_S * pace
        second = encode_alaw(tone(hz))
        self._frames = [second[i : i + FRAME] for i in range(0, RATE, FRAME)]
        self._every = every

    async def say(self, seconds: float) -> None:
        """Go on, each frame at its time since the first."""
        loop = asyncio.get_running_loop()
        self._begun = self._begun or loop.time()
        for frame in range(self.frame, self.frame + round(seconds / self._period)):
            due = self._begun + frame * self._period
            await asyncio.sleep(max(0.0, due - loop.time()))
            octets = self._frames[frame % len(self._frames)]
            if frame % self._every == self._every - 1:
                octets = encode_alaw(CLICK) + octets[len(CLICK) :]
                self.sent_s.append(due)
            self.peer.send(octets)
            self.frame += 1
        await asyncio.sleep(max(0.0, self._begun + self.frame * self._period - loop.time()))


async def say(speakers: Sequence[Speaker], seconds: float) -> None:
    await asyncio.gather(*(speaker.say(seconds) for speaker in speakers))


def clicks(side: Pcm) -> list[int]:
    """Where each begins, in samples."""
    loud = np.flatnonzero(np.abs(side.astype(int)) > 25_000)
    return [int(at) for i, at in enumerate(loud) if i == 0 or at - loud[i - 1] > FRAME]


def spoken(side: Pcm) -> Pcm:
    """From the first sound to the last."""
    heard = np.flatnonzero(side)
    return side[heard[0] : heard[-1] + 1]


def between(side: Pcm, first: int, second: int) -> Pcm:
    """What lies between two clicks."""
    found = clicks(side)
    return side[found[first] + FRAME : found[second] - FRAME]


async def test_each_party_is_whole_in_its_own_channel_and_nowhere_else(stage: Stage, tmp_path: Path) -> None:
    caller, agent, left, _ = await bridged(stage)
    speakers = [Speaker(caller, CALLER_HZ, 40), Speaker(agent, AGENT_HZ, 40)]
    recording, begun = left.record(tmp_path / "call.wav"), time.monotonic()
    await say(speakers, 2.6)
    lasted = time.monotonic() - begun
    stopped = await finished(stage, recording)
    assert stopped.duration_s == pytest.approx(lasted, abs=LENGTH_S)
    sides = channels(tmp_path / "call.wav")
    for side, own, other in zip(sides, (CALLER_HZ, AGENT_HZ), (AGENT_HZ, CALLER_HZ), strict=True):
        talk = between(side, 0, 2)[:RATE]
        assert level_dbfs(talk, own) == pytest.approx(-13.0, abs=0.3)
        assert level_dbfs(talk, other) < LEAK_DBFS
        assert len(spoken(side)) >= 2.5 * RATE
        assert spoken(side).all(), "no gap"
    assert len(clicks(sides[0])) == len(clicks(sides[1])) == 3
    apart = np.subtract(clicks(sides[0]), clicks(sides[1]))
    assert np.abs(apart).max() <= ALIGNED_S * RATE


async def test_hold_and_pause_keep_length_and_place(stage: Stage, tmp_path: Path) -> None:
    """A second of each: talk, hold with music, talk, paused, talk."""
    caller, agent, left, right = await bridged(stage)
    speakers = [Speaker(caller, CALLER_HZ, 50), Speaker(agent, AGENT_HZ, 50)]
    recording, begun = left.record(tmp_path / "call.wav"), time.monotonic()
    music = Play(Sound.from_pcm("music", tone(MUSIC_HZ).tobytes()), loop=True)
    steps: list[Step] = [
        lambda: left.send(music),
        lambda: left.send(Relay(right)),
        recording.blank,
        recording.resume,
        lambda: None,
    ]
    for step in steps:
        await say(speakers, 1.0)
        step()
    lasted = time.monotonic() - begun
    stopped = await finished(stage, recording)
    assert stopped.duration_s == pytest.approx(lasted, abs=LENGTH_S)
    of_caller, of_agent = channels(tmp_path / "call.wav")
    tones = [CALLER_HZ, AGENT_HZ, MUSIC_HZ]
    for at_s, left_hz, right_hz in (
        (0.5, {CALLER_HZ}, {AGENT_HZ}),
        (1.5, {CALLER_HZ}, {MUSIC_HZ}),
        (2.5, {CALLER_HZ}, {AGENT_HZ}),
        (3.5, set(), set()),
        (4.5, {CALLER_HZ}, {AGENT_HZ}),
    ):
        middle = slice(round((at_s - 0.25) * RATE), round((at_s + 0.25) * RATE))
        heard = [heard_anywhere(listen(side[middle], tones)) for side in (of_caller, of_agent)]
        assert heard == [left_hz, right_hz], f"around {at_s} s"
    until_paused = spoken(of_caller[: round(2.8 * RATE)])
    assert until_paused.all(), "the caller's side has no gap through hold and resume"
    quiet = np.flatnonzero(of_caller[RATE:-RATE] == 0)
    assert quiet[-1] - quiet[0] == pytest.approx(RATE, abs=LENGTH_S * RATE)
    placed = dict.fromkeys(clicks(of_caller)[:1] + clicks(of_caller)[-1:])
    first, last = placed
    sent = speakers[0].sent_s
    assert (last - first) / RATE == pytest.approx(sent[-1] - sent[0], abs=LENGTH_S)


@pytest.mark.long
@pytest.mark.timeout(700)
async def test_ten_minutes_do_not_drift(stage: Stage, tmp_path: Path) -> None:
    """Not even where the agent's clock runs 100 parts in a million too fast."""
    caller, agent, left, _ = await bridged(stage)
    speakers = [Speaker(caller, CALLER_HZ, 50), Speaker(agent, AGENT_HZ, 50, pace=1 - 1e-4)]
    recording, begun = left.record(tmp_path / "call.wav"), time.monotonic()
    draining = asyncio.create_task(drain([caller, agent]))
    await say(speakers, 600.0)
    lasted = time.monotonic() - begun
    draining.cancel()
    stopped = await finished(stage, recording)
    assert stopped.duration_s == pytest.approx(lasted, abs=LENGTH_S)
    sides = channels(tmp_path / "call.wav")
    lateness = []
    for side, speaker in zip(sides, speakers, strict=True):
        placed, sent = np.array(clicks(side)) / RATE, np.array(speaker.sent_s)
        assert len(placed) == len(sent) >= 599
        lateness.append(placed - sent)
        assert np.ptp(lateness[-1]) <= ALIGNED_S
        slope, _ = np.polyfit(sent - sent[0], lateness[-1], 1)
        assert abs(slope) * 1e6 < DRIFT_PPM, f"{slope * 1e6:.2f} ppm"
    assert np.abs(lateness[0] - lateness[1][: len(lateness[0])]).max() <= ALIGNED_S
    assert spoken(sides[0]).all(), "no gap"


async def drain(peers: Sequence[RtpPeer]) -> None:
    """Take what comes, so that no socket is full."""
    while True:
        for peer in peers:
            peer.waiting()
        await asyncio.sleep(0.5)
