"""The ringing tone of ITU-T E.180: 425 Hz, a ring and a longer pause."""

import pytest

from media.g711 import alaw_decode
from media.pcm import RATE
from media.ringback import ringback
from media.tones import level_dbm0, power, tone_power


def test_e180_a_ring_of_1_5_s_and_a_pause_of_3_s() -> None:
    pcm = alaw_decode(ringback().pcma)
    ring, pause = pcm[: 2 * round(1.5 * RATE)], pcm[2 * round(1.5 * RATE) :]
    assert level_dbm0(tone_power(ring, 425.0)) == pytest.approx(-10.0, abs=0.2)
    assert level_dbm0(power(pause)) < -60
    assert len(pause) == 2 * 3 * RATE


def test_every_caller_shares_it() -> None:
    assert ringback() is ringback()
