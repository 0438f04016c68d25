"""The built-in music: slow chords and a few plucked notes, composed by a seed and ours to give away.

In D flat major, which has no note and no low overtone near 440 or 1000 Hz: tests tell it from their tones.
"""

from __future__ import annotations  # array takes no parameters at run time before 3.12

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log, pi, sin
from typing import Final

from media.pcm import RATE

BEAT: Final = 6000
"""Samples of a beat: 80 a minute."""
BAR: Final = 4 * BEAT
CHORD_BARS: Final = 2

# Semitones above D flat of the chords' notes: I, vi7, IV9, V sus 4, iii7, vi, ii7, V7.
CHORDS: Final = (
    (0, 7, 12, 16),
    (-3, 4, 7, 12),
    (5, 9, 12, 19),
    (-5, 5, 7, 14),
    (4, 7, 11, 14),
    (-3, 4, 12, 16),
    (2, 5, 9, 12),
    (-5, 2, 5, 11),
)
D_FLAT_HZ: Final = 277.18

_WAVE: Final = 4096
_PAD_PARTIALS: Final = (1.0, 0.35, 0.12, 0.05)
_PLUCK_PARTIALS: Final = (1.0, 0.5, 0.25, 0.18, 0.1)
_PAD_LEVEL: Final = 900.0
_PLUCK_LEVEL: Final = 1500.0
_RISE: Final = 0.25
"""The part of a chord's time in which it comes, and in which it goes under the next."""


@dataclass(frozen=True, slots=True)
class _Note:
    start: int
    samples: int
    hz: float


def compose(choices: Iterator[float]) -> bytes:
    """About 48 seconds of 8 kHz mono PCM that loop without a seam.

    `choices` are numbers from 0 to 1 that pick the plucked notes; the same ones give the same piece.
    """
    total = len(CHORDS) * CHORD_BARS * BAR
    mixed = array("d", bytes(8 * total))
    pad, pluck = _wave(_PAD_PARTIALS), _wave(_PLUCK_PARTIALS)
    for note in _pads():
        _add(mixed, note, pad, _pad_envelope(note.samples))
    envelope = _pluck_envelope()
    for note in _plucks(choices, len(envelope)):
        _add(mixed, note, pluck, envelope)
    return array("h", [max(-32767, min(32767, round(value))) for value in mixed]).tobytes()


def _pads() -> Iterator[_Note]:
    length = CHORD_BARS * BAR
    for number, chord in enumerate(CHORDS):
        for semitone in chord:
            yield _Note(number * length, int(length / (1 - _RISE)), _hz(semitone))


def _plucks(choices: Iterator[float], samples: int) -> Iterator[_Note]:
    """A note on two quavers in three, taken from the chord that sounds, an octave up."""
    quaver = BEAT // 2
    for place in range(len(CHORDS) * CHORD_BARS * BAR // quaver):
        chord = CHORDS[place * quaver // (CHORD_BARS * BAR)]
        if next(choices) < 2 / 3:
            yield _Note(place * quaver, samples, 2 * _hz(chord[int(next(choices) * len(chord)) % len(chord)]))


def _hz(semitone: int) -> float:
    return D_FLAT_HZ * exp(log(2) * semitone / 12)


def _wave(partials: Sequence[float]) -> list[float]:
    """One period with these amplitudes of the fundamental and its overtones."""
    return [
        sum(level * sin(2 * pi * number * n / _WAVE) for number, level in enumerate(partials, 1))
        for n in range(_WAVE)
    ]


def _pad_envelope(samples: int) -> list[float]:
    rise = int(samples * _RISE)
    slope = [_PAD_LEVEL * sin(pi / 2 * n / rise) ** 2 for n in range(rise)]
    return [*slope, *([_PAD_LEVEL] * (samples - 2 * rise)), *reversed(slope)]


def _pluck_envelope() -> list[float]:
    attack = 40
    return [
        _PLUCK_LEVEL * min(n / attack, 1.0) * exp(-n / 2200) * min((3 * BEAT - n) / 400, 1.0)
        for n in range(3 * BEAT)
    ]


def _add(mixed: array[float], note: _Note, wave: Sequence[float], envelope: Sequence[float]) -> None:
    """Add a note; what sounds beyond the end goes on at the beginning, so that the piece loops."""
    step = round(note.hz * _WAVE / RATE * 65536)
    mask = _WAVE - 1
    for n, level in enumerate(envelope):
        place = note.start + n
        mixed[place if place < len(mixed) else place - len(mixed)] += level * wave[n * step >> 16 & mask]
