"""Pressed keys as sound (ITU-T Q.23), made by a formula and not by the code under test; what is heard."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ext.listening import Digits
from media.kernels import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from media.port import DIGITS

LOW_HZ = (697.0, 770.0, 852.0, 941.0)
HIGH_HZ = (1209.0, 1336.0, 1477.0, 1633.0)
ROWS = ("123A", "456B", "789C", "*0#D")
PAIRS_HZ = {
    key: (low, high)
    for row, low in zip(ROWS, LOW_HZ, strict=True)
    for key, high in zip(row, HIGH_HZ, strict=True)
}
LAWS = {"PCMA": (alaw_encode, alaw_decode), "PCMU": (ulaw_encode, ulaw_decode)}

Wave = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Key:
    """A key pressed: its tones' levels in dBm0 and how far each is off its frequency, as a share."""

    digit: str
    ms: float = 60.0
    low_dbm0: float = -12.0
    high_dbm0: float = -12.0
    low_off: float = 0.0
    high_off: float = 0.0

    def wave(self, phase: float = 0.0) -> Wave:
        low_hz, high_hz = PAIRS_HZ[self.digit]
        low = sine(low_hz * (1 + self.low_off), self.low_dbm0, self.ms, phase)
        return low + sine(high_hz * (1 + self.high_off), self.high_dbm0, self.ms, 2.4 * phase)

    def twisted(self, db: float) -> "Key":
        """The high tone so much louder than the low one."""
        return replace(self, high_dbm0=self.low_dbm0 + db)


def amplitude(dbm0: float) -> float:
    """Peak of a sine."""
    return float(32768 * 10 ** ((dbm0 - 3.14) / 20))


def sine(hz: float, dbm0: float, ms: float, phase: float = 0.0) -> Wave:
    n = np.arange(round(ms * 8))
    return np.asarray(amplitude(dbm0) * np.sin(2 * np.pi * hz * n / 8000 + phase), np.float64)


def pause(ms: float) -> Wave:
    return np.zeros(round(ms * 8))


def pcm(
    waves: Iterable[Wave], *, noise_dbm0: float | None = None, codec: str | None = None, seed: int = 1
) -> bytes:
    """One after another, with noise over all of it, through G.711 if so said."""
    whole = np.concatenate(list(waves))
    if noise_dbm0 is not None:
        chance = np.random.default_rng(seed)
        whole = whole + chance.normal(0, amplitude(noise_dbm0) / np.sqrt(2), len(whole))
    linear = np.clip(np.round(whole), -32768, 32767).astype(np.int16).tobytes()
    if codec is None:
        return linear
    encode, decode = LAWS[codec]
    return decode(encode(linear))


def heard(sound: bytes) -> list[tuple[str, float]]:
    """The digits, and how long each was in ms."""
    return [(DIGITS[event], ms) for event, ms in Digits().hear(sound)]


def heard_share(key: Key, times: int = 100, **sound: float) -> float:
    """How often a key is heard, wherever in a frame it begins."""
    chance = random.Random(7)
    count = 0
    for _ in range(times):
        waves = (pause(chance.uniform(50, 90)), key.wave(chance.uniform(0, 6)), pause(120))
        told = heard(pcm(waves, noise_dbm0=sound.get("noise_dbm0", -55.0)))
        assert [digit for digit, _ in told] in ([], [key.digit])
        count += len(told)
    return count / times
