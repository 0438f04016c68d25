"""The probe: every frame of it is found again where it was, whatever is done to it."""

import asyncio

import numpy as np
import pytest

from media.rtp import rtp_header
from tests.peers.audio import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw, tone
from tests.peers.probe import FRAME, FRAME_S, Ear, place, play_through, sweep

SECONDS = 4.0


def test_each_frame_knows_its_place() -> None:
    """Through both laws, from any sample on."""
    probe = decode_ulaw(encode_ulaw(decode_alaw(encode_alaw(sweep(SECONDS)))))
    for start in range(0, len(probe) - FRAME, 37):
        assert place(probe[start : start + FRAME], SECONDS) == pytest.approx(start / 8000, abs=0.001)


def test_what_is_not_the_probe_has_no_place() -> None:
    probe = sweep(SECONDS)
    spliced = np.concatenate([probe[4000:4080], probe[20000:20080]])
    assert place(spliced, SECONDS) is None
    assert place(np.zeros(FRAME, dtype=np.int16), SECONDS) is None
    noise = np.random.default_rng(1).integers(-8000, 8000, FRAME).astype(np.int16)
    assert place(noise, SECONDS) is None
    assert place(tone(3900.0, FRAME_S)[:FRAME], SECONDS) is None


def heard(order: list[int | None], delay_s: float = 0.03) -> Ear:
    """An ear to which these frames of the probe came, one each 20 ms; None: none came."""
    ear = Ear()
    octets = encode_alaw(sweep(SECONDS))
    for number, frame in enumerate(order):
        if frame is not None:
            packet = rtp_header(8, False, number, 1000 + FRAME * number, 1)
            ear.take(packet + octets[FRAME * frame : FRAME * (frame + 1)], FRAME_S * frame + delay_s)
    return ear


def test_gaps_jumps_and_delays_are_told() -> None:
    whole = heard(list(range(100))).result(SECONDS)
    assert (whole.gaps, whole.missing, whole.jumps) == (0, 0, [])
    assert whole.delays_s == pytest.approx([0.03] * 100, abs=0.001)
    lossy = heard([*range(10), None, None, *range(12, 50)]).result(SECONDS)
    assert (lossy.gaps, lossy.missing, lossy.jumps) == (2, 2, [])
    skipping = heard([*range(10), *range(12, 50)]).result(SECONDS)
    assert (skipping.gaps, skipping.missing) == (0, 2)
    assert skipping.jumps == pytest.approx([0.04], abs=0.001)
    repeating = heard([*range(10), 9, *range(10, 50)]).result(SECONDS)
    assert (repeating.gaps, repeating.missing) == (0, 0)
    assert repeating.jumps == pytest.approx([-0.02], abs=0.001)


async def test_a_probe_is_played_in_time() -> None:
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    sent: list[bytes] = []

    def say(frame: bytes) -> None:
        sent.append(frame)
        if len(sent) != 20:
            queue.put_nowait(rtp_header(8, False, len(sent), FRAME * len(sent), 1) + frame)

    through = await play_through(say, Ear(), queue, 1.0)
    assert len(sent) == 50
    assert (through.gaps, through.missing, through.jumps) == (1, 1, [])
    assert 0.0 - 0.002 < np.median(through.delays_s) < 0.1
