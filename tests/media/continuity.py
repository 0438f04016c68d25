"""What becomes of a sound on its way: what is missing at the ear, what is there twice, what is strange."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from media.codecs import CODECS
from tests.media.speakers import Arrival
from tests.peers.audio import RATE, Pcm

PIECE = 16
"""Octets of random G.711 that are found in one place alone."""
BLOCK = RATE // 100
STRAY = RATE // 5
"""Samples by which a sound may come sooner or later than before."""
FAINT = 0.2
"""Of a block's usual strength: then it is a pause."""


@dataclass(frozen=True, slots=True)
class Continuity:
    """Milliseconds at the ear. `pause` is time in which something else is heard, or nothing."""

    missing: float
    doubled: float
    pause: float


def of_octets(said: bytes, came: Sequence[Arrival]) -> Continuity:
    """Of random G.711 that is heard to the bit, by timestamps, from its first packet to its last."""
    places = {said[at : at + PIECE]: at for at in range(len(said) - PIECE + 1)}
    heard = _laid(came)
    missing = doubled = pause = at = 0
    expected: int | None = None
    while at + PIECE <= len(heard):
        place = places.get(heard[at : at + PIECE])
        if place is None:
            pause, at = pause + 1, at + 1
            continue
        step = 0 if expected is None else place - expected
        missing, doubled = missing + max(step, 0), doubled + max(-step, 0)
        length = _agreement(said[place:], heard[at:])
        expected, at = place + length, at + length
    return Continuity(*(round(octets / 8, 3) for octets in (missing, doubled, pause)))


def _laid(came: Sequence[Arrival]) -> bytes:
    first = came[0].packet.header.timestamp
    heard = bytearray()
    for arrival in came:
        at = arrival.packet.header.timestamp - first & 0xFFFFFFFF
        heard += bytes(max(at - len(heard), 0))
        heard[at : at + len(arrival.packet.payload)] = arrival.packet.payload
    return bytes(heard)


def _agreement(one: bytes, other: bytes) -> int:
    length = min(len(one), len(other))
    differ = np.frombuffer(one[:length], np.uint8) != np.frombuffer(other[:length], np.uint8)
    return int(np.argmax(differ)) if differ.any() else length


def of_noise(said: Pcm, heard: Pcm) -> Continuity:
    """Of noise that has been through codecs: each 10 ms are looked for near where the last were."""
    missing = doubled = pause = 0
    lag = _lag(said, heard, BLOCK * 10, -STRAY, STRAY)
    for at in range(BLOCK * 10, len(heard) - BLOCK, BLOCK):
        block = heard[at : at + BLOCK].astype(float)
        if float(np.abs(block).mean()) < FAINT * float(np.abs(heard).mean()):
            pause += BLOCK
            continue
        if at + lag + BLOCK + STRAY > len(said):
            break
        found = _lag(said, heard, at, lag - STRAY, lag + STRAY)
        missing, doubled = missing + max(found - lag, 0), doubled + max(lag - found, 0)
        lag = found
    return Continuity(*(round(samples / 8, 3) for samples in (missing, doubled, pause)))


def _lag(said: Pcm, heard: Pcm, at: int, least: int, most: int) -> int:
    """How much further on in what was said this block stands than in what was heard."""
    block = heard[at : at + BLOCK].astype(float)
    least = max(least, -at)
    around = said[at + least : at + most + BLOCK].astype(float)
    likeness = np.correlate(around, block, "valid")
    energy = np.sqrt(np.convolve(around**2, np.ones(BLOCK), "valid") + 1.0)
    return least + int(np.argmax(likeness / energy))


def noise(seconds: float, seed: int) -> Pcm:
    """Of the band of telephony, and no block like another."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=round(seconds * RATE)))
    hz = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    spectrum[(hz < 300) | (hz > 3000)] = 0
    sound = np.fft.irfft(spectrum)
    return np.array((6000 * sound / sound.std()).clip(-32000, 32000), np.int16)


def latest_ms(came: Sequence[Arrival], codec: str) -> float:
    """By how much the latest packet came later than the first one's time says."""
    clock_hz = CODECS[codec].clock_rate_hz
    first = came[0]
    return max(
        (arrival.at_ns - first.at_ns) / 1e6
        - (arrival.packet.header.timestamp - first.packet.header.timestamp & 0xFFFFFFFF) / clock_hz * 1e3
        for arrival in came
    )
