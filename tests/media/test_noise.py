"""Comfort noise: its level, and RFC 3389's octet for it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.noise import comfort_noise_dbm0, comfort_noise_level
from media.tones import level_dbm0
from tests.media.builds import COMPILED, PURE


@pytest.mark.parametrize("level", [-10.0, -30.0, -50.0, -65.0])
def test_noise_has_the_level_that_was_asked_for(level: float, build: Any) -> None:
    assert level_dbm0(build.power(build.noise(level, 16000, 3))) == pytest.approx(level, abs=0.3)


def test_it_is_white(build: Any) -> None:
    samples = np.frombuffer(build.noise(-20.0, 32000, 5), np.int16).astype(float)
    powers = (np.abs(np.fft.rfft(samples.reshape(-1, 160))) ** 2).mean(axis=0)[1:-1]
    assert powers.max() / powers.min() < 3


@given(st.floats(-90.0, 10.0), st.integers(0, 400), st.integers(0, 2**40))
def test_twins_make_the_same_noise(level: float, count: int, seed: int) -> None:
    assert COMPILED.noise(level, count, seed) == PURE.noise(level, count, seed)


def test_a_negative_length_is_an_error(build: Any) -> None:
    with pytest.raises(ValueError, match="negative"):
        build.noise(-40.0, -1, 1)


def test_rfc3389_a_square_wave_of_full_scale_is_0_dbov() -> None:
    """Section 3.1: the octet is so many dB under overload, which is 6.18 dBm0 in mu-law."""
    assert comfort_noise_dbm0(0) == pytest.approx(6.15, abs=0.01)
    assert comfort_noise_dbm0(70) == pytest.approx(-63.85, abs=0.01)
    assert [comfort_noise_level(comfort_noise_dbm0(level)) for level in range(128)] == list(range(128))
    assert comfort_noise_level(20.0) == 0
    assert comfort_noise_level(-200.0) == 127
