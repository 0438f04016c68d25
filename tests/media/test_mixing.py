"""Mixing one frame: everybody hears the others and nobody himself."""

from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.tones import level_dbm0
from tests.media.builds import COMPILED, PURE


def pcm(*samples: int) -> bytes:
    return array("h", samples).tobytes()


def test_each_hears_the_sum_of_the_others(build: Any) -> None:
    frames = [pcm(1, 10), pcm(2, 20), pcm(4, 40)]
    assert build.mix(frames) == [pcm(6, 60), pcm(5, 50), pcm(3, 30)]


def test_the_sum_saturates_and_does_not_wrap(build: Any) -> None:
    loud = [pcm(30000, -30000), pcm(30000, -30000), pcm(-1000, 1000)]
    assert build.mix(loud) == [pcm(29000, -29000), pcm(29000, -29000), pcm(32767, -32768)]


def test_three_tones_are_heard_by_the_other_two(build: Any) -> None:
    tones = {440.0: 0, 1000.0: 1, 1800.0: 2}
    ears = build.mix([build.tone(hz, -15.0, 800) for hz in tones])
    for ear, heard in enumerate(ears):
        for hz, speaker in tones.items():
            level = level_dbm0(build.tone_power(heard, hz))
            assert level < -60.0 if speaker == ear else level == pytest.approx(-15.0, abs=0.1)


def test_one_alone_hears_silence_and_nobody_nothing(build: Any) -> None:
    assert build.mix([pcm(5, -5)]) == [pcm(0, 0)]
    assert build.mix([]) == []


def test_frames_of_different_lengths_are_an_error(build: Any) -> None:
    with pytest.raises(ValueError, match="different lengths"):
        build.mix([pcm(1, 2), pcm(1)])


@given(st.integers(0, 80).flatmap(lambda n: st.lists(st.binary(min_size=2 * n, max_size=2 * n), max_size=6)))
def test_twins_mix_alike(frames: list[bytes]) -> None:
    assert COMPILED.mix(frames) == PURE.mix(frames)
