"""What the engine tells of a port's speech, packet by packet, in every codec: ext/engine_speech.pxd."""

import asyncio
import select
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import pytest

from media.aio.plane import MediaPlane
from media.codecs import CODECS
from media.events import OpeningHeard, PlaybackFinished, PortClosed, SpeechBegan, SpeechOver
from media.kernels import alaw_encode
from media.port import Mix, Play, Port, Relay
from media.sound import Sound
from media.speech import Opening
from tests.media.key_tones import amplitude, sine
from tests.media.rtp_peer import RtpPeer
from tests.media.speakers import Speaker, encoded, perform, speaker
from tests.media.stage import Stage, until
from tests.media.voices import levelled, said
from tests.peers.audio import RATE, Pcm

HOST = "127.20.44.1"
CODECS_HERE = ["PCMA", "PCMU", "G722", *(["OPUS"] if CODECS["OPUS"].capsule is not None else [])]
OPENING_S = 4.6
LATEST_MS = 1000
"""A busy machine may be late with the first packet; all that follows it keeps its distance."""


Told = TypeVar("Told", OpeningHeard, SpeechBegan, SpeechOver)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    plane = MediaPlane(HOST, range(22000, 22200), seed=1)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, HOST)
    yield stage
    await stage.close()


def later(ms: float) -> Any:
    """What was at `ms` on the line."""
    return pytest.approx(ms + LATEST_MS / 2, abs=LATEST_MS / 2)


def silence(seconds: float) -> Pcm:
    return np.zeros(round(RATE * seconds), np.int16)


@cache
def voice(text: str) -> Pcm:
    """From its first sound to its last."""
    spoken = levelled(said(text), -20.0)
    loud = np.flatnonzero(np.abs(spoken) > 500)
    return spoken[loud[0] : loud[-1]]


def on_the_line(*parts: Pcm, seconds: float = OPENING_S + 0.4) -> Pcm:
    """One after another, then silence; noise of -60 dBm0 over all of it, as every line has."""
    rest = silence(max(0.0, seconds - sum(map(len, parts)) / RATE))
    whole = np.concatenate([*parts, rest])
    noise = np.random.default_rng(3).normal(0, amplitude(-60.0) / np.sqrt(2), len(whole))
    return np.clip(np.round(whole + noise), -32768, 32767).astype(np.int16)


def tone(hz: float, ms: float) -> Pcm:
    return sine(hz, -15, ms).astype(np.int16)


@dataclass(frozen=True, slots=True)
class Party:
    """Who answered, in which codec, and what is on his line."""

    speaker: Speaker
    payloads: list[bytes]


def party(stage: Stage, codec: str, sound: Pcm) -> Party:
    return Party(speaker(stage, codec), encoded(sound, codec))


def told(stage: Stage, port: Port, kind: type[Told]) -> list[Told]:
    """All events of that kind."""
    return [event for event in stage.told if isinstance(event, kind) and event.port is port]


async def all_speak(stage: Stage, parties: list[Party]) -> None:
    await stage.settled()
    await perform([(each.speaker, each.payloads) for each in parties])


async def test_what_the_first_seconds_are_like(stage: Stage) -> None:
    """A machine that beeps, somebody, a network that refuses and nobody, in every codec at once."""
    word, greeting = voice("Hello?"), voice("This is Ana Ruiz. Please leave a message.")
    refusal = [tone(hz, 330) for hz in (950, 1400, 1800)]
    beep_ms = 1000 + len(greeting) / 8
    lines = [
        on_the_line(silence(0.4), greeting, silence(0.6), tone(1000, 400)),
        on_the_line(silence(0.8), word),
        on_the_line(silence(0.8), *refusal, silence(0.5), voice("Not in use.")),
        on_the_line(),
    ]
    machines, people, networks, nobodies = await openings(stage, lines)
    for heard in machines:
        assert heard.first_speech_ms is not None
        assert heard.first_speech_ms == later(400)
        assert heard.words >= 3
        assert heard.longest_speech_ms > 1000
        assert heard.speech_ms == pytest.approx(beep_ms - 600, rel=0.2)
        assert heard.beep is not None
        assert heard.beep.at_ms - heard.first_speech_ms == pytest.approx(beep_ms - 400, abs=100)
        assert heard.beep.length_ms == pytest.approx(400, abs=60)
        assert heard.beep.hz == pytest.approx(1000, abs=10)
        assert heard.special_information_ms is None
        assert len(heard.profile) == 1000 * OPENING_S // 260
        loud = np.flatnonzero(np.array(heard.profile) > 1e4)
        assert 260 * (loud[0] + 1) == pytest.approx(heard.first_speech_ms, abs=400)
    for heard in people:
        assert heard.first_speech_ms == later(800)
        assert heard.first_utterance_ms == pytest.approx(len(word) / 8, abs=80)
        assert heard.words in (1, 2)
        assert (heard.beep, heard.special_information_ms) == (None, None)
    for heard in networks:
        assert heard.special_information_ms == later(800)
    for heard in nobodies:
        assert (heard.first_speech_ms, heard.first_utterance_ms, heard.words) == (None, None, 0)
        assert (heard.speech_ms, heard.longest_speech_ms, heard.beep) == (0, 0, None)


