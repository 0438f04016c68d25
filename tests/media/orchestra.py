"""Parties at a media plane, each with a tone of its own, all playing in step; and who hears whom."""

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ext.codecs import Coder
from media.codecs import CODECS
from media.port import Port
from tests.compiling import ensure_compiled
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage
from tests.peers.audio import RATE, Pcm, level_dbfs, pcm, tone

ensure_compiled("tests.media")

from tests.media.listening import to_narrow, to_wide  # noqa: E402  compiled above

FRAME_S = 0.02
WINDOW = RATE // 4
Levels = dict[float, float]
"""Of each tone, in dB below full scale."""
ABSENT_DB = -50.0
"""A tone that is not meant to be heard stays so far below all that is: in a quarter of a second the noise of
G.711, which a steady tone gathers at its harmonics, is not far under that."""
NEAR_DB = 1.5
"""What comes out may be this much louder or softer than what went in: two passes of G.711."""
SECONDS = 10
"""So long may it take until every ear has had a window without a hole."""
PLAIN_DB = 20.0
"""A tone that is less far below its own level is plainly heard."""


def pitches(count: int) -> list[float]:
    """So many tones that a second tells apart, none of which is another's harmonic or sum."""
    first, last = 311, 3203
    return [float(first + (last - first) * i // max(count, 2)) for i in range(count)]


@dataclass
class Party:
    """One peer, its port, its tone."""

    peer: RtpPeer
    port: Port
    hz: float
    frames: list[bytes]
    level_db: float
    ptime_ms: int = 20
    said: int = 0

    def say(self) -> None:
        """The next packet."""
        step = CODECS[self.peer.codec].clock_rate_hz * self.ptime_ms // 1000
        self.peer.send(self.frames[self.said % len(self.frames)], step=step)
        self.said += 1

    def forget(self) -> None:
        """What came so far."""
        self.peer.waiting()

    def heard(self) -> Pcm:
        """All that came since, decoded packet by packet."""
        codec = CODECS[self.peer.codec]
        coder = Coder(codec.capsule)
        sound = b"".join(coder.decode(packet.payload) for packet in self.peer.waiting())
        return pcm(sound if codec.pcm_rate_hz == RATE else to_narrow(sound[: len(sound) // 640 * 640]))


class Orchestra:
    """Parties that play together. `level_db` of each is below full scale; the loudest sum stays below it."""

    def __init__(self, stage: Stage, tones: int) -> None:
        self._stage = stage
        self._pitches = iter(pitches(tones))
        self._level_db = -6.0 - 20 * math.log10(max(tones, 2))
        self.parties: list[Party] = []

    async def join(self, *, codec: str = "PCMA", ptime_ms: int = 20) -> Party:
        """One more party; its port is locked and sends nothing yet."""
        near = self.parties[0].port if self.parties else None
        hz = next(self._pitches)
        peer = self._stage.peer("127.20.0.10", codec=codec, ssrc=1000 + len(self.parties))
        port = await self._stage.leg(peer, near=near, ptime_ms=ptime_ms)
        party = Party(peer, port, hz, self._frames(codec, hz, ptime_ms), self._level_db, ptime_ms)
        self.parties.append(party)
        return party

    def _frames(self, codec: str, hz: float, ptime_ms: int) -> list[bytes]:
        """Whole seconds of the tone, a payload each."""
        rate = CODECS[codec].pcm_rate_hz
        sound = tone(hz, 1.0 if 1000 % ptime_ms == 0 else 3.0, self._level_db).tobytes()
        sound = sound if rate == RATE else to_wide(sound)
        size = 2 * rate * ptime_ms // 1000
        coder = Coder(CODECS[codec].capsule)
        return [coder.encode(sound[i : i + size]) for i in range(0, len(sound) - size + 1, size)]

    async def play(self, seconds: float) -> None:
        """Everybody says his tone, in real time."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        before = [party.said for party in self.parties]
        for frame in range(round(seconds / FRAME_S)):
            for party, already in zip(self.parties, before, strict=True):
                while (party.said - already) * party.ptime_ms <= frame * 20:
                    party.say()
            await asyncio.sleep(begun + (frame + 1) * FRAME_S - loop.time())

    async def listen(self, seconds: float = 1.3) -> dict[float, list[Levels]]:
        """Play, and say what each heard, by his tone: the levels of all tones in each quarter of a second."""
        for party in self.parties:
            party.forget()
        await self.play(seconds)
        return {party.hz: self.levels(party.heard()) for party in self.parties}

    def levels(self, sound: Pcm) -> list[Levels]:
        """Of each party's tone, in each whole window after the first, which a source may have begun in."""
        starts = range(WINDOW, len(sound) - WINDOW + 1, WINDOW)
        silence = {party.hz: float("-inf") for party in self.parties}
        return [
            {hz: level_dbfs(sound[start : start + WINDOW], hz) for hz in silence} for start in starts
        ] or [silence]

    async def expect(self, hearers: Mapping[float, Iterable[float]]) -> None:
        """At each ear exactly those tones, as loud as they were said, and no trace of another.

        Where this machine was late there is a hole, which spreads every tone a little; then another window
        counts for that ear. What is plainly heard where it should not be fails at once.
        """
        unclear = dict(hearers)
        for _ in range(SECONDS):
            heard = await self.listen()
            for ear, wanted in hearers.items():
                for levels in heard[ear]:
                    plain = [hz for hz in levels if levels[hz] > self._level_db - PLAIN_DB]
                    assert set(plain) <= set(wanted), f"{ear} hears {plain}, not only {wanted}"
                if any(clear(levels, wanted, self._level_db) for levels in heard[ear]):
                    unclear.pop(ear, None)
            if not unclear:
                return
        raise AssertionError({ear: heard[ear] for ear in unclear})


def clear(levels: Levels, wanted: Iterable[float], level_db: float) -> bool:
    """Whether these tones are there as loud as they were said, and all others far under everything."""
    together = 10 * math.log10(sum(10 ** (level / 10) for level in levels.values()) + 1e-12)
    most = max(together + ABSENT_DB, -90.0)
    return all(
        abs(level - level_db) < NEAR_DB if hz in wanted else level < most for hz, level in levels.items()
    )


def others(parties: Sequence[Party], own: Party) -> list[float]:
    """The tones of all but one."""
    return [party.hz for party in parties if party is not own]
