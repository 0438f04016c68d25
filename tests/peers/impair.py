"""A bad network for tests: a UDP relay between a phone and the switch that loses, delays, reorders and
doubles RTP by a seed, and knows exactly what it did.

    async with Wire.open(up=Impairment(loss=0.05, jitter_s=0.02), seed=1) as wire:
        wire.target = (switch, port)        # where the phone would have sent
        ... the phone sends to wire.inside, and the switch, which was told wire.outside, comes through too ...
        wire.up.lost, wire.up.jitter_s

RTCP, on the next port each, and whatever is no RTP passes untouched.
"""

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Self

from media.rtp import RtpHeader, rtp_parse
from tests.peers import ports

Place = tuple[str, int]

RATE = 8000
SPARED = 5
"""Packets at the start of each stream that pass untouched: three in step lock a port to its peer."""
HELD_S = 0.5
"""A packet that waits for later ones goes all the same after this long: there were none."""
LEAP = 1000
"""A longer step of the sequence number is a new stream."""
JUMP_S = 1.0
"""A longer step of the transit time is no jitter but a talkspurt of who does not count silence."""


@dataclass(frozen=True)
class Gilbert:
    """Loss in bursts, of two states: `begins` is the chance of a packet to be lost after one that was not,
    `ends` of one not to be lost after one that was. Mean burst 1 / ends, loss begins / (begins + ends).
    """

    begins: float
    ends: float

    @property
    def loss(self) -> float:
        return self.begins / (self.begins + self.ends)


@dataclass(frozen=True)
class Impairment:
    """What happens to each packet. Chances are 0 to 1.

    `loss` is by chance, on top of `bursts`. Each packet is delayed by 0 to `jitter_s`, evenly; further apart
    than packets it reorders them. `reordered` is the chance to be held until `behind` later ones have gone,
    `duplicated` that to be sent twice, the second `behind` packets later or at once, as chance has it.
    """

    loss: float = 0.0
    bursts: Gilbert | None = None
    delay_s: float = 0.0
    jitter_s: float = 0.0
    reordered: float = 0.0
    duplicated: float = 0.0
    behind: int = 2


class Jitter:
    """RFC 3550 appendix A.8 over packets as they pass, in seconds: `newest` as there; `mean` of all."""

    def __init__(self, rate: int = RATE) -> None:
        self.newest = 0.0
        self._rate = rate
        self._sum = 0.0
        self._count = 0
        self._transit: float | None = None

    @property
    def mean(self) -> float:
        return self._sum / self._count if self._count else 0.0

    def passed(self, timestamp: int, now: float) -> None:
        transit = now - timestamp / self._rate
        if self._transit is not None:
            wrap = (1 << 32) / self._rate
            step = abs((transit - self._transit + wrap / 2) % wrap - wrap / 2)
            if step < JUMP_S:
                self._sum += step
                self._count += 1
                self.newest += (step - self.newest) / 16
        self._transit = transit


