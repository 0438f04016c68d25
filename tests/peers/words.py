"""Which of the words that we know were heard, and when: each correlated with all that was heard."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.peers.audio import RATE, Pcm

Samples = npt.NDArray[np.float64]
LIKENESS = 0.97
"""Of the same word through G.711 it is 0.999; of two words 0.9 at most."""
OVERLAP_S = 0.04
"""So much two words may lie over each other: the frame of silence at the end of the first."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A word, from when to when, and how alike it was, 0 to 1."""

    name: str
    start_s: float
    end_s: float
    likeness: float


class _Sound:
    """What was heard, prepared for many words."""

    def __init__(self, heard: Pcm, longest: int) -> None:
        samples = heard.astype(np.float64)
        self._length = len(samples)
        self._size = 1 << (len(samples) + longest).bit_length()
        self._spectrum = np.fft.rfft(samples, self._size)
        self._energy = np.concatenate(([0.0], np.cumsum(samples**2)))

    def likeness(self, word: Samples) -> Samples:
        """The normalised correlation of a word with what was heard from each sample on."""
        room = self._length - len(word) + 1
        if room <= 0:
            return np.zeros(0)
        product = np.fft.irfft(self._spectrum * np.conj(np.fft.rfft(word, self._size)), self._size)[:room]
        energy = np.maximum(self._energy[len(word) :] - self._energy[:room], 1.0) * float(np.sum(word**2))
        found: Samples = product / np.sqrt(energy)
        return found


def words_in(heard: Pcm, vocabulary: Mapping[str, Pcm]) -> list[Heard]:
    """The words in what was heard, in order; where several fit, the one that is most alike."""
    sound = _Sound(heard, max(map(len, vocabulary.values())))
    found = [each for name, word in vocabulary.items() for each in _places(name, word, sound)]
    kept: list[Heard] = []
    for each in sorted(found, key=lambda each: -each.likeness):
        if all(
            each.end_s <= other.start_s + OVERLAP_S or other.end_s <= each.start_s + OVERLAP_S
            for other in kept
        ):
            kept.append(each)
    return sorted(kept, key=lambda each: each.start_s)


def _places(name: str, word: Pcm, sound: _Sound) -> list[Heard]:
    """Every place in which one word may be."""
    likeness = sound.likeness(word.astype(np.float64))
    places = []
    while len(likeness) and likeness[at := int(np.argmax(likeness))] >= LIKENESS:
        places.append(Heard(name, at / RATE, (at + len(word)) / RATE, float(likeness[at])))
        likeness[max(0, at - len(word) // 2) : at + len(word) // 2] = 0.0
    return places
