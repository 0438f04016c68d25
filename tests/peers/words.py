"""Which of the words that we know were heard, and when: each correlated with all that was heard."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.peers.audio import RATE, Pcm

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


def words_in(heard: Pcm, vocabulary: Mapping[str, Pcm]) -> list[Heard]:
    """The words in what was heard, in order; where several fit, the one that is most alike."""
    found = [each for name, word in vocabulary.items() for each in _places(name, word, heard)]
    kept: list[Heard] = []
    for each in sorted(found, key=lambda each: -each.likeness):
        if all(
            each.end_s <= other.start_s + OVERLAP_S or other.end_s <= each.start_s + OVERLAP_S
            for other in kept
        ):
            kept.append(each)
    return sorted(kept, key=lambda each: each.start_s)


def _places(name: str, word: Pcm, heard: Pcm) -> list[Heard]:
    """Every place in which one word may be."""
    likeness = _likeness(word.astype(np.float64), heard.astype(np.float64))
    places = []
    while len(likeness) and (at := int(np.argmax(likeness))) >= 0 and likeness[at] >= LIKENESS:
        start_s = at / RATE
        places.append(Heard(name, start_s, start_s + len(word) / RATE, float(likeness[at])))
        likeness[max(0, at - len(word) // 2) : at + len(word) // 2] = 0.0
    return places


def _likeness(word: npt.NDArray[np.float64], heard: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The normalised correlation with what was heard from each sample on."""
    room = len(heard) - len(word) + 1
    if room <= 0:
        return np.zeros(0)
    size = 1 << (len(heard) + len(word)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(word, size)), size)[:room]
    sums = np.concatenate(([0.0], np.cumsum(heard**2)))
    energy = np.maximum(sums[len(word) :] - sums[: -len(word)], 1.0) * float(np.sum(word**2))
    likeness: npt.NDArray[np.float64] = product / np.sqrt(energy)
    return likeness