class Direction:
    """One way through the wire, and what it did, counted in RTP packets.

    `reordered` left after one that was sent later; second copies count as `duplicated` and among `passed`.
    """

    def __init__(self, impairment: Impairment, seed: int) -> None:
        self.impairment = impairment
        self.came = 0
        self.passed = 0
        self.duplicated = 0
        self.reordered = 0
        self.jitter = Jitter()
        self.fates: list[bool] = []
        """Of each packet that came, in that order: whether it goes on."""
        self.ssrc: int | None = None
        """Of the newest packet that left."""
        self._random = random.Random(seed)
        self._bad = False
        self._last: int | None = None
        self._fastest: float | None = None
        self._newest: int | None = None
        self._held: list[tuple[int, bytes]] = []

    @property
    def lost(self) -> int:
        """Lost packets, but for those after which no other passed: nobody can know of them."""
        return self.known.count(False)

    @property
    def known(self) -> list[bool]:
        """`fates` up to the last packet that passed."""
        end = len(self.fates)
        while end and not self.fates[end - 1]:
            end -= 1
        return self.fates[:end]

    def __str__(self) -> str:
        return (
            f"{self.came} came, {self.lost} lost, {self.duplicated} doubled, {self.reordered} reordered, "
            f"jitter {1000 * self.jitter.mean:.1f} ms"
        )

    # --- what happens to one packet ---

    def take(self, data: bytes, header: RtpHeader, now: float) -> list[tuple[float, bytes]]:
        """What goes on because this packet came, and when. Times are of one clock, past ones mean at once.

        Delays count from when the packet was due by its timestamp, so a wire that was asleep for a while
        brings nothing out of order that the network would not have.
        """
        self._note_missing(header.sequence)
        self.came += 1
        due_at = self._due_at(header.timestamp, now)
        goes = len(self.fates) < SPARED or not self._loses()
        self.fates.append(goes)
        due = [(now, held) for held in self._released()]
        if not goes:
            return due
        spared = len(self.fates) <= SPARED
        if not spared and self._random.random() < self.impairment.reordered:
            self._hold(data)
        else:
            due.insert(0, (due_at + self._delay_s(spared), data))
        if not spared and self._random.random() < self.impairment.duplicated:
            self.duplicated += 1
            if self._random.random() < 0.5:
                self._hold(data)
            else:
                due.append((due_at + self._delay_s(spared), data))
        return due

    @property
    def empty(self) -> bool:
        """Whether all that goes on has gone."""
        return self.passed == self.fates.count(True) + self.duplicated

    @property
    def waiting(self) -> bool:
        """Whether any packet is held until others have gone."""
        return bool(self._held)

    def held(self) -> list[bytes]:
        """What still waits for later packets; it waits no more."""
        waiting, self._held = [data for _, data in self._held], []
        return waiting

    def _note_missing(self, sequence: int) -> None:
        """Packets that this machine lost on their way here are lost as if by the wire."""
        step = (sequence - self._last) & 0xFFFF if self._last is not None else 1
        if 1 < step < LEAP:
            self.fates += [False] * (step - 1)
        self._last = sequence

    def _due_at(self, timestamp: int, now: float) -> float:
        """By the fastest packet so far. A stream that leaps begins anew."""
        transit = now - timestamp / RATE
        if self._fastest is None or transit < self._fastest or transit - self._fastest > JUMP_S:
            self._fastest = transit
        return timestamp / RATE + self._fastest

    def _hold(self, data: bytes) -> None:
        self._held.append((self.impairment.behind, data))

    def _released(self) -> list[bytes]:
        due = [data for count, data in self._held if count <= 1]
        self._held = [(count - 1, data) for count, data in self._held if count > 1]
        return due

    def _loses(self) -> bool:
        """Draws as often whatever happens, so that one kind of trouble does not move another."""
        chance, state = self._random.random(), self._random.random()
        if (bursts := self.impairment.bursts) is not None:
            self._bad = state >= bursts.ends if self._bad else state < bursts.begins
        return self._bad or chance < self.impairment.loss

    def _delay_s(self, spared: bool) -> float:
        jitter_s = 0.0 if spared else self.impairment.jitter_s * self._random.random()
        return self.impairment.delay_s + jitter_s

    def gone(self, header: RtpHeader, now: float) -> None:
        """One packet leaves the wire."""
        self.passed += 1
        self.ssrc = header.ssrc
        if self._newest is not None and (header.sequence - self._newest) & 0xFFFF > 0x8000:
            self.reordered += 1
        else:
            self._newest = header.sequence
        self.jitter.passed(header.timestamp, now)


