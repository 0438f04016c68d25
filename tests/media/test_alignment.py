"""Where on a recording's clock each packet lies, with the test as the network: ext/engine_alignment.pxd."""

from collections.abc import Sequence
from functools import cache
from itertools import groupby

import numpy as np
import pytest

from tests.compiling import ensure_compiled
from tests.peers.audio import RATE, Pcm, decode_alaw

ensure_compiled("tests.media")

from tests.media.taping import Tape  # noqa: E402  compiled above

EPOCH_NS = 10**12
FRAME, TICK_MS = 160, 20
LEAD_MS = 7
"""From the tap's beginning to the first packet, had nothing held it up."""
LEAD = LEAD_MS * RATE // 1000
TIMESTAMP = 0xFFFF_F000
QUIET = b"\xd5" * FRAME
"""A-law's silence."""
FORK_DELAY = 13
"""Samples of 8 kHz, of the filter to 16."""


@cache
def noise(packets: int, seed: int = 1) -> tuple[bytes, ...]:
    """Loud: no packet is like another, and none is quiet."""
    random = np.random.default_rng(seed)
    return tuple(
        random.choice(np.arange(0x20, 0x30, dtype=np.uint8), FRAME).tobytes() for _ in range(packets)
    )


def taped(
    payloads: Sequence[bytes],
    came_ms: Sequence[float],
    timestamps: Sequence[int] = (),
    *,
    as_file: bool = True,
    rate_hz: int = 8000,
) -> Pcm:
    """What is kept of these packets. `came_ms` is since the first would have come without any delay."""
    tape, sound = Tape(EPOCH_NS, as_file=as_file, rate_hz=rate_hz), b""
    due = sorted((LEAD_MS + ms, number) for number, ms in enumerate(came_ms))
    tick_ms = 0
    while due or tick_ms < LEAD_MS + TICK_MS * len(payloads):
        while due and due[0][0] <= tick_ms:
            ms, number = due.pop(0)
            stamp = TIMESTAMP + (timestamps[number] if timestamps else number * FRAME)
            tape.put(stamp & 0xFFFF_FFFF, payloads[number], EPOCH_NS + round(ms * 1e6))
        sound += tape.tick(EPOCH_NS + tick_ms * 1_000_000)
        tick_ms += TICK_MS
    return np.frombuffer(sound + tape.end(EPOCH_NS + tick_ms * 1_000_000), np.int16)[::2]


def held_up(packets: int, until_ms: float) -> list[float]:
    """No packet comes before this moment, and each at its own after it."""
    return [max(number * TICK_MS, until_ms) for number in range(packets)]


def said(payloads: Sequence[bytes]) -> Pcm:
    return decode_alaw(b"".join(payloads))


def late_by(sound: Pcm, payloads: Sequence[bytes]) -> list[int]:
    """Samples, of each run of loud packets that lies in one piece. ValueError: one is not there, or torn."""
    octets = sound.tobytes()
    places = [
        octets.index(decode_alaw(payload).tobytes()) // 2 - LEAD - number * FRAME
        for number, payload in enumerate(payloads)
        if payload != QUIET
    ]
    return [late for late, _ in groupby(places)]


def test_a_call_that_begins_late_lies_in_its_place_from_the_first_sample_on() -> None:
    payloads = noise(60)
    for ms in range(401):
        sound = taped(payloads, held_up(60, ms))
        assert np.array_equal(sound[LEAD : LEAD + 60 * FRAME], said(payloads)), f"held up by {ms} ms"
        assert not sound[:LEAD].any()


def test_so_does_one_whose_first_packets_change_places() -> None:
    payloads = noise(60)
    came = held_up(60, 90)
    came[0], came[1] = 95, 94
    assert late_by(taped(payloads, came), payloads) == [0]


def test_so_does_a_stream_that_follows_another() -> None:
    """Another who speaks, by other timestamps: what the first had said stays where it is."""
    payloads = noise(120)
    came = [float(number * TICK_MS) for number in range(120)]
    came[60:] = [max(ms, 60 * TICK_MS + 70) for ms in came[60:]]
    timestamps = [number * FRAME + (123_456_789 if number >= 60 else 0) for number in range(120)]
    assert late_by(taped(payloads, came, timestamps), payloads) == [0]


def test_a_recording_that_begins_in_a_jam_has_what_was_said_since_then() -> None:
    """The first packets of the jam were said before it."""
    payloads, early = noise(60), 5
    came = [max((number - early) * TICK_MS, 0.0) for number in range(60)]
    sound = taped(payloads, came)
    assert np.array_equal(sound[: 54 * FRAME + LEAD], said(payloads)[early * FRAME - LEAD : 59 * FRAME])


@pytest.mark.parametrize("jitter_ms", [5, 20, 60])
def test_the_least_delay_of_the_beginning_counts(jitter_ms: int) -> None:
    random = np.random.default_rng(jitter_ms)
    payloads = noise(60)
    came = np.array(held_up(60, 55)) + random.uniform(0, jitter_ms, 60)
    (late,) = late_by(taped(payloads, came.tolist()), payloads)
    assert 0 <= late * 1000 / RATE < jitter_ms / 2


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_a_fork_moves_what_its_reader_has_not(rate_hz: int) -> None:
    """It waits for 40 ms at least."""
    payloads = noise(60)
    for ms in range(0, 201, 5):
        sound = taped(payloads, held_up(60, ms), as_file=False, rate_hz=rate_hz)
        sound = sound if rate_hz == 8000 else sound[2 * FORK_DELAY :: 2]
        (late,) = late_by(sound, payloads[:50])
        assert 0 <= late * 1000 / RATE <= max(ms - 40, 0)


def test_a_way_that_becomes_shorter_is_noticed_in_a_pause() -> None:
    """By 55 ms, in the third second; nothing that was said is lost, or heard twice."""
    words, pause = noise(200), [QUIET] * 10
    payloads = [*words[:170], *pause, *words[170:]]
    came = [number * TICK_MS + (55.0 if number < 100 else 0.0) for number in range(len(payloads))]
    assert late_by(taped(payloads, came), payloads) == [55 * RATE // 1000, 0]


def test_a_network_that_stalls_moves_nothing() -> None:
    payloads = noise(150)
    came = [float(number * TICK_MS) for number in range(150)]
    came[70:76] = [75.0 * TICK_MS] * 6
    assert late_by(taped(payloads, came), payloads) == [0]
