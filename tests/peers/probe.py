"""A signal that tells where in it one is: what was played through a switch is found again, frame by frame.

The probe is a sweep, so the frequency of any 20 ms of it is a place in it, to a tenth of a millisecond. What
comes out is read back as places: a gap is where there is none, a jump where the place moves otherwise than
the time, and the delay of a frame the time it was heard less the time it was said.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from media.rtp import rtp_parse
from tests.peers.audio import RATE, Pcm, decode_alaw, encode_alaw

FRAME = 160
FRAME_S = 0.02
LOWEST_HZ = 300.0
HIGHEST_HZ = 3300.0
LEVEL = 8000
PURE = 0.9
"""Of a frame's power, that of the one tone in it: less, and it is a splice or noise, and no place."""
STEP_S = 0.005
"""A place that is further than this from where it should be is a jump."""
SPACE = 1 << 13


def sweep(seconds: float) -> Pcm:
    """The probe, from LOWEST_HZ to HIGHEST_HZ."""
    t = np.arange(round(seconds * RATE)) / RATE
    hz_a_second = (HIGHEST_HZ - LOWEST_HZ) / seconds
    return (LEVEL * np.sin(2 * np.pi * (LOWEST_HZ * t + hz_a_second / 2 * t * t))).astype(np.int16)


def place(frame: Pcm, seconds: float) -> float | None:
    """Where in a probe of so many seconds this frame begins; None: it is silent, or nothing of the probe."""
    samples = frame.astype(np.float64)
    power = float(np.mean(samples**2))
    if power < (LEVEL / 30) ** 2:
        return None
    t = np.arange(len(samples)) / RATE
    hz_a_second = (HIGHEST_HZ - LOWEST_HZ) / seconds
    window = np.hanning(len(samples))
    spectrum = np.abs(np.fft.fft(samples * window * np.exp(-1j * np.pi * hz_a_second * t * t), SPACE))
    low, high = (int(hz * SPACE / RATE) for hz in (LOWEST_HZ - 50.0, HIGHEST_HZ + 50.0))
    peak = low + int(np.argmax(spectrum[low:high]))
    amplitude = 2 * spectrum[peak] / float(np.sum(window))
    if amplitude**2 / 2 < PURE * power:
        return None
    before, at, after = spectrum[peak - 1 : peak + 2]
    fine = peak + (before - after) / (2 * (before - 2 * at + after))
    return float((fine * RATE / SPACE - LOWEST_HZ) / hz_a_second)


@dataclass(frozen=True)
class Heard:
    """20 ms of what came, by its timestamp: when it arrived, and its place; None: it has none."""

    arrived_s: float | None
    place_s: float | None


@dataclass(frozen=True)
class Through:
    """What became of a probe. Times are seconds since its first frame was sent."""

    seconds: float
    frames: list[Heard]

    @property
    def gaps(self) -> int:
        """Frames between the first and the last place that have none."""
        return sum(1 for frame in self._inside if frame.place_s is None)

    @property
    def missing(self) -> int:
        """Frames of the probe between the first and the last place that nobody heard, concealed or not."""
        said = {round(frame.place_s / FRAME_S) for frame in self._inside if frame.place_s is not None}
        return max(said) - min(said) + 1 - len(said)

    @property
    def jumps(self) -> list[float]:
        """How far the place moved more (or less) than the time did, each time it did."""
        steps = []
        placed = [(n, each.place_s) for n, each in enumerate(self._inside) if each.place_s is not None]
        for (before, left), (after, right) in pairwise(placed):
            step = right - left - FRAME_S * (after - before)
            if abs(step) > STEP_S:
                steps.append(step)
        return steps

    @property
    def delays_s(self) -> list[float]:
        """Of each frame from when it was said to when it arrived."""
        return [
            frame.arrived_s - frame.place_s
            for frame in self._inside
            if frame.arrived_s is not None and frame.place_s is not None
        ]

    @property
    def _inside(self) -> list[Heard]:
        placed = [n for n, frame in enumerate(self.frames) if frame.place_s is not None]
        assert placed, "nothing of the probe was heard"
        return self.frames[placed[0] : placed[-1] + 1]


class Ear:
    """Takes the RTP packets that come out, A-law in 20 ms, and lays them out by their timestamps."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._frames: dict[int, tuple[float, bytes]] = {}

    def take(self, data: bytes, now_s: float) -> None:
        """One packet; another payload type than PCMA is not heard."""
        header = rtp_parse(data)
        if header is None or header.payload_type != 8:
            return
        self._first = header.timestamp if self._first is None else self._first
        step = (header.timestamp - self._first + (1 << 31)) % (1 << 32) - (1 << 31)
        payload = data[header.payload_offset : header.payload_offset + header.payload_length]
        self._frames.setdefault(step // FRAME, (now_s, payload))

    def result(self, seconds: float) -> Through:
        """What it heard of a probe of so many seconds."""
        numbers = range(min(self._frames), max(self._frames) + 1)
        frames = []
        for number in numbers:
            arrived_s, payload = self._frames.get(number, (None, b""))
            frames.append(Heard(arrived_s, place(decode_alaw(payload), seconds) if payload else None))
        return Through(seconds, frames)


async def play_through(
    say: Callable[[bytes], None], ear: Ear, hear: asyncio.Queue[bytes], seconds: float
) -> Through:
    """Says the probe in A-law frames, one each 20 ms, and listens until half a second after its end.

    `say` sends one frame as the next packet of a stream, `hear` gives the packets that come out.
    """
    loop = asyncio.get_running_loop()
    octets = encode_alaw(sweep(seconds))
    begun = loop.time()

    async def listen() -> None:
        while True:
            ear.take(await hear.get(), loop.time() - begun)

    listening = asyncio.create_task(listen())
    for number, start in enumerate(range(0, len(octets), FRAME)):
        await asyncio.sleep(max(0.0, begun + FRAME_S * number - loop.time()))
        say(octets[start : start + FRAME])
    await asyncio.sleep(0.5)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return ear.result(seconds)
