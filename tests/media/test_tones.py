"""Tones: their levels in dBm0 (G.711 section 4), and that Goertzel finds what the oscillator makes."""

from array import array
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.tones import MILLIWATT_POWER, SILENCE_DBM0, level_dbm0
from tests.media.builds import COMPILED, PURE
from tests.media.waves import pcm_of

SECOND = 8000


@pytest.mark.parametrize("level", [3.0, 0.0, -10.0, -20.0, -40.0])
@pytest.mark.parametrize("hz", [350.0, 440.0, 1004.0, 3400.0])
def test_a_tone_has_the_level_that_was_asked_for(hz: float, level: float, build: Any) -> None:
    pcm = build.tone(hz, level, SECOND)
    assert level_dbm0(build.tone_power(pcm, hz)) == pytest.approx(level, abs=0.02)
    assert level_dbm0(build.power(pcm)) == pytest.approx(level, abs=0.02)


@pytest.mark.parametrize(("played", "heard"), [(440.0, 1000.0), (1000.0, 440.0), (697.0, 770.0)])
def test_a_tone_is_not_heard_at_another_frequency(played: float, heard: float, build: Any) -> None:
    pcm = build.tone(played, -10.0, SECOND // 10)
    assert level_dbm0(build.tone_power(pcm, heard)) < -25.0
    assert level_dbm0(build.tone_power(pcm, played)) == pytest.approx(-10.0, abs=0.3)


def test_a_tone_begins_at_phase_zero_and_goes_on_without_a_step(build: Any) -> None:
    samples = array("h", build.tone(1000.0, 0.0, 8 * 160))
    assert samples[0] == 0
    assert samples[:8] == samples[-8:]  # eight samples a period, however many frames


def test_the_level_does_not_drift_in_ten_minutes() -> None:
    last = COMPILED.tone(1004.0, -10.0, 600 * SECOND)[-2 * SECOND :]
    assert level_dbm0(COMPILED.tone_power(last, 1004.0)) == pytest.approx(-10.0, abs=0.01)


def test_beyond_full_scale_a_tone_is_clipped_and_does_not_wrap(build: Any) -> None:
    samples = array("h", build.tone(1000.0, 20.0, 160))
    assert (min(samples), max(samples)) == (-32768, 32767)
    assert samples[2] == 32767


def test_silence_and_nothing_have_no_power(build: Any) -> None:
    for pcm in (b"", bytes(320)):
        assert build.power(pcm) == 0.0
        assert build.tone_power(pcm, 440.0) == 0.0
    assert level_dbm0(0.0) == SILENCE_DBM0
    assert level_dbm0(MILLIWATT_POWER) == pytest.approx(0.0)


def test_a_negative_length_is_an_error(build: Any) -> None:
    with pytest.raises(ValueError, match="negative"):
        build.tone(440.0, 0.0, -1)


@given(st.floats(0.0, 4000.0), st.floats(-60.0, 10.0), st.integers(0, 700))
def test_twins_make_the_same_tone(hz: float, level: float, count: int) -> None:
    assert COMPILED.tone(hz, level, count) == PURE.tone(hz, level, count)


@given(pcm_of(320), st.floats(0.0, 4000.0))
def test_twins_hear_the_same(pcm: bytes, hz: float) -> None:
    assert COMPILED.power(pcm) == PURE.power(pcm)
    assert COMPILED.tone_power(pcm, hz) == PURE.tone_power(pcm, hz)
    assert COMPILED.sine_fit(pcm) == PURE.sine_fit(pcm)


@given(pcm_of(320), st.lists(st.floats(0.0, 4000.0), max_size=8))
def test_twins_hear_the_same_of_many_tones(pcm: bytes, hz: list[float]) -> None:
    assert COMPILED.tone_powers(pcm, hz) == PURE.tone_powers(pcm, hz)
    assert PURE.tone_powers(pcm, hz) == [PURE.tone_power(pcm, each) for each in hz]


def test_nine_tones_are_too_many(build: Any) -> None:
    with pytest.raises(ValueError, match="at most 8"):
        build.tone_powers(b"", [1000.0] * 9)


@pytest.mark.parametrize("hz", [400.0, 950.0, 1004.0, 1400.0, 1800.0, 2500.0])
def test_a_sine_is_fitted(hz: float, build: Any) -> None:
    found, residue = build.sine_fit(build.tone(hz, -20.0, 160))
    assert found == pytest.approx(hz, abs=2.0)
    assert residue < 0.001


def test_what_is_no_sine_fits_badly(build: Any) -> None:
    chance = Random(1)
    noise = array("h", (chance.randint(-4000, 4000) for _ in range(1600))).tobytes()
    assert build.sine_fit(noise)[1] > 0.3
    assert build.sine_fit(bytes(320)) == (0.0, 1.0)
    assert build.sine_fit(b"") == (0.0, 1.0)
