"""WAV files: any integer PCM in, 8 kHz mono 16-bit PCM out; and 16-bit PCM written.

The format is RIFF as in Microsoft's and IBM's "Multimedia Programming Interface and Data Specifications 1.0",
with WAVE_FORMAT_EXTENSIBLE.
"""

from __future__ import annotations  # array takes no parameters at run time before 3.12

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from sys import byteorder
from typing import Final

from media.kernels import resample
from media.pcm import RATE
from media.resampling import low_pass

FORMAT_PCM: Final = 1
FORMAT_EXTENSIBLE: Final = 0xFFFE
FORMAT_NAMES: Final = {
    2: "ADPCM",
    3: "floating point",
    6: "A-law",
    7: "mu-law",
    0x11: "IMA ADPCM",
    0x55: "MP3",
}

SLOWEST: Final = 8000
FASTEST: Final = 192000
RATE_STEP: Final = 25
"""Every rate in use is a multiple of 25 Hz; others would need a filter of millions of taps."""

_CHUNK: Final = Struct("<4sI")
_FORMAT: Final = Struct("<HHIIHH")
_SUBFORMAT: Final = Struct("<H")
_SUBFORMAT_OFFSET: Final = 24


class WavError(ValueError):
    """A file that cannot be used, said in words that name what is wrong and what would do."""


@dataclass(frozen=True, slots=True)
class _Format:
    tag: int
    channels: int
    rate: int
    bits: int


def decode_wav(octets: bytes) -> bytes:
    """The sound of a WAV file as 8 kHz mono PCM in native byte order; several channels are averaged.

    8, 16, 24 and 32 bits, 1 to 8 channels, 8 to 192 kHz. WavError for anything else.
    """
    found, body = _usable(octets)
    width = found.bits // 8
    interleaved = _sixteen_bits(body, width)
    return _average(
        [_to_8_khz(interleaved[channel :: found.channels], found.rate) for channel in range(found.channels)]
    )


def check_wav(octets: bytes) -> None:
    """WavError where `decode_wav` would raise one, without the work."""
    _usable(octets)


def encode_wav(pcm: bytes, rate: int = RATE, channels: int = 1) -> bytes:
    """A 16-bit PCM WAV file of samples in native byte order, interleaved if there are several channels."""
    body = _little_endian(array("h", pcm)).tobytes()
    block = 2 * channels
    form = _FORMAT.pack(FORMAT_PCM, channels, rate, rate * block, block, 16)
    chunks = _CHUNK.pack(b"fmt ", len(form)) + form + _CHUNK.pack(b"data", len(body)) + body
    return _CHUNK.pack(b"RIFF", 4 + len(chunks)) + b"WAVE" + chunks


def _usable(octets: bytes) -> tuple[_Format, bytes]:
    """Format and whole samples, of which there is at least one."""
    found, body = _chunks(octets)
    _check(found)
    body = body[: len(body) - len(body) % (found.bits // 8 * found.channels)]
    if not body:
        raise WavError("holds no samples")
    return found, body


def _chunks(octets: bytes) -> tuple[_Format, bytes]:
    if len(octets) < 12 or octets[:4] != b"RIFF" or octets[8:12] != b"WAVE":
        raise WavError("is no WAV file (no RIFF WAVE header)")
    found: _Format | None = None
    for name, body in _walk(octets):
        if name == b"fmt ":
            found = _format(body)
        elif name == b"data":
            if found is None:
                raise WavError("has its data before its format")
            return found, body
    raise WavError("has no data" if found else "has no format")


def _walk(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each chunk. One that claims more than there is ends with the file."""
    offset = 12
    while offset + _CHUNK.size <= len(octets):
        name, size = _CHUNK.unpack_from(octets, offset)
        offset += _CHUNK.size
        yield name, octets[offset : offset + size]
        offset += size + size % 2


def _format(body: bytes) -> _Format:
    if len(body) < _FORMAT.size:
        raise WavError("has a format chunk that is cut off")
    tag, channels, rate, _, _, bits = _FORMAT.unpack_from(body)
    if tag == FORMAT_EXTENSIBLE and len(body) >= _SUBFORMAT_OFFSET + _SUBFORMAT.size:
        (tag,) = _SUBFORMAT.unpack_from(body, _SUBFORMAT_OFFSET)
    return _Format(tag, channels, rate, bits)


def _check(found: _Format) -> None:
    if found.tag != FORMAT_PCM:
        name = FORMAT_NAMES.get(found.tag, f"format {found.tag}")
        raise WavError(f"holds {name}, not PCM; convert it to 16-bit PCM")
    if found.bits not in (8, 16, 24, 32):
        raise WavError(f"has samples of {found.bits} bits; 8, 16, 24 and 32 can be read")
    if not 1 <= found.channels <= 8:
        raise WavError(f"has {found.channels} channels; 1 to 8 can be read")
    if not SLOWEST <= found.rate <= FASTEST or found.rate % RATE_STEP:
        raise WavError(f"has a rate of {found.rate} Hz; 8000 to 192000 Hz in steps of 25 can be read")


def _sixteen_bits(body: bytes, width: int) -> array[int]:
    """The upper 16 bits of each sample; 8-bit samples are unsigned, as the format has it."""
    wide = bytearray(len(body) // width * 2)
    if width == 1:
        wide[1::2] = body.translate(bytes(octet ^ 0x80 for octet in range(256)))
    else:
        wide[0::2] = body[width - 2 :: width]
        wide[1::2] = body[width - 1 :: width]
    return _little_endian(array("h", bytes(wide)))


def _little_endian(samples: array[int]) -> array[int]:
    if byteorder == "big":
        samples.byteswap()
    return samples


def _to_8_khz(samples: array[int], rate: int) -> array[int]:
    if rate == RATE:
        return samples
    return array("h", resample(samples.tobytes(), *low_pass(rate, RATE)))


def _average(channels: list[array[int]]) -> bytes:
    if len(channels) == 1:
        return channels[0].tobytes()
    return array("h", [sum(both) // len(both) for both in zip(*channels, strict=True)]).tobytes()
