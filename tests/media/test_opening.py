"""The first seconds of a call, ext/engine_opening.pxd: the figures by which machines are told from people."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ext.listening import Opening
from tests.media.key_tones import amplitude, sine
from tests.media.voices import levelled, said, talks

GREETING = "Hello, you have reached Ana Ruiz. I cannot take your call. Please leave a message after the tone."


def silence(seconds: float) -> NDArray[Any]:
    return np.zeros(round(8000 * seconds))


def voice(text: str, language: str = "en-gb") -> NDArray[Any]:
    """What is said, from its first sound to its last."""
    spoken = levelled(said(text, language), -20.0)
    loud = np.flatnonzero(np.abs(spoken) > 500)
    return spoken[loud[0] : loud[-1]].astype(float)


def opening(*parts: NDArray[Any], noise_dbm0: float = -60.0) -> Opening:
    whole = np.concatenate(parts)
    noisy = whole + np.random.default_rng(2).normal(0, amplitude(noise_dbm0) / np.sqrt(2), len(whole))
    heard = Opening()
    heard.hear(np.clip(np.round(noisy), -32768, 32767).astype(np.int16).tobytes())
    return heard


@pytest.mark.parametrize(("text", "language"), [("Hello?", "en-gb"), ("¿Diga?", "es")])
def test_somebody_who_answers(text: str, language: str) -> None:
    word = voice(text, language)
    heard = opening(silence(0.7), word, silence(2))
    assert heard.initial_silence_ms == pytest.approx(700, abs=60)
    assert heard.first_utterance_ms == pytest.approx(len(word) / 8, abs=80)
    assert heard.words in (1, 2)
    assert heard.beep is None
    assert heard.special_information_ms is None


def test_a_machine() -> None:
    greeting = voice(GREETING)
    heard = opening(silence(0.4), greeting, silence(0.6), sine(1000, -15, 400), silence(2))
    assert heard.initial_silence_ms == pytest.approx(400, abs=60)
    assert heard.words > 4
    assert heard.longest_speech_ms > 1500
    assert heard.speech_ms == pytest.approx(len(greeting) / 8, rel=0.3)
    assert heard.beep is not None
    began_ms, length_ms, hz = heard.beep
    assert began_ms == pytest.approx(1000 + len(greeting) / 8, abs=40)
    assert length_ms == pytest.approx(400, abs=40)
    assert hz == pytest.approx(1000, abs=10)


def test_nobody_speaks() -> None:
    heard = opening(silence(4))
    assert heard.initial_silence_ms == 4000
    assert heard.first_utterance_ms is None
    assert (heard.words, heard.speech_ms, heard.longest_speech_ms) == (0, 0, 0)


def test_words_with_pauses_between() -> None:
    one = voice("one")
    heard = opening(silence(0.5), *[part for _ in range(4) for part in (one, silence(0.25))], silence(1))
    assert heard.words in range(4, 7)
    assert heard.first_utterance_ms == pytest.approx(4 * len(one) / 8 + 750, abs=80)
    assert heard.longest_speech_ms < len(one) / 8 + 250


def test_the_profile_of_its_energy() -> None:
    heard = opening(silence(1.04), sine(300, -12, 520), silence(2), noise_dbm0=-70)
    profile = np.array(heard.profile)
    assert len(profile) == 32
    sounding = np.flatnonzero(profile > 1e6)
    assert sounding.tolist() == [4, 5]
    assert profile[4] == pytest.approx(amplitude(-12) ** 2 / 2, rel=0.05)


@pytest.mark.parametrize(
    "tones",
    [
        [(950, 330), (1400, 330), (1800, 330)],
        [(913.8, 274), (1370.6, 274), (1776.7, 380)],
        [(985.2, 380), (1428.5, 380), (1776.7, 380)],
    ],
    ids=["E.180", "vacant code", "no circuit"],
)
@pytest.mark.parametrize("gap_ms", [0, 30])
def test_the_special_information_tone(tones: list[tuple[float, float]], gap_ms: float) -> None:
    """E.180, and two of the North American ones (Telcordia GR-1162)."""
    parts = [part for hz, ms in tones for part in (sine(hz, -15, ms), silence(gap_ms / 1000))]
    words = voice("The number you have dialled is not in use.")
    heard = opening(silence(0.5), *parts, silence(0.5), words, silence(1), *parts)
    assert heard.special_information_ms == pytest.approx(500, abs=40)


@pytest.mark.parametrize("tones", [[950, 1400], [1800, 1400, 950], [950, 950, 950]])
def test_other_tones_are_not_taken_for_it(tones: list[float]) -> None:
    heard = opening(silence(0.5), *(sine(hz, -15, 330) for hz in tones), silence(1))
    assert heard.special_information_ms is None
    assert heard.beep is not None


@pytest.mark.parametrize("hz", [440, 1000, 1400, 2000])
@pytest.mark.parametrize("snr_db", [25, 40])
def test_a_beep_in_noise(hz: float, snr_db: float) -> None:
    heard = opening(silence(1), sine(hz, -15, 300), silence(1), noise_dbm0=-15 - snr_db)
    assert heard.beep is not None
    assert heard.beep[0] == pytest.approx(1000, abs=40)
    assert heard.beep[2] == pytest.approx(hz, abs=30)


def test_voices_seldom_beep() -> None:
    """Ten minutes of talk, each voice from its beginning on."""
    heard = []
    for talk in talks(600, seed=9):
        one = Opening()
        one.hear(talk.samples[: 8 * 8000].tobytes())
        assert one.special_information_ms is None
        heard.append(one.beep)
    assert sum(beep is not None for beep in heard) <= 1
