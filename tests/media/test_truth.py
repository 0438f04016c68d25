"""What speech is worth after the engine: transcoded, mixed, repacked, recorded; relayed, it is untouched."""

import asyncio
import wave
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from media.aio.plane import MediaPlane
from media.codecs import CODECS
from media.events import PlaybackFinished, RecordingStopped
from media.port import Mix, Play, Recording, Relay
from media.sound import Sound
from tests.media.sentences import SENTENCES, score, spoken
from tests.media.speakers import Arrival, Speaker, decoded, encoded, heard, holes, perform, speaker
from tests.media.stage import Stage
from tests.peers.audio import RATE, Pcm

HOST = "127.20.40.1"
MOST_LOST = 0.2
"""Of narrow-band PESQ, against what the codecs on the way cost alone."""
ATTEMPTS = 5
MOST_LATE_MS = 10.0
HELD_UP_MS = (0, 50, 53, 57, 60, 64, 70, 120, 200)
ALIGNED_S = 0.020
REPACKED_WITHIN = 25
"""Packets of the old length until the engine has seen that the peer wants another."""

needs_opus = pytest.mark.skipif(CODECS["OPUS"].capsule is None, reason="needs libopus-dev")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    plane = MediaPlane(HOST, range(22000, 24000), seed=1)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, HOST)
    yield stage
    await stage.close()


@dataclass(frozen=True, slots=True)
class Way:
    """From one codec and packet time to another, alone, in a room with a third who is silent, or recorded."""

    said: str
    heard: str
    said_ms: int = 20
    heard_ms: int = 20
    mixed: bool = False
    recorded: bool = False

    @property
    def rests(self) -> bool:
        return "OPUS" in (self.said, self.heard)

    @property
    def step(self) -> int:
        """Of the timestamps at the ear."""
        return CODECS[self.heard].clock_rate_hz * self.heard_ms // 1000

    def once(self, speech: Pcm) -> Pcm:
        """Each coding on the way, by nothing but the codecs: the mouth's, and the engine's where it codes."""
        after = decoded(encoded(speech, self.said), self.said)
        if self.recorded or (self.said == self.heard and not self.mixed):
            return after
        return decoded(encoded(after, self.heard), self.heard)


WAYS = (
    Way("G722", "PCMA"),
    Way("PCMU", "G722"),
    Way("PCMA", "PCMU"),
    Way("PCMA", "PCMA", heard_ms=30),
    Way("PCMU", "PCMU", said_ms=10),
    Way("PCMA", "PCMU", said_ms=30, heard_ms=10),
    Way("PCMA", "PCMA", mixed=True),
    Way("G722", "PCMU", mixed=True),
    Way("G722", "G722", mixed=True),
    Way("PCMA", "PCMA", recorded=True),
    Way("G722", "G722", recorded=True),
)
OPUS_WAYS = (
    Way("OPUS", "PCMU"),
    Way("PCMA", "OPUS"),
    Way("OPUS", "PCMA", mixed=True),
    Way("OPUS", "OPUS", recorded=True),
)


class Call:
    """One sentence on its way."""

    def __init__(self, stage: Stage, way: Way, sentence: int, directory: Path) -> None:
        self.way = way
        self.speech = spoken(sentence)
        self.mouth = speaker(stage, way.said, ptime_ms=way.said_ms)
        self.ear = speaker(stage, way.heard, near=self.mouth.port, ptime_ms=way.heard_ms)
        self.third = speaker(stage, "PCMA", near=self.mouth.port) if way.mixed else None
        self.recording: Recording | None = None
        if self.third is not None:
            room = stage.plane.room(self.mouth.port)
            for each in (self.mouth, self.ear, self.third):
                each.port.send(Mix(room))
        else:
            self.mouth.port.send(Relay(self.ear.port))
            self.ear.port.send(Relay(self.mouth.port))
        if way.recorded:
            self.recording = self.mouth.port.record(directory / f"{id(self)}.wav")

    def parts(self) -> list[tuple[Speaker, list[bytes]]]:
        """What everybody says."""
        silence = np.zeros_like(self.speech)
        silent = [each for each in (self.third, self.ear) if each is not None and self.way.mixed]
        return [
            (self.mouth, encoded(self.speech, self.way.said, self.way.said_ms)),
            *((each, encoded(silence, each.codec, each.ptime_ms)) for each in silent),
        ]

    def came(self) -> list[Arrival]:
        """What reached the ear, from where its packets have the length that it wanted."""
        arrivals = self.ear.came()
        if self.way.said_ms == self.way.heard_ms:
            return arrivals
        seam = next(at for at, arrival in enumerate(arrivals) if self.is_whole(arrival))
        assert seam < REPACKED_WITHIN
        assert holes(arrivals[max(seam - 1, 0) : seam + 1], self.way.step, rests=True) == []
        return arrivals[seam:]

    def is_whole(self, arrival: Arrival) -> bool:
        return arrival.packet.header.payload_length == self.way.step

    def heard(self, arrivals: Sequence[Arrival]) -> Pcm:
        if self.recording is None:
            return heard(arrivals, self.way.heard)
        with wave.open(str(self.recording.path)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)[::2]