async def openings(stage: Stage, lines: list[Pcm]) -> list[list[Opening]]:
    """What was told at the end of each, for each codec."""
    parties = [[party(stage, codec, line) for codec in CODECS_HERE] for line in lines]
    for each in chain(*parties):
        each.speaker.port.hear_opening(OPENING_S)
    await all_speak(stage, list(chain(*parties)))
    return [[await whole_opening(stage, each.speaker.port) for each in of_line] for of_line in parties]


async def whole_opening(stage: Stage, port: Port) -> Opening:
    """The last that was told, and as long as it was asked for."""
    await until(lambda: any(event.over for event in told(stage, port, OpeningHeard)))
    *before, last = told(stage, port, OpeningHeard)
    assert not any(event.over for event in before)
    assert last.opening.heard_ms == round(1000 * OPENING_S)
    return last.opening


async def test_when_speech_begins_and_is_over(stage: Stage) -> None:
    word = voice("Hello?")
    sound = on_the_line(silence(0.4), word, silence(0.7), word, seconds=2.4)
    parties = [party(stage, codec, sound) for codec in CODECS_HERE]
    quiet, deaf = party(stage, "PCMA", on_the_line(seconds=2.4)), party(stage, "PCMA", sound)
    for each in (*parties, quiet, deaf):
        each.speaker.port.watch_voice(True)
    deaf.speaker.port.watch_voice(False)
    await all_speak(stage, [*parties, quiet, deaf])
    length_ms = len(word) / 8
    for each in parties:
        began, over = told(stage, each.speaker.port, SpeechBegan), told(stage, each.speaker.port, SpeechOver)
        moments = [event.at_ms for both in zip(began, over, strict=True) for event in both]
        assert moments == sorted(moments)
        assert moments[0] == later(400)
        assert moments[-1] - moments[0] == pytest.approx(700 + 2 * length_ms, abs=100)
        longest = max(after.at_ms - before.at_ms for before, after in zip(over, began[1:], strict=False))
        assert longest == pytest.approx(700, abs=80)
    for each in (quiet, deaf):
        assert stage.kinds(each.speaker.port) == ["FirstPacket", "Locked"]


async def test_a_beep_is_told_while_it_sounds(stage: Stage) -> None:
    line = party(stage, "PCMA", on_the_line(silence(0.3), tone(440, 800), seconds=1.2))
    line.speaker.port.hear_opening(30.0)
    await all_speak(stage, [line])
    (early,) = told(stage, line.speaker.port, OpeningHeard)
    assert not early.over
    assert early.opening.beep is not None
    assert early.opening.beep.length_ms < 500


async def test_a_relay_is_left_alone(stage: Stage) -> None:
    """To the last bit, and what comes too late for who looks for speech is discarded by nobody."""
    caller, agent = speaker(stage), speaker(stage)
    agent.port.send(Relay(caller.port))
    caller.port.watch_voice(True)
    caller.port.hear_opening(1.0)
    await stage.settled()
    silent = encoded(silence(1.2), "PCMA")
    await perform([(caller, encoded(on_the_line(voice("Hello?"), seconds=1.2), "PCMA")), (agent, silent)])
    came = [arrival.packet.payload for arrival in agent.came()]
    sent = [octets[12:] for _, octets in caller.said]
    assert len(came) > 50
    assert came == sent[-len(came) :]
    await stage.event(OpeningHeard, caller.port)
    assert await discarded_late(caller) == 0
    assert caller.port.stats().packets_lost == 0
    caller.port.send(Mix(stage.plane.room(caller.port)))
    await stage.settled()
    assert await discarded_late(caller) == 1, "in a room it is missed"


