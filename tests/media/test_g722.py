"""G.722, bit for bit against the recommendation written out in Python, and against spandsp where it is."""

import ctypes
import ctypes.util
import random
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from math import cos, pi, sin, sqrt

import pytest

from ext.codecs import Coder
from ext.g722 import CODEC
from tests.media import g722_reference as reference

RATE = 16000
SAMPLES = 4800

Wave = Callable[[int], float]


def chirp(n: int) -> float:
    """From 100 Hz to 7 kHz."""
    return 12000 * sin(2 * pi * (100 * n + 0.5 * 6900 * n * n / SAMPLES) / RATE)


def speech(n: int) -> float:
    """A voice of 120 Hz with three formants that glide, in syllables of 150 ms with pauses."""
    t = n / RATE
    loudness = sqrt(max(0.0, sin(2 * pi * t / 0.3)))
    formants = (500 + 200 * sin(5 * t), 1500 + 500 * cos(4 * t), 3500)
    total = 0.0
    for k in range(1, 60):
        hz = 120 * k
        total += sum(1 / (1 + ((hz - formant) / 120) ** 2) for formant in formants) * sin(2 * pi * hz * t)
    return 2500 * loudness * total


def pcm(wave: Wave, samples: int = SAMPLES) -> bytes:
    return array("h", [min(max(round(wave(n)), -32768), 32767) for n in range(samples)]).tobytes()


def noise(peak: int) -> Wave:
    chance = random.Random(peak)
    return lambda n: chance.randint(-peak, peak)


WAVES: dict[str, Wave] = {
    "silence": lambda n: 0,
    "least": lambda n: (n // 5) % 2,
    "tone": lambda n: 8000 * sin(2 * pi * 1000 * n / RATE),
    "high tone": lambda n: 8000 * sin(2 * pi * 6000 * n / RATE),
    "chirp": chirp,
    "speech": speech,
    "noise": noise(5000),
    "clicks": lambda n: 32767 if n % 97 == 0 else 0,
}
OVERDRIVEN: dict[str, Wave] = {
    "full scale tone": lambda n: 32767 * sin(2 * pi * 440 * n / RATE),
    "full scale noise": noise(32767),
    "full scale square": lambda n: 32767 if n // 20 % 2 else -32768,
    "full scale dc": lambda n: -32768,
    "full scale alternating": lambda n: 32767 if n % 2 else -32768,
    "clipped speech": lambda n: 9 * speech(n),
}


def encoded(sound: bytes, octets: int = 160) -> bytes:
    coder, step = Coder(CODEC), 4 * octets
    return b"".join(coder.encode(sound[at : at + step]) for at in range(0, len(sound), step))


def decoded(octets: bytes, step: int = 160) -> bytes:
    coder = Coder(CODEC)
    return b"".join(coder.decode(octets[at : at + step]) for at in range(0, len(octets), step))


@pytest.mark.parametrize("name", [*WAVES, *OVERDRIVEN])
def test_bit_exact_both_ways(name: str) -> None:
    sound = pcm((WAVES | OVERDRIVEN)[name])
    octets = reference.encode(sound)
    assert encoded(sound) == octets
    assert decoded(octets) == reference.decode(octets)


def test_every_octet_in_any_order_decodes_bit_exact() -> None:
    octets = random.Random(722).randbytes(4000)
    assert decoded(octets) == reference.decode(octets)


@pytest.mark.parametrize("octets", [80, 160, 240, 320, 37, 1])
def test_the_length_of_packets_changes_nothing(octets: int) -> None:
    sound = pcm(speech)
    assert encoded(sound, octets) == encoded(sound)
    assert decoded(encoded(sound), octets) == decoded(encoded(sound))


def test_speech_survives() -> None:
    """Delay of the two filters: 22 samples."""
    sound = pcm(speech)
    before, after = (array("h", each) for each in (sound, decoded(encoded(sound))))
    error = sum((a - b) ** 2 for a, b in zip(before, after[22:], strict=False))
    assert error < sum(a * a for a in before) / 100


def test_overdriven_speech_is_clipped_and_never_wraps() -> None:
    """Nothing jumps over more than the sound itself does, give or take the codec's noise."""
    loud = array("h", decoded(encoded(pcm(OVERDRIVEN["full scale tone"]))))
    assert max(abs(a - b) for a, b in pairwise(loud[200:])) < 20000


@contextmanager
def spandsp() -> Iterator[ctypes.CDLL]:
    """An implementation of somebody else."""
    name = ctypes.util.find_library("spandsp")
    if name is None:
        pytest.skip("needs libspandsp2")
    library = ctypes.CDLL(name)
    for make in (library.g722_encode_init, library.g722_decode_init):
        make.restype = ctypes.c_void_p
    yield library


@pytest.mark.parametrize("name", WAVES)
def test_spandsp_says_the_same(name: str) -> None:
    """Where nothing clips: Debian's 0.0.6 limits neither its bands nor its output, which wraps."""
    sound = pcm(WAVES[name])
    with spandsp() as library:
        octets = ctypes.create_string_buffer(len(sound) // 4)
        back = ctypes.create_string_buffer(len(sound))
        encoder = ctypes.c_void_p(library.g722_encode_init(None, 64000, 0))
        decoder = ctypes.c_void_p(library.g722_decode_init(None, 64000, 0))
        assert library.g722_encode(encoder, octets, sound, len(sound) // 2) == len(octets)
        assert library.g722_decode(decoder, back, octets, len(octets)) == len(sound) // 2
        library.g722_encode_free(encoder)
        library.g722_decode_free(decoder)
    assert encoded(sound) == octets.raw
    assert decoded(octets.raw) == back.raw
