"""The ear for words, tried on noises that we know."""

import numpy as np

from tests.peers.audio import Pcm, decode_alaw, encode_alaw
from tests.peers.words import words_in

NOISE = np.random.default_rng(1)
VOCABULARY = {
    name: (3000 * NOISE.standard_normal(length)).astype(np.int16)
    for name, length in (
        ("one", 2000),
        ("two", 3200),
        ("three", 4000),
    )
}


def silence(samples: int) -> Pcm:
    return np.zeros(samples, np.int16)


def test_words_are_heard_in_order_through_a_codec() -> None:
    heard = np.concatenate([silence(800), *(VOCABULARY[name] for name in ("two", "one", "two", "three"))])
    found = words_in(decode_alaw(encode_alaw(heard)), VOCABULARY)
    assert [each.name for each in found] == ["two", "one", "two", "three"]
    assert [round(each.start_s, 3) for each in found] == [0.1, 0.5, 0.75, 1.15]


def test_what_is_no_word_is_not_heard() -> None:
    half = VOCABULARY["three"][:2000]
    for heard in (silence(8000), np.concatenate([half, silence(4000)]), half, silence(0)):
        assert words_in(heard, VOCABULARY) == []