class Wire:
    """Both ways: `up` from the phone to the switch, `down` back. See the module."""

    def __init__(
        self, inside: "_Ends", outside: "_Ends", up: Impairment, down: Impairment, seed: int
    ) -> None:
        self.inside = inside.place
        """For the phone: where the switch seems to be."""
        self.outside = outside.place
        """For the switch: where the phone seems to be."""
        self.up = Direction(up, seed)
        self.down = Direction(down, seed + 1)
        self.target: Place | None = None
        """Where the switch is: what came from the phone goes there."""
        self.phone: Place | None = None
        """Where the phone is; learnt from its packets unless it is set."""
        self.phone_rtcp: Place | None = None
        """The same of its RTCP."""
        self.reports: list[bytes] = []
        """All RTCP that the switch sent."""
        self._ends = (inside, outside)
        self._news = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        *,
        up: Impairment | None = None,
        down: Impairment | None = None,
        seed: int = 1,
        host: str = ports.PHONES,
    ) -> AsyncIterator[Self]:
        """On two pairs of ports of `host`."""
        with contextlib.ExitStack() as stack:
            inside, outside = (stack.enter_context(_Ends(host)) for _ in range(2))
            wire = cls(inside, outside, up or Impairment(), down or Impairment(), seed)
            loop = asyncio.get_running_loop()
            for sock, take in (
                (inside.rtp, wire._from_phone),
                (outside.rtp, wire._from_switch),
                (inside.rtcp, wire._control_from_phone),
                (outside.rtcp, wire._control_from_switch),
            ):
                loop.add_reader(sock, _drain, sock, take)
                stack.callback(loop.remove_reader, sock)
            yield wire

    def sdp(self, text: str) -> str:
        """A description of the phone's as the switch shall see it: at this wire's outside."""
        host, port = self.outside
        lines = []
        for line in text.splitlines():
            if line.startswith("c="):
                line = f"c=IN IP4 {host}"
            elif line.startswith("m=audio "):
                _, _, rest = line.split(" ", 2)
                line = f"m=audio {port} {rest}"
            lines.append(line)
        return "".join(f"{line}\r\n" for line in lines)

    def meet(self, sdp: str) -> str:
        """The switch's description: packets go there from now on. Answers it as the phone shall see it."""
        lines = sdp.splitlines()
        host = next(line.split()[2] for line in lines if line.startswith("c="))
        media = next(line.split() for line in lines if line.startswith("m=audio"))
        self.target = (host, int(media[1]))
        here, port = self.inside
        return sdp.replace(f"c=IN IP4 {host}", f"c=IN IP4 {here}").replace(
            f"m=audio {media[1]} ", f"m=audio {port} "
        )

    async def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Waits for something that packets bring about here; TimeoutError when they do not."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._news.clear()
                await self._news.wait()

    # --- packets ---

    def _from_phone(self, data: bytes, source: Place) -> None:
        self.phone = self.phone or source
        self._through(self.up, data, self._ends[1].rtp, self.target)

    def _from_switch(self, data: bytes, _: Place) -> None:
        self._through(self.down, data, self._ends[0].rtp, self.phone)

    def _control_from_phone(self, data: bytes, source: Place) -> None:
        self.phone_rtcp = self.phone_rtcp or source
        self._news.set()
        if self.target is not None:
            _send(self._ends[1].rtcp, data, (self.target[0], self.target[1] + 1))

    def _control_from_switch(self, data: bytes, _: Place) -> None:
        self.reports.append(data)
        if self.phone_rtcp is not None:
            _send(self._ends[0].rtcp, data, self.phone_rtcp)

    def _through(self, way: Direction, data: bytes, out: socket.socket, target: Place | None) -> None:
        self._news.set()
        if target is None:
            return
        header = None if len(data) < 2 or 192 <= data[1] <= 223 else rtp_parse(data)
        if header is None:
            _send(out, data, target)
            return
        loop = asyncio.get_running_loop()
        waited, now = way.waiting, loop.time()
        for due_at, each in way.take(data, header, now):
            if due_at > now:
                loop.call_at(due_at, self._let_go, way, each, out, target)
            else:
                self._let_go(way, each, out, target)
        if way.waiting and not waited:
            loop.call_later(HELD_S, self._let_all_go, way, out, target)

    def _let_all_go(self, way: Direction, out: socket.socket, target: Place) -> None:
        for each in way.held():
            self._let_go(way, each, out, target)

    def _let_go(self, way: Direction, data: bytes, out: socket.socket, target: Place) -> None:
        header = rtp_parse(data)
        assert header is not None
        self._news.set()
        if _send(out, data, target):
            way.gone(header, time.monotonic())


class _Ends:
    """Two sockets on neighbouring ports, RTP on the even one (RFC 3550 section 11)."""

    def __init__(self, host: str) -> None:
        self.rtp, self.rtcp = self._pair(host)
        self.place: Place = self.rtp.getsockname()[:2]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.rtp.close()
        self.rtcp.close()

    @staticmethod
    def _pair(host: str) -> tuple[socket.socket, socket.socket]:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        while True:
            rtp, rtcp = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
            try:
                rtp.bind((host, 0))
                number = rtp.getsockname()[1]
                if number % 2 == 0:
                    rtcp.bind((host, number + 1))
                    rtp.setblocking(False)
                    rtcp.setblocking(False)
                    return rtp, rtcp
            except OSError:
                pass  # one of the pair is taken: another pair
            rtp.close()
            rtcp.close()


def _send(sock: socket.socket, data: bytes, target: Place) -> bool:
    """A closed port at the other end is told by ICMP, and no trouble of ours."""
    with contextlib.suppress(OSError):
        sock.sendto(data, target)
        return True
    return False


def _drain(sock: socket.socket, take: Callable[[bytes, Place], None]) -> None:
    while True:
        try:
            data, source = sock.recvfrom(2048)
        except OSError:
            return
        take(data, source[:2])
