"""The media plane: the engine's ports, workers and events, seen from the loop."""

import asyncio
import atexit
import itertools
import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ext.codec_registry import register_codec
from ext.engine import Worker
from media.aio.addresses import is_ipv6, reaches
from media.aio.numbers import PortNumbers
from media.aio.port import EnginePort
from media.aio.recorder import Recorder
from media.aio.shard import Shard, Sounds
from media.aio.sockets import (
    PortSockets,
    bind_port,
    make_room,
    ports_within_limit,
    raise_descriptor_limit,
)
from media.codecs import CODECS
from media.events import PortClosed, PortEvent
from media.keying import Fingerprint
from media.port import PlaneCounters, Port, Room, Stream

if TYPE_CHECKING:
    from media.aio.dtls import Identity

CNAME_OCTETS: Final = 12
CLOSE_WITHIN_S: Final = 10.0


class NoPorts(Exception):
    """No port, no descriptor or no room in the engine's order ring: the call gets 503. Counted as refused."""


class MediaPlane:
    """All RTP of the switch. `ports` is a range of port numbers of which the even ones carry RTP.

    `listen` is an address of either family; `::` takes both. `on_event` is called in the loop for each event,
    in order for each port. `seed` makes SSRCs, first sequence numbers and timestamps repeatable in tests;
    without it they come from the system. Ports that are bridged must live on one worker: `open(near=...)`
    sees to it.
    """

    def __init__(
        self,
        listen: str,
        ports: range,
        workers: int = 1,
        seed: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        order_ring: int = 4096,
        event_ring: int = 8192,
        recorder_chunks: int = 4096,
    ) -> None:
        """Bind nothing yet. The rings' lengths are powers of two, for each worker.

        `clock` tells how long a closed port has rested. `recorder_chunks` are the seconds of recordings
        that may wait for a slow disk, for each worker.
        """
        for codec in CODECS.values():
            if codec.capsule is not None:
                register_codec(codec.capsule)
        self.on_event: Callable[[PortEvent], None] = _ignore
        self._listen = listen
        self._ipv6 = is_ipv6(listen)
        self._clock = clock
        self._random = random.SystemRandom() if seed is None else random.Random(seed)
        self._numbers = PortNumbers(ports)
        self._generations = itertools.count(1)
        self._recorder = Recorder(self._tell)
        self._limit = self._numbers.total
        self._refused = 0
        self._idle = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        sounds, capacity = Sounds(), max(1, self._numbers.total)
        self._shards = [
            Shard(
                Worker(capacity, order_ring, event_ring, recorder_chunks, self._random.getrandbits(63)),
                capacity,
                order_ring,
                sounds,
                self._recorder,
                self._tell,
                lambda: self._identity,
            )
            for _ in range(workers)
        ]

    @cached_property
    def _identity(self) -> "Identity":
        from media.aio.dtls import Identity  # it needs pyOpenSSL

        return Identity()

    @property
    def fingerprint(self) -> Fingerprint:
        """Of the certificate that peers see in a handshake; making it takes 50 ms, once."""
        return self._identity.fingerprint

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Raise the descriptor limit, start the workers and listen for their events."""
        self._loop = loop
        descriptors = raise_descriptor_limit()
        make_room(descriptors)
        self._limit = ports_within_limit(descriptors)
        atexit.register(self._join)
        for shard in self._shards:
            shard.start(loop)

    async def close(self) -> None:
        """Close every port, finish every recording, end the workers. Idempotent."""
        if self._loop is None:
            return
        for shard in self._shards:
            for port in list(shard.ports.values()):
                port.close()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._until_idle()
                await self._recorder.close()
        finally:
            for shard in self._shards:
                shard.deafen()
            self._loop = None
            self._limit = 0
            await asyncio.to_thread(self._join)
            atexit.unregister(self._join)

    async def _until_idle(self) -> None:
        while self._recorder.busy or any(shard.ports for shard in self._shards):
            self._idle.clear()
            await self._idle.wait()

    def _join(self) -> None:
        for shard in self._shards:
            shard.stop()

    def open(self, near: Port | None = None) -> Port:
        """A port bound and ready, on the worker of `near` or the least loaded. NoPorts: refuse the call."""
        shard = self._shard_for(near)
        found = self._bind() if shard.has_room and self._open_ports() < self._limit else None
        if found is None:
            self._refused += 1
            raise NoPorts
        number, sockets = found
        stream = self._fresh_stream()
        return shard.add(lambda slot: self._port(shard, slot, number, sockets, stream))

    def reopen(self, number: int, stream: Stream, near: Port | None = None) -> Port:
        """A port of an earlier process, whose stream goes on. NoPorts where its number is not to be had."""
        shard = self._shard_for(near)
        sockets = None
        if shard.has_room and self._open_ports() < self._limit:
            with suppress(OSError):
                sockets = self._numbers.take_again(number, lambda number: bind_port(self._listen, number))
        if sockets is None:
            raise NoPorts
        bound = sockets
        return shard.add(lambda slot: self._port(shard, slot, number, bound, stream))

    def room(self, near: Port) -> Room:
        """A conference for ports on the worker of `near`."""
        return self._shard_for(near).open_room(next(self._generations))

    def mixes(self, one: Port, other: Port) -> bool:
        """Whether the two can be bridged: they are on one worker."""
        return self._shard_for(one) is self._shard_for(other)

    def _shard_for(self, near: Port | None) -> Shard:
        if isinstance(near, EnginePort):
            return near.shard
        return min(self._shards, key=lambda shard: len(shard.ports))

    def _bind(self) -> tuple[int, PortSockets] | None:
        try:
            return self._numbers.take(lambda number: bind_port(self._listen, number))
        except OSError:
            return None

    def _fresh_stream(self) -> Stream:
        """SSRC, first sequence number, timestamp (RFC 3550 section 5.1) and CNAME (RFC 7022) are random.

        The sequence number is in the lower half: who hears us in SRTP only after it has wrapped would take
        the rollover counter for 0 (RFC 3711 section 3.3.1) and hear nothing.
        """
        ssrc, cname = self._random.getrandbits(32), self._random.randbytes(CNAME_OCTETS).hex()
        return Stream(ssrc, self._random.getrandbits(15), self._random.getrandbits(32), cname)

    def _port(self, shard: Shard, slot: int, number: int, sockets: PortSockets, stream: Stream) -> EnginePort:
        generation, cname = next(self._generations), stream.cname.encode()
        fds = sockets.detach()
        shard.order(
            lambda: shard.worker.open(
                slot,
                generation,
                fds,
                ssrc=stream.ssrc,
                sequence=stream.sequence,
                timestamp=stream.timestamp,
                cname=cname,
            )
        )
        return EnginePort(shard, self._recorder, slot, generation, number, stream, self._ipv6)

    def reaches(self, address: str) -> bool:
        """Whether our ports can send to that address: of the family of `listen`, or any if it is `::`."""
        return reaches(self._listen, address)

    def capacity(self) -> int:
        """How many ports range and descriptor limit allow at once; a bridged call needs two."""
        return min(self._limit, self._numbers.total)

    def orders_waiting(self) -> int:
        """Orders that the workers have not taken yet; whatever arrives after 0 finds them all carried out."""
        return sum(shard.orders_waiting for shard in self._shards)

    def flush(self) -> None:
        """Let the workers carry out now what was ordered, rather than at the end of this turn of the loop."""
        for shard in self._shards:
            shard.worker.wake()

    def _open_ports(self) -> int:
        return sum(len(shard.ports) for shard in self._shards)

    def _tell(self, event: PortEvent) -> None:
        """An error of the application's must not cost the events that follow."""
        if isinstance(event, PortClosed):
            self._numbers.give_back(event.port.number, self._clock())
        self._idle.set()
        try:
            self.on_event(event)
        except Exception as error:  # noqa: BLE001 - the edge of the plane: the loop logs it
            assert self._loop is not None
            self._loop.call_exception_handler({"message": f"media event {event!r}", "exception": error})

    def counters(self) -> PlaneCounters:
        """Sums over all ports since the start, for metrics."""
        sums = [sum(each) for each in zip(*(shard.worker.totals() for shard in self._shards), strict=True)]
        (
            received,
            sent,
            octets_received,
            octets_sent,
            lost,
            strangers,
            malformed,
            errors,
            dropped,
            active,
            merged,
            srtp_failed,
            srtp_replayed,
            passed_dropped,
        ) = sums
        return PlaneCounters(
            packets_received=received,
            packets_sent=sent,
            octets_received=octets_received,
            octets_sent=octets_sent,
            packets_lost=lost,
            strangers=strangers,
            malformed=malformed,
            send_errors=errors,
            ports=self._ports_by_state(),
            refused=self._refused,
            events_merged=merged,
            worker_lag_s=max(shard.worker.take_lag_ns() for shard in self._shards) / 1e9,
            recordings_active=active,
            recorder_dropped_frames=dropped,
            srtp_failed=srtp_failed,
            srtp_replayed=srtp_replayed,
            datagrams_dropped=passed_dropped,
        )

    def _ports_by_state(self) -> dict[str, int]:
        closing = sum(port.closed for shard in self._shards for port in shard.ports.values())
        resting = self._numbers.resting(self._clock())
        return {
            "free": len(self._numbers) - resting,
            "open": self._open_ports() - closing,
            "closing": closing,
            "resting": resting,
        }


def _ignore(_event: PortEvent) -> None:
    """Until the application says who listens."""
