"""Opus by libopus (RFC 6716, RFC 7587): what is heard after a loss, and what is not sent in a silence."""

import random
from array import array
from dataclasses import astuple, replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ext.codecs import Coder
from media.codecs import CODECS
from media.port import Play
from media.sound import Sound
from media.tuning import Tuning
from tests.media.stage import Stage
from tests.media.test_g722 import pcm, speech

CODEC = CODECS["OPUS"]
pytestmark = pytest.mark.skipif(CODEC.capsule is None, reason=f"needs {CODEC.package}")

FRAME = 640
"""Octets of PCM in 20 ms."""
LOST = (17, 33, 48, 62, 79)
"""In the middle of syllables, each alone."""


@cache
def said() -> bytes:
    """Two seconds; only who runs these tests waits for them to be made."""
    return pcm(speech, 32000)


def frames(sound: bytes) -> list[bytes]:
    return [sound[at : at + FRAME] for at in range(0, len(sound), FRAME)]


ALL = Tuning(fec=True, dtx=True)


def encoded(sound: bytes, wanted: Tuning = ALL) -> list[bytes]:
    coder = Coder(CODEC.capsule)
    coder.tune(*astuple(wanted))
    return [coder.encode(frame) for frame in frames(sound)]


def heard(packets: list[bytes], lost: tuple[int, ...] = (), fec: bool = True) -> list[bytes]:
    coder = Coder(CODEC.capsule)
    return [
        coder.conceal(320, packets[i + 1] if fec else None) if i in lost else coder.decode(packet)
        for i, packet in enumerate(packets)
    ]


def likeness(one: bytes, other: bytes) -> float:
    """Correlation, from -1 to 1."""
    return float(np.corrcoef(np.frombuffer(one, np.int16), np.frombuffer(other, np.int16))[0, 1])


def test_speech_survives() -> None:
    """6.5 ms of look-ahead."""
    after = b"".join(heard(encoded(said())))
    assert len(after) == len(said())
    best = max(likeness(said()[: -2 * lag], after[2 * lag :]) for lag in range(60, 160))
    assert best > 0.95


def test_a_lost_frame_comes_back_with_the_next() -> None:
    packets = encoded(said())
    whole, repaired, guessed = heard(packets), heard(packets, LOST), heard(packets, LOST, fec=False)
    for i in LOST:
        assert likeness(repaired[i], whole[i]) > 0.8
        assert np.std(np.frombuffer(repaired[i], np.int16)) > 0.5 * np.std(np.frombuffer(whole[i], np.int16))
    by_fec, by_guess = (np.mean([likeness(each[i], whole[i]) for i in LOST]) for each in (repaired, guessed))
    assert by_fec > by_guess + 0.05


def test_silence_costs_few_packets() -> None:
    """One in 400 ms, after the first moments."""
    packets = encoded(said()[:FRAME] * 25 + bytes(FRAME) * 200)
    sent = [i for i, packet in enumerate(packets) if packet]
    assert [*range(25)] == sent[:25]
    assert len([i for i in sent if i >= 50]) <= 200 // 20
    assert len([i for i in sent if i >= 50]) >= 5


def test_a_silence_is_sent_to_who_does_not_want_it_left_out() -> None:
    packets = encoded(said()[:FRAME] * 25 + bytes(FRAME) * 200, Tuning())
    assert all(packets)


def test_nothing_is_said_twice_to_who_has_no_use_for_it() -> None:
    packets, lost = encoded(said(), Tuning(dtx=True)), LOST
    repaired, guessed = heard(packets, lost), heard(packets, lost, fec=False)
    assert [repaired[i] for i in lost] == [guessed[i] for i in lost]


def test_the_rate_is_the_peers() -> None:
    """On average; the band of a packet is in its table of contents (RFC 6716 section 3.1)."""
    rates = [
        8 * sum(map(len, encoded(said(), Tuning(fec=True, bits_per_s=most)))) / (len(said()) / 32000)
        for most in (12000, 20000, 0)
    ]
    assert rates[0] <= 12000 < rates[1] <= 20000 < rates[2] <= 40000, rates
    narrow = encoded(said(), Tuning(rate_hz=8000))
    assert {packet[0] >> 3 for packet in narrow} <= {0, 1, 2, 3, 16, 17, 18, 19}
    constant = encoded(said(), Tuning(constant=True))
    assert len({len(packet) for packet in constant}) == 1


def test_wishes_may_change() -> None:
    coder = Coder(CODEC.capsule)
    assert all(coder.encode(bytes(FRAME)) for _ in range(60))
    coder.tune(*astuple(ALL))
    assert not all(coder.encode(bytes(FRAME)) for _ in range(60))


def test_what_was_not_sent_is_quiet() -> None:
    coder = Coder(CODEC.capsule)
    packets = encoded(said()[-FRAME * 20 :] + bytes(FRAME) * 100)
    sounds = [coder.decode(packet) if packet else coder.conceal(320) for packet in packets]
    assert max(abs(sample) for sample in array("h", b"".join(sounds[60:]))) < 100


def test_a_packet_may_hold_several_frames() -> None:
    """RFC 6716 section 3.2.5: code 3, here two frames of 20 ms with the same table of contents."""
    coder = Coder(CODEC.capsule)
    first, second = encoded(said())[20:22]
    assert first[0] == second[0]
    assert first[0] & 3 == 0
    length = len(first) - 1
    assert length < 252
    packet = bytes([first[0] | 2, length]) + first[1:] + second[1:]
    assert len(coder.decode(packet)) == 2 * FRAME


def test_no_payload() -> None:
    coder = Coder(CODEC.capsule)
    for payload in (b"", b"\xff\xff"):
        with pytest.raises(ValueError, match="no payload"):
            coder.decode(payload)
    with pytest.raises(ValueError, match="no frame"):
        coder.encode(bytes(2 * 321))


def test_anything_is_sound_or_refused() -> None:
    coder, chance = Coder(CODEC.capsule), random.Random(7587)
    for _ in range(2000):
        payload = chance.randbytes(chance.randint(1, 80))
        try:
            assert len(coder.decode(payload)) % 80 == 0
        except ValueError:
            assert len(coder.conceal(320, payload)) == FRAME


async def test_a_port_sends_as_its_peer_wants(stage: Stage) -> None:
    """A silence whole, then left out."""
    peer = stage.peer(codec="OPUS")
    port = stage.plane.open()
    port.connect(peer.media())
    peer.meet(port, stage.host)
    port.send(Play(Sound.from_pcm("silence", bytes(16000)), loop=True))
    stamps = [packet.header.timestamp for packet in await peer.receive_many(40)]
    assert {(after - before) & 0xFFFFFFFF for before, after in pairwise(stamps)} == {960}
    port.connect(replace(peer.media(), tuning=ALL))
    before, after = stamps[-2:]
    while (after - before) & 0xFFFFFFFF == 960:
        before, after = after, (await peer.receive()).header.timestamp
