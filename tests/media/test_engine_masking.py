"""What a recording does not keep: digits that are pressed, and what is said while it is paused."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from media.events import RecordingStopped
from media.port import Echo, Mix
from tests.media.hearing import listen
from tests.media.pressing import digits_in, pressed
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage
from tests.media.test_engine_recorder import CALLER, bridged, channels, finished
from tests.peers.audio import Pcm, encode_alaw, tone

FRAME = 160
SPEECH_HZ = 300.0
DIGIT_HZ = 1336.0
"""Of the two tones of 5, the one that no voice here comes near."""
Word = Callable[[int], None]


async def say(
    peer: RtpPeer, sound: Pcm, words: dict[int, Word] | None = None, held_up: Sequence[int] = ()
) -> None:
    """Send a sound in real time; before frame n, `words[n]` is called with n. Frames that are held up come
    with the next that is not.
    """
    octets, loop = encode_alaw(sound), asyncio.get_running_loop()
    begun, sent = loop.time(), 0
    for frame in range(len(sound) // FRAME):
        ready: asyncio.Future[None] = loop.create_future()
        loop.call_at(begun + frame * 0.02, ready.set_result, None)
        await ready
        if frame in held_up:
            continue
        if words and frame in words:
            words[frame](frame)
        for each in range(sent, frame + 1):
            peer.send(octets[each * FRAME : (each + 1) * FRAME])
        sent = frame + 1


def speech(seconds: float) -> Pcm:
    return tone(SPEECH_HZ, seconds)


def with_digit(digit: str, seconds: float) -> Pcm:
    """Speech, 600 ms; the digit; speech again."""
    return np.concatenate([speech(0.6), pressed(digit, seconds), speech(0.7)])


def event_words(peer: RtpPeer, event: int, first: int, last: int) -> dict[int, Word]:
    """RFC 4733 packets beside the sound, every 20 ms from frame `first`, three of its end (section 2.5.1)."""
    stamp: list[int] = []

    def tell(frame: int) -> None:
        stamp.append(peer.timestamp)
        begun, now = stamp[0], peer.timestamp
        peer.timestamp = begun
        for _ in range(3 if frame == last else 1):
            peer.send_event(event, duration=(frame - first + 1) * FRAME, end=frame == last)
        peer.timestamp = now

    return dict.fromkeys(range(first, last + 1), tell)


def seconds_of_speech(sound: Pcm) -> list[float]:
    return [window.start_s for window in listen(sound, [SPEECH_HZ]) if SPEECH_HZ in window.heard]


@pytest.mark.parametrize("late_frames", [0, 2, 6])
async def test_a_digit_told_as_an_event_is_silence_on_its_side(
    stage: Stage, tmp_path: Path, late_frames: int
) -> None:
    """Also where the event comes after the first of its sound, as gateways tell it."""
    caller, agent, left, right = await bridged(stage)
    of_caller, of_agent = left.record(tmp_path / "caller.wav"), right.record(tmp_path / "agent.wav")
    words = event_words(caller, 5, 30 + late_frames, 39 + late_frames)
    await asyncio.gather(say(caller, with_digit("5", 0.2), words), say(agent, tone(1900.0, 1.5)))
    of_agent.stop()
    await finished(stage, of_caller)
    await stage.event(RecordingStopped, nth=2)
    for name, own, other in (("caller", 0, 1), ("agent", 1, 0)):
        sides = channels(tmp_path / f"{name}.wav")
        assert digits_in(sides[own]) == ""
        heard = seconds_of_speech(sides[own])
        assert min(heard) <= 0.1
        assert max(heard) >= 1.25
        quiet = [window.start_s for window in listen(sides[other][800:12000], [1900.0]) if not window.heard]
        assert not quiet, "the other side is not masked"


async def test_where_digits_are_not_masked_they_are_heard(stage: Stage, tmp_path: Path) -> None:
    caller, _, left, _ = await bridged(stage)
    recording = left.record(tmp_path / "open.wav", masks_digits=False)
    await say(caller, with_digit("5", 0.2), event_words(caller, 5, 30, 39))
    await finished(stage, recording)
    assert digits_in(channels(tmp_path / "open.wav")[0]) == "5"


async def test_a_digit_that_nobody_tells_of_is_masked_by_its_sound(stage: Stage, tmp_path: Path) -> None:
    caller, agent, left, _ = await bridged(stage)
    recording, fork = left.record(tmp_path / "sound.wav"), left.fork()
    await asyncio.gather(say(caller, with_digit("8", 0.1)), say(agent, with_digit("3", 0.05)))
    await finished(stage, recording)
    heard = channels(tmp_path / "sound.wav")
    assert [digits_in(side) for side in heard] == ["", ""]
    assert all(len(seconds_of_speech(side)) > 9 for side in heard)
    forked = np.frombuffer(b"".join(pcm for _, pcm in fork.read()), np.int16)
    assert [digits_in(forked[side::2]) for side in (0, 1)] == ["", ""]


async def test_a_digit_told_in_words_is_masked_back_and_on(stage: Stage, tmp_path: Path) -> None:
    """As INFO tells it: when the key is let go, or when it goes down."""
    caller, _, left, _ = await bridged(stage)
    recording = left.record(tmp_path / "info.wav")
    sound = np.concatenate([with_digit("7", 0.16), with_digit("9", 0.16)])
    second = len(with_digit("7", 0.16)) // FRAME
    words = {39: lambda _: left.mask_digit(160), second + 30: lambda _: left.mask_digit(160)}
    await say(caller, sound, words)
    await finished(stage, recording)
    heard = channels(tmp_path / "info.wav")[0]
    assert digits_in(heard) == ""
    assert min(seconds_of_speech(heard)) <= 0.1
    assert len(seconds_of_speech(heard)) > 10


async def test_an_echo_of_a_digit_is_masked_on_both_sides(stage: Stage, tmp_path: Path) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Echo())
    recording = port.record(tmp_path / "echo.wav")
    await say(caller, with_digit("1", 0.2), event_words(caller, 1, 30, 39))
    await finished(stage, recording)
    assert [digits_in(side) for side in channels(tmp_path / "echo.wav")] == ["", ""]


@pytest.mark.parametrize("whispered", [False, True])
async def test_a_digit_in_a_room_is_masked_for_all_who_can_hear_it(
    stage: Stage, tmp_path: Path, whispered: bool
) -> None:
    """From 300 ms before its first word to 200 ms after the last; one who cannot hear it misses nothing."""
    _, agent, left, right = await bridged(stage)
    third = stage.peer("127.20.0.13")
    port = await stage.leg(third, near=left)
    room = stage.plane.room(left)
    if whispered:
        room.gain(left, right, 0.0)
    for each in (left, right, port):
        each.send(Mix(room))
    recording, heard = left.record(tmp_path / "room.wav"), left.fork(masks_digits=False)
    begun, told = asyncio.get_running_loop().time(), []
    words = event_words(agent, 5, 30, 39)

    def word(frame: int) -> None:
        words[frame](frame)
        told.append(asyncio.get_running_loop().time() - begun)

    await asyncio.gather(
        say(agent, with_digit("5", 0.2), dict.fromkeys(words, word)), say(third, tone(1900.0, 1.5))
    )
    await finished(stage, recording)
    right_side = channels(tmp_path / "room.wav")[1][800:12000]
    assert digits_in(right_side) == ""
    windows = listen(right_side, [1900.0])
    quiet = [window for window in windows if not window.heard]
    if whispered:
        assert not quiet
        return
    played = np.frombuffer(b"".join(pcm for _, pcm in heard.read()), np.int16)[1::2]
    last = max(window.start_s for window in listen(played, [DIGIT_HZ]) if window.heard)
    masked_s = max(told[-1], last) + 0.2 - (told[0] - 0.3)
    there = listen(played[800:12000], [1900.0])
    missed = [one for one, whole in zip(windows, there, strict=False) if whole.heard and not one.heard]
    assert len(quiet) >= 5
    assert len(missed) <= round(10 * masked_s) + 1


async def test_a_digit_that_waited_is_masked_when_it_is_played(stage: Stage, tmp_path: Path) -> None:
    """The network held the speech up, so all that follows waits; the words of the digit do not. Another voice
    covers its sound.
    """
    _, agent, left, right = await bridged(stage)
    third = stage.peer("127.20.0.13")
    port = await stage.leg(third, near=left)
    room = stage.plane.room(left)
    for each in (left, right, port):
        each.send(Mix(room))
    recording, heard = left.record(tmp_path / "waited.wav"), left.fork(masks_digits=False)
    words = event_words(agent, 5, 30, 33)
    await asyncio.gather(
        say(agent, with_digit("5", 0.2), words, held_up=range(5, 14)), say(third, tone(1900.0, 1.5))
    )
    await finished(stage, recording)
    played = np.frombuffer(b"".join(pcm for _, pcm in heard.read()), np.int16)[1::2]
    assert digits_in(played[44 * FRAME :]) == "5", "longer than 200 ms after the last word"
    masked = channels(tmp_path / "waited.wav")[1]
    assert digits_in(masked) == ""
    assert max(seconds_of_speech(masked)) >= 1.3


async def test_what_is_said_while_it_is_blank_is_silence_as_long(stage: Stage, tmp_path: Path) -> None:
    caller, agent, left, _ = await bridged(stage)
    recording = left.record(tmp_path / "card.wav")
    card = np.concatenate([speech(0.4), tone(1100.0, 0.6), speech(0.4)])
    words: dict[int, Word] = {20: lambda _: recording.blank(), 50: lambda _: recording.resume()}
    await asyncio.gather(say(caller, card, words), say(agent, tone(1900.0, 1.4)))
    stopped = await finished(stage, recording)
    left_side, right_side = channels(tmp_path / "card.wav")
    assert stopped.duration_s == pytest.approx(1.4, abs=0.1)
    assert not any(1100.0 in window.heard for window in listen(left_side[3600:], [1100.0]))
    both = listen(right_side, [1900.0])
    assert sum(window.is_silent for window in both) in range(4, 8)
    assert both[1].heard
    assert both[-3].heard
    assert {SPEECH_HZ in window.heard for window in listen(left_side[-3000:-600], [SPEECH_HZ])} == {True}
