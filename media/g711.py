"""G.711 in plain Python: the twin of the compiled kernels, by tables.

ITU-T G.711 (11/88): tables 1 and 2 give the values of the code words, tables 3 and 4 the direct conversions
between the laws. Samples are 16 bits wide: A-law's 13 and mu-law's 14 bits stand at the top. Which side of a
decision value a sample falls on is as in the reference software (G.191): towards the smaller magnitude for
negative samples, so that -1 is the mirror of 0.
"""

from collections.abc import Iterable
from itertools import chain
from sys import byteorder
from typing import Final

from media.pcm import samples

ALAW_INVERT: Final = 0x55
"""Even bits are inverted on the wire, so that silence is not all zeros (G.711 table 1a, note 2)."""

ULAW_BIAS: Final = 132
"""33 of mu-law's 14-bit units: with it every segment starts at a power of two."""

ULAW_CLIP: Final = 32635


def _alaw_magnitude(low: int) -> int:
    """Value of the 7 low bits of an A-law code word (segment, interval), inversions taken off."""
    segment, interval = divmod(low, 16)
    if segment == 0:
        return 16 * interval + 8
    return (16 * interval + 264) << (segment - 1)


def _ulaw_magnitude(low: int) -> int:
    segment, interval = divmod(low, 16)
    return ((8 * interval + ULAW_BIAS) << segment) - ULAW_BIAS


def _alaw_value(octet: int) -> int:
    code = octet ^ ALAW_INVERT
    magnitude = _alaw_magnitude(code & 0x7F)
    return magnitude if code & 0x80 else -magnitude


def _ulaw_value(octet: int) -> int:
    code = octet ^ 0xFF
    magnitude = _ulaw_magnitude(code & 0x7F)
    return -magnitude if code & 0x80 else magnitude


def _alaw_octet(sample: int) -> int:
    magnitude = sample if sample >= 0 else ~sample
    segment = max(magnitude.bit_length() - 8, 0)
    low = segment << 4 | magnitude >> max(segment + 3, 4) & 0x0F
    return (low | (0x80 if sample >= 0 else 0)) ^ ALAW_INVERT


def _ulaw_octet(sample: int) -> int:
    magnitude = min(sample if sample >= 0 else ~sample, ULAW_CLIP) + ULAW_BIAS
    segment = magnitude.bit_length() - 8
    low = segment << 4 | magnitude >> segment + 3 & 0x0F
    return (low | (0 if sample >= 0 else 0x80)) ^ 0xFF


def _runs(*pieces: Iterable[int]) -> tuple[int, ...]:
    return tuple(chain.from_iterable(pieces))


# Tables 3 and 4 number the decoder's output values from 1; here, as in the code words, from 0.
_TABLE_3: Final = _runs(
    (value for value in range(8) for _ in range(2)),
    range(8, 25),
    (26, 28, 30),
    range(32, 44),
    (45,),
    range(47, 62),
    range(63, 80),
    range(81, 128),
)
_TABLE_4: Final = _runs(
    range(1, 16, 2),
    range(16, 32),
    (value for value in range(32, 36) for _ in range(2)),
    range(36, 48),
    (48, 48, 49, 49),
    range(50, 64),
    (64, 64),
    range(65, 81),
    range(80, 128),
)

_ALAW_TO_ULAW: Final = bytes(
    octet & 0x80 | _TABLE_4[(octet ^ ALAW_INVERT) & 0x7F] ^ 0x7F for octet in range(256)
)
_ULAW_TO_ALAW: Final = bytes(octet & 0x80 | _TABLE_3[~octet & 0x7F] ^ ALAW_INVERT for octet in range(256))


# The PCM of each octet; and the octet of each sample, so laid out that a negative sample is a negative index.
_ALAW_PCM: Final = tuple(_alaw_value(octet).to_bytes(2, byteorder, signed=True) for octet in range(256))
_ULAW_PCM: Final = tuple(_ulaw_value(octet).to_bytes(2, byteorder, signed=True) for octet in range(256))
_SAMPLES: Final = (*range(32768), *range(-32768, 0))
_ALAW_OCTETS: Final = bytes(map(_alaw_octet, _SAMPLES))
_ULAW_OCTETS: Final = bytes(map(_ulaw_octet, _SAMPLES))


def alaw_decode(octets: bytes) -> bytes:
    """A-law octets to PCM."""
    return b"".join(map(_ALAW_PCM.__getitem__, octets))


def ulaw_decode(octets: bytes) -> bytes:
    """mu-law octets to PCM."""
    return b"".join(map(_ULAW_PCM.__getitem__, octets))


def alaw_encode(pcm: bytes) -> bytes:
    """PCM to A-law octets. ValueError if the length is odd."""
    return bytes(map(_ALAW_OCTETS.__getitem__, samples(pcm)))


def ulaw_encode(pcm: bytes) -> bytes:
    """PCM to mu-law octets. ValueError if the length is odd."""
    return bytes(map(_ULAW_OCTETS.__getitem__, samples(pcm)))


def alaw_to_ulaw(octets: bytes) -> bytes:
    """A-law to mu-law by G.711 table 4."""
    return octets.translate(_ALAW_TO_ULAW)


def ulaw_to_alaw(octets: bytes) -> bytes:
    """mu-law to A-law by G.711 table 3."""
    return octets.translate(_ULAW_TO_ALAW)