async def played(stage: Stage, ways: Sequence[Way], sentences: int, directory: Path) -> list[Call]:
    """All these calls at once; again where the machine let our own packets or the engine's thread
    be late: how punctual the engine is, tests/media/test_pacing.py judges."""
    for attempt in range(ATTEMPTS):
        before = sum(isinstance(event, RecordingStopped) for event in stage.told)
        calls = [Call(stage, way, sentence, directory) for way in ways for sentence in range(sentences)]
        await stage.settled()
        stage.plane.counters()  # which tell the worst lag since they were last looked at
        late_ms = await perform([part for call in calls for part in call.parts()])
        late_ms = max(late_ms, stage.plane.counters().worker_lag_s * 1e3)
        recordings = [call.recording for call in calls if call.recording is not None]
        for recording in recordings:
            recording.stop()
        for number in range(len(recordings)):
            await stage.event(RecordingStopped, nth=before + number + 1)
        if late_ms < MOST_LATE_MS:
            break
        print(f"attempt {attempt}: {late_ms:.0f} ms late")
    return calls


async def judge(stage: Stage, ways: Sequence[Way], sentences: int, directory: Path) -> None:
    calls = await played(stage, ways, sentences, directory)
    poor = {}
    for way in ways:
        scores = []
        for call in (call for call in calls if call.way == way):
            arrivals = call.came()
            assert holes(arrivals, way.step, way.rests) == [], way
            scores.append(
                (score(call.speech, call.heard(arrivals)), score(call.speech, way.once(call.speech)))
            )
        after, once = (median(each) for each in zip(*scores, strict=True))
        print(f"{way}: {after:.2f} of {once:.2f}", [round(a, 2) for a, _ in scores])
        if after < once - MOST_LOST:
            poor[way] = (after, once)
    assert poor == {}


async def test_speech_is_as_good_as_after_its_codecs_alone(stage: Stage, tmp_path: Path) -> None:
    await judge(stage, WAYS, 3, tmp_path)


@needs_opus
async def test_so_is_speech_in_opus(stage: Stage, tmp_path: Path) -> None:
    await judge(stage, OPUS_WAYS, 3, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(300)
@needs_opus
async def test_so_are_twenty_sentences(stage: Stage, tmp_path: Path) -> None:
    for ways in (WAYS[:6], WAYS[6:], OPUS_WAYS):
        await judge(stage, ways, len(SENTENCES), tmp_path)


@pytest.mark.parametrize("codec", ["G722", pytest.param("OPUS", marks=needs_opus)])
async def test_a_prompt_goes_through_one_codec_alone(stage: Stage, codec: str) -> None:
    listeners = [speaker(stage, codec) for _ in range(3)]
    for number, each in enumerate(listeners):
        each.port.send(Play(Sound.from_pcm("sentence", spoken(number).tobytes())))
    scores = []
    for number, each in enumerate(listeners):
        await stage.event(PlaybackFinished, each.port, within_s=15.0)
        speech = spoken(number)
        alone = decoded(encoded(speech, codec), codec)
        after_g711 = decoded(encoded(decoded(encoded(speech, "PCMA"), "PCMA"), codec), codec)
        scores.append([score(speech, sound) for sound in (heard(each.came(), codec), alone, after_g711)])
    played, once, twice = (median(each) for each in zip(*scores, strict=True))
    print(f"{codec}: {played:.2f}, alone {once:.2f}, after A-law {twice:.2f}")
    assert played > once - 0.05
    assert played > (once + twice) / 2


@pytest.mark.parametrize("codec", ["PCMA", "PCMU", "G722", "G729", pytest.param("OPUS", marks=needs_opus)])
async def test_what_is_relayed_is_the_same_to_the_last_bit(stage: Stage, codec: str) -> None:
    mouth = speaker(stage, codec)
    ear = speaker(stage, codec, near=mouth.port)
    ear.port.send(Relay(mouth.port))
    await stage.settled()
    random = np.random.default_rng(1)
    payloads = [random.bytes(20 if codec == "G729" else 160) for _ in range(50)]
    await perform([(mouth, payloads)])
    arrivals = [ear.came()]
    while sum(map(len, arrivals)) < len(payloads):
        await asyncio.sleep(0.005)
        arrivals.append(ear.came())
    assert [arrival.packet.payload for some in arrivals for arrival in some] == payloads
    step = CODECS[codec].clock_rate_hz // 50
    assert holes([arrival for some in arrivals for arrival in some], step) == []


async def test_calls_that_begin_late_lie_in_their_places(stage: Stage, tmp_path: Path) -> None:
    """Their first packets were held up, each by another time, and came all at once."""
    calls = [Call(stage, Way("PCMA", "PCMA", recorded=True), 2, tmp_path) for _ in HELD_UP_MS]
    await stage.settled()
    packets = []
    for call, held_up_ms in zip(calls, HELD_UP_MS, strict=True):
        fd = call.mouth.peer.socket.fileno()
        for moment, octets in call.mouth.plan(encoded(call.speech, "PCMA"), 0):
            packets.append((max(moment, held_up_ms * 1_000_000), fd, octets))
    await perform([], packets)
    sounds = []
    for number, call in enumerate(calls, 1):
        assert call.recording is not None
        call.recording.stop()
        await stage.event(RecordingStopped, nth=number)
        sounds.append(call.heard([]))
    once = calls[0].way.once(calls[0].speech)
    voiced = np.flatnonzero(calls[0].speech)
    words = once[voiced[0] : voiced[-1]]
    begins = [sound.tobytes().index(words.tobytes()) // 2 for sound in sounds]
    scores = [score(calls[0].speech, sound) for sound in sounds]
    print(begins, [round(each, 2) for each in scores])
    assert np.ptp(begins) <= ALIGNED_S * RATE
    assert min(scores) > score(calls[0].speech, once) - MOST_LOST
