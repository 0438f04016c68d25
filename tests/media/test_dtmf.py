"""In-band digits, ext/engine_dtmf.pxd: ITU-T Q.24's limits, a thousand digits, no voice taken for one."""

import random

import numpy as np
import pytest

from media.music import compose
from tests.media.key_tones import Key, heard, heard_share, pause, pcm, sine
from tests.media.spandsp import spandsp_digits
from tests.media.voices import levelled, talks

EVERY = "0123456789*#ABCD"


@pytest.mark.parametrize("digit", EVERY)
def test_every_digit(digit: str) -> None:
    [(told, ms)] = heard(pcm([pause(33), Key(digit, 80).wave(), pause(120)]))
    assert told == digit
    assert ms == pytest.approx(80, abs=5)


@pytest.mark.parametrize("digit", ["1", "D"])
@pytest.mark.parametrize(
    ("off", "share"), [(0.015, 1.0), (0.018, 1.0), (-0.018, 1.0), (0.03, 0.0), (-0.03, 0.0), (0.035, 0.0)]
)
def test_how_far_a_tone_may_be_off(digit: str, off: float, share: float) -> None:
    """Q.24 table A-1: 1.5 to 1.8 % are taken, 3.0 to 3.5 % are not; for each of the two tones."""
    assert heard_share(Key(digit, low_off=off)) == share
    assert heard_share(Key(digit, high_off=off)) == share


@pytest.mark.parametrize(
    ("level_dbm0", "share"), [(0.0, 1.0), (-3.0, 1.0), (-24.0, 1.0), (-25.0, 1.0), (-29.0, 0.0)]
)
def test_how_loud_it_must_be(level_dbm0: float, share: float) -> None:
    """Q.24: 0 to -25 dBm for each tone; not at -29. At 0 dBm the two together are clipped."""
    assert heard_share(Key("5", low_dbm0=level_dbm0, high_dbm0=level_dbm0), noise_dbm0=-60.0) == share


@pytest.mark.parametrize(("db", "share"), [(4, 1.0), (-8, 1.0), (7, 0.0), (-11, 0.0)])
def test_how_unlike_the_two_may_be(db: float, share: float) -> None:
    """Twist: the high tone 4 dB above the low one to 8 below it."""
    assert heard_share(Key("9").twisted(db)) == share


@pytest.mark.parametrize(("ms", "share"), [(40, 1.0), (23, 0.0), (20, 0.0), (5, 0.0)])
def test_how_long_it_must_last(ms: float, share: float) -> None:
    """40 ms are a digit, 23 are none."""
    assert heard_share(Key("0", ms)) == share


@pytest.mark.parametrize(("gap_ms", "count"), [(5, 1), (10, 1), (30, 2), (40, 2)])
def test_how_long_a_pause_must_be(gap_ms: float, count: int) -> None:
    """The line may break for 10 ms; from 30 on there are two digits."""
    key = Key("3", 50)
    for lead in np.arange(30, 50, 0.7):
        told = heard(pcm([pause(lead), key.wave(), pause(gap_ms), key.wave(), pause(120)]))
        assert [digit for digit, _ in told] == count * ["3"]


def test_another_digit_needs_no_pause() -> None:
    told = heard(pcm([pause(20), Key("1").wave(), Key("2").wave(), Key("3").wave(), pause(120)]))
    assert "".join(digit for digit, _ in told) == "123"


@pytest.mark.parametrize("snr_db", [12, 15, 24])
def test_noise(snr_db: float) -> None:
    assert heard_share(Key("8"), noise_dbm0=-9.0 - snr_db) == 1.0


def test_an_echo_of_it() -> None:
    """Q.24: 20 ms later and 10 dB weaker."""
    key = Key("6", 50).wave()
    whole = np.concatenate([pause(40), key, pause(120)])
    whole[60 * 8 : 60 * 8 + len(key)] += key * 10 ** (-10 / 20)
    assert [digit for digit, _ in heard(pcm([whole]))] == ["6"]


def any_key(chance: random.Random) -> Key:
    """All that Q.24 lets through: -25 to 0 dBm0, twist, 1.5 % off."""
    while True:
        low = chance.uniform(-25, 0)
        high = low + chance.uniform(-8, 4)
        if -25 <= high <= 0:
            off = [chance.uniform(-0.015, 0.015) for _ in range(2)]
            return Key(chance.choice(EVERY), chance.uniform(40, 100), low, high, *off)


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
def test_a_thousand_digits_none_missed_none_doubled(codec: str) -> None:
    """Each with noise 15 dB under its weaker tone, or less."""
    chance = random.Random(codec)
    pressed = [any_key(chance) for _ in range(1000)]
    parts: list[bytes] = []
    for key in pressed:
        waves = (pause(chance.uniform(20, 60)), key.wave(chance.uniform(0, 6)), pause(20))
        noise = min(key.low_dbm0, key.high_dbm0) - chance.uniform(15, 30)
        parts.append(pcm(waves, noise_dbm0=noise, codec=codec, seed=len(parts)))
    told = heard(b"".join(parts) + bytes(1600))
    assert [digit for digit, _ in told] == [key.digit for key in pressed]
    assert max(abs(ms - key.ms) for (_, ms), key in zip(told, pressed, strict=True)) < 8


def test_half_an_hour_of_speech_and_music_is_no_digit() -> None:
    """English and Spanish, eight voices, -12 to -30 dBm0; our own music, loud."""
    seconds = 0.0
    for talk in talks(1800):
        seconds += len(talk.samples) / 8000
        assert heard(talk.samples.tobytes()) == [], f"{talk.voice} at {talk.level_dbm0:.0f} dBm0"
    assert seconds >= 1800
    for seed in range(3):
        music = np.frombuffer(compose(iter(random.Random(seed).random, None)), np.int16)
        assert heard(levelled(music, -15).tobytes()) == []


@pytest.mark.parametrize("hz", [350.0, 425.0, 440.0, 697.0, 950.0, 1209.0, 1400.0, 1633.0, 2100.0])
def test_one_tone_is_no_digit(hz: float) -> None:
    assert heard(pcm([sine(hz, -6.0, 2000)])) == []


def test_it_hears_what_spandsp_hears() -> None:
    """Another receiver as oracle, where it is installed: libspandsp2."""
    chance = random.Random(11)
    pressed = [Key(chance.choice(EVERY), chance.uniform(45, 100)) for _ in range(200)]
    sound = pcm([wave for key in pressed for wave in (key.wave(), pause(60))], noise_dbm0=-40.0, codec="PCMA")
    assert "".join(digit for digit, _ in heard(sound)) == spandsp_digits(sound)
