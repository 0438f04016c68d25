"""WAV files in every rate and width that people have, and the low-pass that brings them to 8 kHz."""

import io
import struct
import wave
from array import array
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.resampling import low_pass
from media.tones import level_dbm0
from media.wav import WavError, decode_wav, encode_wav
from tests.media.builds import COMPILED, PURE
from tests.media.waves import pcm_of, sine

RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000]


def wav(frames: bytes, rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    """A file as the standard library writes it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(frames)
    return file.getvalue()


def level(pcm: bytes, hz: float) -> float:
    """Of the middle, away from the filter's ends."""
    return level_dbm0(COMPILED.tone_power(pcm[1600:-1600], hz))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hz", [50.0, 440.0, 1000.0, 3200.0, 3400.0])
def test_speech_passes_at_its_level_from_every_rate(rate: int, hz: float) -> None:
    pcm = decode_wav(wav(sine(hz, -10.0, rate), rate))
    assert len(pcm) == 2 * 8000
    assert level(pcm, hz) == pytest.approx(-10.0, abs=0.1)


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate > 8000])
@pytest.mark.parametrize("hz", [4600.0, 5000.0])
def test_what_would_fold_back_is_taken_out(rate: int, hz: float) -> None:
    pcm = decode_wav(wav(sine(hz, -3.0, rate), rate))
    assert level_dbm0(COMPILED.power(pcm[1600:-1600])) < -65.0


@pytest.mark.parametrize("rate", RATES)
def test_nothing_is_moved_in_time(rate: int) -> None:
    samples = array("h", bytes(2 * rate))
    samples[rate // 2] = 30000
    pcm = array("h", decode_wav(wav(samples.tobytes(), rate)))
    assert max(range(len(pcm)), key=pcm.__getitem__) == 4000


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_width_has_the_same_level(width: int) -> None:
    values = array("h", sine(440.0, -10.0, 8000))
    if width == 1:
        frames = bytes((value >> 8) + 128 for value in values)
    else:
        wide = (value << 8 * (width - 2) for value in values)
        frames = b"".join(value.to_bytes(width, "little", signed=True) for value in wide)
    assert level(decode_wav(wav(frames, width=width)), 440.0) == pytest.approx(-10.0, abs=0.1)


def test_channels_are_averaged() -> None:
    left, right = array("h", sine(440.0, -10.0, 16000)), array("h", sine(1000.0, -10.0, 16000))
    frames = array("h", [sample for both in zip(left, right, strict=True) for sample in both]).tobytes()
    pcm = decode_wav(wav(frames, 16000, channels=2))
    assert level(pcm, 440.0) == pytest.approx(-16.0, abs=0.1)
    assert level(pcm, 1000.0) == pytest.approx(-16.0, abs=0.1)


def test_what_is_written_is_read_by_us_and_by_the_standard_library() -> None:
    pcm = sine(440.0, -10.0, 8000)
    assert decode_wav(encode_wav(pcm)) == pcm
    with wave.open(io.BytesIO(encode_wav(pcm, 16000, 2))) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (16000, 2, 2)
        assert reader.readframes(reader.getnframes()) == pcm


def file_of(form: bytes, body: bytes = bytes(320), size: int | None = None) -> bytes:
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body) if size is None else size) + body
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


PCM_16 = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
EXTENSIBLE = struct.pack("<HHIIHHHHIH14x", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4, 1)

READABLE = {
    "WAVE_FORMAT_EXTENSIBLE": file_of(EXTENSIBLE),
    "a size that a stream could not know": file_of(PCM_16, size=0xFFFFFFFF),
    "half a sample at the end": file_of(PCM_16, bytes(321)),
    "chunks before the format, one of odd length": encode_wav(bytes(320)).replace(
        b"WAVE", b"WAVELIST\x03\0\0\0abc\0", 1
    ),
}

UNREADABLE = {
    "empty file": (b"", "no WAV file"),
    "MP3": (b"ID3\x03" + bytes(100), "no WAV file"),
    "RIFF, but video": (b"RIFF\x04\0\0\0AVI " + bytes(8), "no WAV file"),
    "no format": (b"RIFF\x04\0\0\0WAVE", "no format"),
    "no data": (file_of(PCM_16)[:36], "no data"),
    "data before format": (b"RIFF\x04\0\0\0WAVEdata\x02\0\0\0ab", "data before its format"),
    "format cut off": (file_of(PCM_16[:10]), "cut off"),
    "no samples": (file_of(PCM_16, b""), "no samples"),
    "A-law": (file_of(struct.pack("<HHIIHH", 6, 1, 8000, 8000, 1, 8)), "A-law, not PCM"),
    "floating point": (file_of(struct.pack("<HHIIHH", 3, 1, 8000, 32000, 4, 32)), "floating point, not PCM"),
    "unknown format": (file_of(struct.pack("<HHIIHH", 999, 1, 8000, 8000, 1, 8)), "format 999"),
    "12 bits": (file_of(struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 12)), "12 bits"),
    "no channels": (file_of(struct.pack("<HHIIHH", 1, 0, 8000, 0, 0, 16)), "0 channels"),
    "4 kHz": (file_of(struct.pack("<HHIIHH", 1, 1, 4000, 8000, 2, 16)), "4000 Hz"),
    "44099 Hz": (file_of(struct.pack("<HHIIHH", 1, 1, 44099, 88198, 2, 16)), "44099 Hz"),
}


@pytest.mark.parametrize("octets", READABLE.values(), ids=READABLE)
def test_a_file_with_oddities_is_read(octets: bytes) -> None:
    assert decode_wav(octets) == bytes(320)


@pytest.mark.parametrize(("octets", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unusable_file_is_refused_in_words(octets: bytes, words: str) -> None:
    with pytest.raises(WavError, match=words):
        decode_wav(octets)


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(tail: bytes) -> None:
    for octets in (tail, b"RIFF\0\0\0\0WAVE" + tail, file_of(PCM_16)[:20] + tail):
        try:
            assert len(decode_wav(octets)) % 2 == 0
        except WavError:
            continue


@settings(max_examples=30)
@given(pcm_of(300), st.sampled_from([16000, 24000, 44100, 48000]))
def test_twins_resample_alike(pcm: bytes, rate: int) -> None:
    taps, up, down = low_pass(rate, 8000)
    assert COMPILED.resample(pcm, taps, up, down) == PURE.resample(pcm, taps, up, down)


@given(
    pcm_of(50),
    st.lists(st.integers(-(2**24), 2**24), min_size=1, max_size=41).filter(lambda taps: len(taps) % 2 == 1),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_twins_agree_on_any_filter(pcm: bytes, taps: list[int], up: int, down: int) -> None:
    packed = array("i", taps).tobytes()
    assert COMPILED.resample(pcm, packed, up, down) == PURE.resample(pcm, packed, up, down)


@pytest.mark.parametrize(("taps", "up", "down"), [(2, 1, 1), (3, 0, 1), (3, 1, 0)])
def test_an_impossible_filter_is_an_error(taps: int, up: int, down: int, build: Any) -> None:
    with pytest.raises(ValueError, match="odd number of taps"):
        build.resample(bytes(20), bytes(4 * taps), up, down)
