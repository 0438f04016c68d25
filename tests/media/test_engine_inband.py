"""Digits that are heard in the sound of a port: ext/engine_inband.pxd."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from ext.codecs import Coder
from media.aio.plane import MediaPlane
from media.codecs import CODECS
from media.events import Digit, RecordingStopped
from media.kernels import alaw_decode, alaw_encode, ulaw_encode
from media.port import Port, Relay
from tests.compiling import ensure_compiled
from tests.media.key_tones import Key, heard, pause, pcm, sine
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage, until

ensure_compiled("tests.media")

from tests.media.listening import to_narrow  # noqa: E402  compiled above

CALLER = "127.20.0.10"
AGENT = "127.20.0.20"
WIDE = "127.20.9.1"
EVERY = "0123456789*#ABCD"
ENCODE = {"PCMA": alaw_encode, "PCMU": ulaw_encode}


def frames(sound: bytes, codec: str, size: int = 160) -> list[bytes]:
    octets = ENCODE[codec](sound)
    return [octets[i : i + size] for i in range(0, len(octets) - size + 1, size)]


def say(peer: RtpPeer, sound: bytes, size: int = 160) -> None:
    for frame in frames(sound, peer.codec, size):
        peer.send(frame, step=size)


def pressed(keys: str, ms: float = 80, gap_ms: float = 60) -> bytes:
    waves = [wave for key in keys for wave in (Key(key, ms).wave(), pause(gap_ms))]
    return pcm([pause(47), *waves, pause(73)], noise_dbm0=-50)


def told(stage: Stage, port: Port) -> list[tuple[str, bool]]:
    return [
        (event.digit, event.in_band)
        for event in stage.told
        if isinstance(event, Digit) and event.port is port
    ]


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
@pytest.mark.parametrize("size", [80, 160, 240, 320])
async def test_digits_are_told_as_they_were_pressed(stage: Stage, codec: str, size: int) -> None:
    """In packets of 10, 20, 30 and 40 ms."""
    peer = stage.peer(CALLER, codec=codec)
    port = await stage.leg(peer)
    port.listen_for_digits(True)
    await stage.settled()
    say(peer, pressed("15#A"), size)
    last = await stage.event(Digit, port, 4)
    assert told(stage, port) == [(key, True) for key in "15#A"]
    assert last.duration_ms == pytest.approx(80, abs=6)
    assert port.stats().digits == 4


async def test_a_peer_that_starts_its_numbers_again_is_heard_at_once(stage: Stage) -> None:
    """Under the same SSRC."""
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.listen_for_digits(True)
    await stage.settled()
    peer.sequence, peer.timestamp = 20000, 8_000_000
    say(peer, pressed("1"))
    peer.sequence, peer.timestamp = 1000, 160
    say(peer, pressed("2"))
    await stage.event(Digit, port, 2)
    assert told(stage, port) == [("1", True), ("2", True)]


async def test_who_does_not_listen_hears_none(stage: Stage) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    say(peer, pressed("1"))
    port.listen_for_digits(True)
    port.listen_for_digits(False)
    await stage.settled()
    say(peer, pressed("2"))
    port.listen_for_digits(True)
    await stage.settled()
    say(peer, pressed("3"))
    await stage.event(Digit, port)
    assert told(stage, port) == [("3", True)]


async def test_listening_twice_is_listening(stage: Stage) -> None:
    """The second order comes in the middle of a digit."""
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.listen_for_digits(True)
    await stage.settled()
    sound = frames(pressed("7"), "PCMA")
    for number, frame in enumerate(sound):
        peer.send(frame)
        if number == 4:
            port.listen_for_digits(True)
            await stage.settled()
    await stage.event(Digit, port)
    assert told(stage, port) == [("7", True)]


async def test_a_peer_that_is_silent_after_a_digit(stage: Stage) -> None:
    """It suppresses silence: no packet follows that would end the digit."""
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.listen_for_digits(True)
    await stage.settled()
    say(peer, pcm([Key("9", 100).wave()]))
    event = await stage.event(Digit, port)
    assert event.digit == "9"
    assert event.duration_ms == pytest.approx(100, abs=8)


async def test_packets_that_come_twice_or_late_change_nothing(stage: Stage) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.listen_for_digits(True)
    await stage.settled()
    sound = frames(pressed("12"), "PCMA")
    for number, frame in enumerate(sound):
        peer.send(frame)
        if number % 3 == 2:
            peer.sequence, peer.timestamp = (peer.sequence - 2) & 0xFFFF, (peer.timestamp - 320) & 0xFFFFFFFF
            peer.send(sound[number - 1])
            peer.send(frame)
    await stage.event(Digit, port, 2)
    assert told(stage, port) == [("1", True), ("2", True)]


async def test_a_listener_who_gets_digits_otherwise_hears_less_than_one_of_it(stage: Stage) -> None:
    """And another all of it."""
    caller, agent, other = stage.peer(CALLER), stage.peer(AGENT), stage.peer("127.20.0.21")
    port = await stage.leg(caller)
    listeners = [await stage.leg(agent, hears_tones=False), await stage.leg(other)]
    for listener in listeners:
        listener.send(Relay(port))
    port.listen_for_digits(True)
    await stage.settled()
    music = pcm([sine(440, -20, 400)])
    sent = frames(music + pressed("5", 200) + music, "PCMA")
    for frame in sent:
        caller.send(frame)
    await until(lambda: port.stats().packets_received >= 3 + len(sent))
    await stage.settled()
    sounds = [alaw_decode(b"".join(packet.payload for packet in peer.waiting())) for peer in (agent, other)]
    assert heard(sounds[0]) == []
    assert [digit for digit, _ in heard(sounds[1])] == ["5"]
    assert len(sounds[1]) == 320 * len(sent)
    assert len(sounds[1]) - len(sounds[0]) == pytest.approx(16 * 160, abs=16 * 60)


@pytest.mark.parametrize("hears_tones", [True, False])
async def test_nor_does_one_for_whom_it_is_decoded(stage: Stage, hears_tones: bool) -> None:
    """What he hears is later by the jitter buffer, its end too."""
    caller, agent = stage.peer(CALLER), stage.peer(AGENT, codec="G722")
    port = await stage.leg(caller)
    listener = await stage.leg(agent, hears_tones=hears_tones, near=port)
    listener.send(Relay(port))
    port.listen_for_digits(True)
    await stage.settled()
    for frame in frames(pcm([pause(400)], noise_dbm0=-50) + pressed("558", 200) + bytes(3200), "PCMA"):
        caller.send(frame)
        await asyncio.sleep(0.02)
    await stage.event(Digit, port, 3)
    coder = Coder(CODECS["G722"].capsule)
    wide_band = b"".join(coder.decode(packet.payload) for packet in agent.waiting())
    digits = [digit for digit, _ in heard(to_narrow(wide_band[: len(wide_band) // 640 * 640]))]
    assert digits == (["5", "5", "8"] if hears_tones else [])


async def test_a_recording_has_none_of_it(stage: Stage, tmp_path: Path) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.listen_for_digits(True)
    recording = port.record(tmp_path / "a.wav")
    await stage.settled()
    for frame in frames(pcm([sine(440, -20, 800)]) + pressed("5", 300) + pcm([sine(440, -20, 800)]), "PCMA"):
        peer.send(frame)
        await asyncio.sleep(0.02)
    await stage.event(Digit, port)
    recording.stop()
    stopped = await stage.event(RecordingStopped)
    stereo = np.frombuffer(stopped.path.read_bytes()[44:], np.int16)
    assert heard(stereo[::2].tobytes() + bytes(800)) == []


@pytest.fixture
async def wide() -> AsyncIterator[Stage]:
    """A plane of its own, with ports for forty pairs."""
    plane = MediaPlane(WIDE, range(21000, 21200), seed=1)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, WIDE)
    yield stage
    await stage.close()


def pair(stage: Stage, codec: str) -> tuple[Port, Port]:
    """The second hears what the first sounds."""
    speaker, hearer = stage.plane.open(), stage.plane.open()
    near, far = stage.peer(stage.host, codec=codec), stage.peer(stage.host, codec=codec)
    near.address, far.address = (stage.host, hearer.number), (stage.host, speaker.number)
    speaker.connect(near.media(event_type=None))
    hearer.connect(far.media(event_type=None))
    hearer.listen_for_digits(True)
    return speaker, hearer


@pytest.mark.parametrize("codec", ["G722", "OPUS"])
async def test_digits_in_another_codec(wide: Stage, codec: str) -> None:
    """Sounded, encoded, decoded and heard on the tick."""
    pairs = [pair(wide, codec) for _ in range(4)]
    await wide.settled()
    for speaker, _ in pairs:
        for digit in EVERY:
            speaker.sound_digit(digit, 100)
    await wide.event(Digit, nth=4 * len(EVERY), within_s=30.0)
    for _, hearer in pairs:
        assert told(wide, hearer) == [(digit, True) for digit in EVERY]


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 6))])
async def test_a_thousand_digits_from_port_to_port(wide: Stage, seed: int) -> None:
    """Forty pairs at once, half of them A-law."""
    chance = random.Random(seed)
    pairs = []
    for number in range(40):
        speaker, hearer = pair(wide, "PCMA" if number % 2 else "PCMU")
        keys = [(chance.choice(EVERY), chance.randrange(40, 105, 5)) for _ in range(25)]
        pairs.append((speaker, hearer, keys))
    await wide.settled()
    for speaker, _, keys in pairs:
        for digit, ms in keys:
            speaker.sound_digit(digit, ms)
    await wide.event(Digit, nth=1000, within_s=30.0)
    for _, hearer, keys in pairs:
        events = [event for event in wide.told if isinstance(event, Digit) and event.port is hearer]
        assert [event.digit for event in events] == [digit for digit, _ in keys]
        assert max(abs(event.duration_ms - ms) for event, (_, ms) in zip(events, keys, strict=True)) <= 8
