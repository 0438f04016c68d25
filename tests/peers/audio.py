"""What was heard: levels of tones in PCM, and G.711 by the book (ITU-T G.711), for the tests alone."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

RATE = 8000
Pcm = npt.NDArray[np.int16]
"""Mono, 16 bit, 8 kHz."""
Decode = Callable[[bytes], Pcm]
Encode = Callable[[Pcm], bytes]


def pcm(samples: bytes) -> Pcm:
    return np.frombuffer(samples, dtype="<i2")


def narrowed(samples: bytes, rate: int, channels: int) -> tuple[bytes, bytes]:
    """Our 8 kHz out of a multiple of it and of any channels, by their mean; and what is left at the end."""
    every = max(rate // RATE * channels, 1)
    whole = len(samples) // (2 * every) * 2 * every
    mean = pcm(samples[:whole]).reshape(-1, every).mean(axis=1) if whole else np.zeros(0)
    return mean.astype(np.int16).tobytes(), samples[whole:]


def tone(hz: float, seconds: float = 1.0, level_dbfs: float = -13.0, rate: int = RATE) -> Pcm:
    """A sine; its default level is about -10 dBm0, loud speech on a telephone."""
    t = np.arange(round(seconds * rate)) / rate
    return (32767 * 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hz * t)).astype(np.int16)


def level_dbfs(samples: Pcm, hz: float) -> float:
    """Level of the tone of `hz`, in dB below a full-scale sine; -inf of nothing."""
    if not len(samples):
        return float("-inf")
    window = np.hanning(len(samples))
    phasor = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE)
    amplitude = 2 * abs(np.sum(samples * window * phasor)) / np.sum(window) / 32767
    return float(20 * np.log10(max(amplitude, 1e-9)))


def power_dbfs(samples: Pcm) -> float:
    """Level of everything together, on the scale of `level_dbfs`."""
    if not len(samples):
        return float("-inf")
    rms = float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) / 32767
    return float(20 * np.log10(max(rms * np.sqrt(2), 1e-9)))


def hears(samples: Pcm, hz: float, above_dbfs: float = -25.0) -> bool:
    return level_dbfs(samples, hz) > above_dbfs


def hears_only(samples: Pcm, hz: float, others: Iterable[float]) -> bool:
    """Is `hz` there, and each of the `others` at least 40 dB below it (G.711 noise is 38 dB down, spread)?"""
    level = level_dbfs(samples, hz)
    return level > -25.0 and all(level_dbfs(samples, other) < level - 40.0 for other in others if other != hz)


def is_silent(samples: Pcm) -> bool:
    return power_dbfs(samples) < -55.0


def decode_alaw(payload: bytes) -> Pcm:
    code = np.frombuffer(payload, dtype=np.uint8) ^ 0x55
    exponent = (code >> 4).astype(np.int32) & 7
    mantissa = ((code & 0x0F).astype(np.int32) << 4) + 8
    magnitude = np.where(exponent == 0, mantissa, (mantissa + 0x100) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def decode_ulaw(payload: bytes) -> Pcm:
    code = np.bitwise_not(np.frombuffer(payload, dtype=np.uint8))
    exponent = (code >> 4).astype(np.int32) & 7
    magnitude = ((((code & 0x0F).astype(np.int32) << 3) + 0x84) << exponent) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def encode_alaw(samples: Pcm) -> bytes:
    return _encode(samples, decode_alaw)


def encode_ulaw(samples: Pcm) -> bytes:
    return _encode(samples, decode_ulaw)


def _encode(samples: Pcm, decode: Decode) -> bytes:
    """By looking up the nearest level: slow, and obviously the inverse of `decode`."""
    codes = np.arange(256, dtype=np.uint8)
    levels = decode(codes.tobytes()).astype(np.int32)
    order = np.argsort(levels, kind="stable")
    edges = (levels[order][1:] + levels[order][:-1]) / 2
    return codes[order][np.searchsorted(edges, samples)].tobytes()
