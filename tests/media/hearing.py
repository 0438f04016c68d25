"""Who hears whom: which tones are in each 100 ms of PCM or of captured RTP, with their levels.

A test gives each party a tone of its own; what `listen` finds at an ear, or in a channel of a recording, then
proves who was heard there and when. Levels are in dB below a full-scale sine, as in tests.peers.audio.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from media.rtp import rtp_parse
from tests.peers.audio import RATE, Pcm, decode_alaw, decode_ulaw, level_dbfs, power_dbfs

WINDOW_S = 0.1
TONES_HZ = (440.0, 1000.0)
"""The caller's and the agent's, unless a test says otherwise. The built-in music has neither."""

TONE_ABOVE_DB = -35.0
"""A tone below this is not heard: G.711 keeps the products of a loud tone 38 dB under it."""

REST_ABOVE_DB = -50.0
"""Anything else below this is silence."""

DECODERS = {8: decode_alaw, 0: decode_ulaw}
"""Of the static payload types of RFC 3551."""


@dataclass(frozen=True, slots=True)
class Window:
    """100 ms: the tones heard in it with their levels, and the level of all else (music, speech, noise)."""

    start_s: float
    tones: dict[float, float]
    rest_db: float

    @property
    def heard(self) -> frozenset[float]:
        return frozenset(self.tones)

    @property
    def is_silent(self) -> bool:
        return not self.tones and self.rest_db < REST_ABOVE_DB

    @property
    def words(self) -> str:
        """What a person would call it: "440 Hz", "440 Hz + 1000 Hz", "silence" or "something else"."""
        if self.tones:
            return " + ".join(f"{hz:g} Hz" for hz in sorted(self.tones))
        return "silence" if self.is_silent else "something else"


def listen(samples: Pcm, tones_hz: Iterable[float] = TONES_HZ) -> list[Window]:
    """Each whole window of the sound, in order."""
    size = round(WINDOW_S * RATE)
    tones = tuple(tones_hz)
    return [
        _window(start / RATE, samples[start : start + size], tones)
        for start in range(0, len(samples) - size + 1, size)
    ]


def story(windows: Iterable[Window]) -> str:
    """One line for each stretch in which the same is heard: what a failing test should print."""
    return "\n".join(_stretches(windows))


def heard_anywhere(windows: Iterable[Window]) -> frozenset[float]:
    """Every tone that is in at least one window."""
    return frozenset(hz for window in windows for hz in window.tones)


def share(windows: Sequence[Window], hz: float) -> float:
    """The part of the windows in which `hz` and no other tone is heard, 0 to 1."""
    return sum(window.heard == {hz} for window in windows) / len(windows) if windows else 0.0


def pcm_of_rtp(packets: Iterable[bytes]) -> Pcm:
    """The sound of one stream's packets, each laid where its timestamp says; what is missing is silence.

    Only G.711 under its static payload types; telephone-events and malformed packets are left out.
    """
    pieces = list(_decoded(packets))
    first = pieces[0][0] if pieces else 0
    # Timestamps wrap at 32 bits; what was sent before the first packet but came after it is dropped.
    placed = [((stamp - first) & 0xFFFFFFFF, samples) for stamp, samples in pieces]
    kept = [(at, samples) for at, samples in placed if at < 1 << 31]
    sound = np.zeros(max((at + len(samples) for at, samples in kept), default=0), np.int16)
    for at, samples in kept:
        sound[at : at + len(samples)] = samples
    return sound


def _decoded(packets: Iterable[bytes]) -> Iterator[tuple[int, Pcm]]:
    for packet in packets:
        header = rtp_parse(packet)
        if header is not None and header.payload_type in DECODERS:
            end = header.payload_offset + header.payload_length
            yield header.timestamp, DECODERS[header.payload_type](packet[header.payload_offset : end])


def _window(start_s: float, samples: Pcm, tones_hz: Sequence[float]) -> Window:
    levels = {hz: level_dbfs(samples, hz) for hz in tones_hz}
    tones = {hz: level for hz, level in levels.items() if level > TONE_ABOVE_DB}
    power = 10 ** (power_dbfs(samples) / 10)
    rest = power - sum(10 ** (level / 10) for level in tones.values())
    return Window(start_s, tones, 10 * float(np.log10(max(rest, 1e-9))))


def _stretches(windows: Iterable[Window]) -> Iterator[str]:
    for words, group in groupby(windows, key=lambda window: window.words):
        stretch = list(group)
        levels = [level for window in stretch for level in window.tones.values()]
        loud = f" at {min(levels):.0f} to {max(levels):.0f} dB" if levels else ""
        yield f"{stretch[0].start_s:6.1f} to {stretch[-1].start_s + WINDOW_S:6.1f} s  {words}{loud}"
