"""Whether somebody speaks, ext/engine_voice.pxd: frame by frame, against speech whose pauses are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ext.listening import Voice
from tests.media.key_tones import amplitude
from tests.media.voices import levelled, talks
from tests.peers.audio import Pcm

FRAME = 160
LEVEL_DBM0 = -20.0
SPEECH_DBM0 = -38.0
"""A frame of the clean recording above this is speech: 18 dB under the mean."""
BEFORE, AFTER = 2, 12
"""Frames that a voice may be believed in before and after it: it fades in; 200 ms hold it."""

Flags = NDArray[np.bool_]


def speech(seconds: float) -> Pcm:
    """A second of silence, several voices, three seconds of silence."""
    voices = [levelled(talk.samples, LEVEL_DBM0) for talk in talks(seconds, seed=5)]
    return np.concatenate([np.zeros(8000, np.int16), *voices, np.zeros(24000, np.int16)])


def with_noise(clean: Pcm, dbm0: float) -> bytes:
    chance = np.random.default_rng(1)
    noisy = clean + chance.normal(0, amplitude(dbm0) / np.sqrt(2), len(clean))
    return np.clip(np.round(noisy), -32768, 32767).astype(np.int16).tobytes()


def spoken(clean: Pcm) -> Flags:
    whole = clean[: len(clean) // FRAME * FRAME].reshape(-1, FRAME).astype(float)
    return np.asarray(np.sqrt((whole**2).mean(axis=1)) > amplitude(SPEECH_DBM0) / np.sqrt(2))


def widened(flags: Flags) -> Flags:
    wide = flags.copy()
    for n in range(1, AFTER + 1):
        wide[n:] |= flags[:-n]
    for n in range(1, BEFORE + 1):
        wide[:-n] |= flags[n:]
    return wide


@pytest.fixture(scope="module")
def clean() -> Pcm:
    return speech(120)


@pytest.mark.parametrize(
    ("snr_db", "missed", "false"), [(40, 0.02, 0.15), (20, 0.05, 0.02), (15, 0.08, 0.02)]
)
def test_speech_is_told_from_pauses(clean: Pcm, snr_db: float, missed: float, false: float) -> None:
    """English and Spanish. What is missed is the soft end of a word; without noise it is heard."""
    told = np.array(Voice().hear(with_noise(clean, LEVEL_DBM0 - snr_db)))
    truth = spoken(clean)
    assert np.mean(~told[truth]) < missed
    assert np.mean(told[~widened(truth)]) < false


@pytest.mark.parametrize("dbm0", [-70.0, -50.0, -42.0])
def test_steady_noise_is_no_voice(dbm0: float) -> None:
    told = Voice().hear(with_noise(np.zeros(8000 * 20, np.int16), dbm0))
    assert sum(told) < 0.01 * len(told)


def test_noise_that_begins_is_taken_for_noise_in_time() -> None:
    """30 dB louder from one moment to the next, as where a window is opened: 3 dB in a second."""
    quiet, loud = (with_noise(np.zeros(8000 * s, np.int16), dbm0) for s, dbm0 in ((2, -60.0), (20, -30.0)))
    told = Voice().hear(quiet + loud)
    assert told[102]
    assert not any(told[100 + 50 * 12 :])


def test_a_click_is_no_voice() -> None:
    clicks = np.zeros(8000 * 4, np.int16)
    clicks[4000::8000] = 20000
    assert not any(Voice().hear(with_noise(clicks, -60.0)))


def test_it_begins_within_40_ms_and_lasts_200_longer() -> None:
    sound = np.zeros(8000 * 3, np.int16)
    sound[8000:16000] = (3000 * np.sin(np.arange(8000) * 0.7)).astype(np.int16)
    told = Voice().hear(with_noise(sound, -60.0))
    begin, end = told.index(True), len(told) - told[::-1].index(True)
    assert begin in (50, 51)
    assert end in (109, 110)


def test_digital_silence_then_a_whisper() -> None:
    silence = bytes(2 * 8000 * 10)
    voice = Voice()
    assert not any(voice.hear(silence))
    assert not any(voice.hear(with_noise(np.zeros(8000, np.int16), -66.0)))


def test_noise_that_is_cut_off_and_comes_back() -> None:
    """What a phone sends that suppresses silence: the floor is that of the noise, not of nothing."""
    noise, nothing = with_noise(np.zeros(8000, np.int16), -42.0), bytes(2 * 8000 * 2)
    voice = Voice()
    assert not any(voice.hear(nothing + noise + nothing + noise))
    floor = voice.floor
    voice.hear(nothing)
    assert voice.floor == floor
