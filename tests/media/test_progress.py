"""Call-progress tones: that every country's have the frequencies and the cadence that people there know."""

from collections.abc import Iterator

import numpy as np
import pytest

from media.kernels import alaw_decode
from media.progress import TONES, Country, Signal, progress_tone
from media.tones import level_dbm0, power, tone_power

STEP = 40
"""Samples, 5 ms: how exactly a change is found."""
EVERY = [(country, signal) for country in Country for signal in Signal]

Stretch = tuple[set[int], float | None]
"""Frequencies, and seconds; None: without end."""

SPAIN: dict[Signal, list[Stretch]] = {
    Signal.DIAL: [({425}, None)],
    Signal.RINGBACK: [({425}, 1.5), (set(), 3.0)],
    Signal.BUSY: [({425}, 0.2), (set(), 0.2)],
    Signal.CONGESTION: [({425}, 0.2), (set(), 0.2), ({425}, 0.2), (set(), 0.2), ({425}, 0.2), (set(), 0.6)],
    Signal.INFORMATION: [({950}, 0.33), ({1400}, 0.33), ({1800}, 0.33), (set(), 1.0)],
}
"""Found by ear, as it were: frequencies and seconds."""
ABROAD: list[tuple[Country, Signal, list[Stretch]]] = [
    (Country.US, Signal.RINGBACK, [({440, 480}, 2.0), (set(), 4.0)]),
    (Country.US, Signal.BUSY, [({480, 620}, 0.5), (set(), 0.5)]),
    (Country.US, Signal.DIAL, [({350, 440}, None)]),
    (Country.GB, Signal.RINGBACK, [({400, 450}, 0.4), (set(), 0.2), ({400, 450}, 0.4), (set(), 2.0)]),
    (Country.GB, Signal.BUSY, [({400}, 0.375), (set(), 0.375)]),
    (Country.FR, Signal.RINGBACK, [({440}, 1.5), (set(), 3.5)]),
    (Country.DE, Signal.BUSY, [({425}, 0.48), (set(), 0.48)]),
    (Country.IT, Signal.DIAL, [({425}, 0.2), (set(), 0.2), ({425}, 0.6), (set(), 1.0)]),
    (Country.CL, Signal.RINGBACK, [({400}, 1.0), (set(), 3.0)]),
    (Country.MX, Signal.RINGBACK, [({425}, 1.0), (set(), 4.0)]),
    (Country.PT, Signal.RINGBACK, [({425}, 1.0), (set(), 5.0)]),
    (Country.BR, Signal.CONGESTION, [({425}, 0.25), (set(), 0.25), ({425}, 0.75), (set(), 0.25)]),
]


def stretches(pcm: bytes) -> Iterator[tuple[bytes, float]]:
    """Sound and silence in turn, and where the tone changes; each as PCM with its seconds."""
    samples = np.frombuffer(pcm, np.int16)
    steps = [samples[i : i + STEP].tobytes() for i in range(0, len(samples), STEP)]
    kinds = [_pitch(step) for step in steps]
    start = 0
    for i in range(1, len(steps) + 1):
        if i == len(steps) or abs(kinds[i] - kinds[start]) > 150:
            yield b"".join(steps[start:i]), (i - start) * STEP / 8000
            start = i


def _pitch(pcm: bytes) -> float:
    """Of one of the frequencies that tell the parts of a tone apart; 0 is silence."""
    if level_dbm0(power(pcm)) < -45:
        return 0.0
    rough = {hz: tone_power(pcm, hz) for hz in (425.0, 950.0, 1400.0, 1800.0)}
    return max(rough, key=rough.__getitem__)


def frequencies(pcm: bytes) -> set[int]:
    """What stands out in the spectrum, to 10 Hz or better; none in silence."""
    samples = np.frombuffer(pcm, np.int16).astype(float)
    if level_dbm0(power(pcm)) < -45:
        return set()
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 80000))
    peaks = np.flatnonzero(
        (spectrum[1:-1] > spectrum[:-2])
        & (spectrum[1:-1] > spectrum[2:])
        & (spectrum[1:-1] > spectrum.max() / 3)
    )
    return {round((peak + 1) / 10) for peak in peaks}


def as_heard(country: Country, signal: Signal) -> list[Stretch]:
    """One round of it."""
    pcm = alaw_decode(progress_tone(country, signal).pcma)
    return [(frequencies(part), seconds) for part, seconds in stretches(pcm)]


def agree(found: list[Stretch], wanted: list[Stretch]) -> bool:
    """To 2 Hz and 10 ms; what is looped may hold several rounds."""
    if len(found) % len(wanted):
        return False
    for (hz, seconds), (wanted_hz, wanted_s) in zip(found, wanted * (len(found) // len(wanted)), strict=True):
        near = len(hz) == len(wanted_hz) and all(
            abs(a - b) <= 2 for a, b in zip(sorted(hz), sorted(wanted_hz), strict=True)
        )
        if not near or (wanted_s is not None and abs((seconds or 0) - wanted_s) > 0.01):
            return False
    return True


@pytest.mark.parametrize("signal", list(Signal))
def test_the_tones_of_spain(signal: Signal) -> None:
    assert agree(as_heard(Country.ES, signal), SPAIN[signal]), as_heard(Country.ES, signal)


@pytest.mark.parametrize(("country", "signal", "wanted"), ABROAD)
def test_tones_abroad(country: Country, signal: Signal, wanted: list[Stretch]) -> None:
    assert agree(as_heard(country, signal), wanted), as_heard(country, signal)


@pytest.mark.parametrize(("country", "signal"), EVERY)
def test_every_tone_is_what_the_table_says(country: Country, signal: Signal) -> None:
    """No part of it is lost or shifted where it is cut into frames and looped."""
    cadence = TONES[country][signal]
    wanted: list[Stretch] = [({round(hz) for hz in burst.hz}, burst.seconds) for burst in cadence]
    if len(cadence) == 1:
        wanted = [(wanted[0][0], None)]
    assert agree(as_heard(country, signal), wanted), as_heard(country, signal)


@pytest.mark.parametrize(("country", "signal"), EVERY)
def test_no_tone_is_louder_or_quieter_than_people_bear(country: Country, signal: Signal) -> None:
    """E.180: about -10 dBm0. The United States have quieter ones."""
    sounding = [burst for burst in TONES[country][signal] if burst.hz]
    first = alaw_decode(progress_tone(country, signal).pcma)[: 2 * round(8000 * sounding[0].seconds)]
    for hz in sounding[0].hz:
        assert level_dbm0(tone_power(first, hz)) == pytest.approx(sounding[0].level_dbm0, abs=0.4)
    assert -22 < level_dbm0(power(first)) < -8


def test_every_caller_shares_it() -> None:
    assert progress_tone(Country.ES, Signal.RINGBACK) is progress_tone(Country.ES, Signal.RINGBACK)