async def discarded_late(who: Speaker) -> int:
    """How many packets count as discarded after one of his came 400 ms late."""
    peer = who.peer
    peer.send()
    late = peer.sequence, peer.timestamp
    peer.sequence, peer.timestamp = (late[0] + 1) & 0xFFFF, (late[1] + 160) & 0xFFFFFFFF
    await perform([(who, encoded(tone(440, 400), "PCMA"))])
    peer.sequence, peer.timestamp = late
    before = who.port.stats().packets_received
    peer.send()
    await until(lambda: who.port.stats().packets_received > before)
    return who.port.stats().packets_discarded


async def test_it_goes_on_in_a_room_and_in_another_codec(stage: Stage) -> None:
    """An order outlives the codec; the time of both is one."""
    line = speaker(stage, "PCMA")
    line.port.send(Mix(stage.plane.room(line.port)))
    line.port.hear_opening(2.4)
    await stage.settled()
    await perform([(line, encoded(on_the_line(silence(0.2), voice("Hello?"), seconds=1.0), "PCMA"))])
    line.peer.codec, line.peer.payload_type = "G722", 9
    line.port.connect(line.peer.media())
    await stage.settled()
    await perform([(line, encoded(on_the_line(silence(0.2), tone(1000, 300), seconds=1.2), "G722"))])
    last = await stage.event(OpeningHeard, line.port, 2)
    assert last.over
    assert last.opening.first_speech_ms == later(200)
    assert last.opening.beep is not None
    assert 1000 < last.opening.beep.at_ms < 2000


async def test_who_hangs_up_before_its_end(stage: Stage) -> None:
    """What was heard until then is told; of a codec that is only passed on, nothing was."""
    line, passed = (
        party(stage, "PCMA", on_the_line(silence(0.2), voice("Hello?"), seconds=0.6)),
        stage.peer(HOST),
    )
    passed.codec, passed.payload_type = "G729", 18
    deaf = stage.plane.open()
    deaf.connect(passed.media())
    for port in (line.speaker.port, deaf):
        port.hear_opening(5.0)
    await all_speak(stage, [line])
    for port in (line.speaker.port, deaf):
        port.close()
        await stage.event(PortClosed, port)
        assert stage.kinds(port)[-2:] == ["OpeningHeard", "PortClosed"]
    (heard,), (unheard,) = (told(stage, port, OpeningHeard) for port in (line.speaker.port, deaf))
    assert heard.over
    assert unheard.over
    assert heard.opening.heard_ms == later(600)
    assert heard.opening.first_speech_ms == later(200)
    assert unheard.opening == Opening(0, None, None, 0, 0, 0, (), None, None)
    with pytest.raises(ValueError, match="20 ms"):
        line.speaker.port.hear_opening(0.01)


async def test_an_opening_may_begin_anew(stage: Stage) -> None:
    line = party(stage, "PCMA", on_the_line(silence(0.1), voice("Hello?"), seconds=0.9))
    line.speaker.port.hear_opening(0.2)
    await all_speak(stage, [line])
    line.speaker.port.hear_opening(9.0)
    line.speaker.port.hear_opening(0.1)
    again = await stage.event(OpeningHeard, line.speaker.port, 2)
    assert (again.over, again.opening.heard_ms, again.opening.words) == (True, 100, 0)


async def test_what_the_event_ring_has_no_room_for_is_reread() -> None:
    """The loop does not get a turn meanwhile; the ring holds two events."""
    plane = MediaPlane(HOST, range(22300, 22310), event_ring=2)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, HOST)
    caller, other = stage.peer(HOST), stage.peer(HOST)
    port, playing = plane.open(), plane.open()
    port.connect(caller.media())
    playing.connect(other.media())
    playing.send(Play(Sound.from_pcm("clock", bytes(2 * RATE * 9 // 10)), token=5))
    port.watch_voice(True)
    port.hear_opening(0.7)
    plane.flush()
    caller.meet(port, HOST)
    speak_at_once(caller, tone(1000, 400))
    while playing.stats().packets_sent < 45:
        assert select.select([caller.socket], [], [], 0.01) == ([], [], [])
    assert plane.counters().events_merged > 0
    await stage.event(PlaybackFinished, playing)
    heard = await stage.event(OpeningHeard, port)
    assert heard.over
    assert heard.opening.beep is not None
    await stage.event(SpeechOver, port)
    assert stage.kinds(port).count("OpeningHeard") == 1
    await stage.close()


def speak_at_once(peer: RtpPeer, sound: Pcm) -> None:
    """Twenty packets in a burst; the jitter buffer holds them all."""
    octets = alaw_encode(sound.tobytes())
    for at in range(0, len(octets), 160):
        peer.send(octets[at : at + 160])
