"""The media plane in a process of its own on a core of its own, ordered about over a pipe."""

import asyncio
import contextlib
import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import uvloop

from media.aio.plane import MediaPlane
from media.events import PortClosed, PortEvent, RecordingStopped
from media.port import Mix, PeerMedia, PlaneCounters, Port, Relay
from tests.bench import cores

ADDRESS: Final = "127.77.0.1"
PORTS: Final = range(10000, 32766)
SETTLED_S: Final = 120.0
"""The longest that closing all ports may take: recordings of ten minutes have to reach the disk."""

Endpoint = tuple[str, int]


class PlaneFailed(RuntimeError):
    """The child's plane raised; the words are the child's."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the plane's process has used and counted since its start, and the memory that it has."""

    cpu_s: float
    counters: PlaneCounters
    resident_kb: int


class PlaneProcess:
    """Our end. Every method waits for the child's answer and raises PlaneFailed with its error."""

    def __init__(self, core: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_child, args=(theirs, core), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._ask("capacity")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(("end",))
        self._process.join(10)
        self._process.kill()

    def capacity(self) -> int:
        """How many ports it can have open."""
        return int(self._ask("capacity"))

    def bridge(self, calls: Sequence[tuple[PeerMedia, PeerMedia]], recordings: Path | None) -> list[int]:
        """Bridge these pairs of peers, recorded into a directory or not; the port for each peer in turn."""
        return list(self._ask("bridge", calls, recordings))

    def gather(self, peers: Sequence[PeerMedia], size: int) -> list[int]:
        """Rooms of so many, filled in order; the port for each peer in turn."""
        return list(self._ask("gather", peers, size))

    def usage(self) -> Usage:
        """CPU and counters until now."""
        return Usage(*self._ask("usage"))

    def close_all(self) -> list[str]:
        """Close every port; what went wrong with recordings and jitter buffers, empty if nothing did."""
        return list(self._ask("close_all"))

    def _ask(self, order: str, *arguments: Any) -> Any:
        self._pipe.send((order, *arguments))
        answer = self._pipe.recv()
        if isinstance(answer, str):
            raise PlaneFailed(answer)
        return answer[0]


def _child(pipe: Connection, core: int) -> None:
    os.sched_setaffinity(0, {core})
    uvloop.run(_Child(pipe).serve())


class _Child:
    """The other end: the plane, its ports, and what is still to be closed."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._plane = MediaPlane(ADDRESS, PORTS)
        self._plane.on_event = self._hear
        self._ports: list[Port] = []
        self._unfinished = 0
        self._finished = asyncio.Event()
        self._errors: list[str] = []

    async def serve(self) -> None:
        self._plane.start(asyncio.get_running_loop())
        while (order := await asyncio.to_thread(self._pipe.recv))[0] != "end":
            try:
                self._pipe.send([await getattr(self, f"_{order[0]}")(*order[1:])])
            except Exception as error:  # noqa: BLE001 - the edge of the process: the parent raises it
                self._pipe.send(f"{type(error).__name__}: {error}")
        await self._plane.close()

    async def _capacity(self) -> int:
        return self._plane.capacity()

    async def _bridge(
        self, calls: Sequence[tuple[PeerMedia, PeerMedia]], recordings: Path | None
    ) -> list[int]:
        for number, (caller, agent) in enumerate(calls):
            left = self._open(caller)
            right = self._open(agent, left)
            left.send(Relay(right))
            right.send(Relay(left))
            if recordings is not None:
                left.record(recordings / f"{number}.wav")
                self._unfinished += 1
            if number % 100 == 99:
                await asyncio.sleep(0)
        return [port.number for port in self._ports]

    async def _gather(self, peers: Sequence[PeerMedia], size: int) -> list[int]:
        for number, peer in enumerate(peers):
            port = self._open(peer, self._ports[0] if self._ports else None)
            if number % size == 0:
                room = self._plane.room(port)
            port.send(Mix(room))
            if number % 200 == 199:
                await asyncio.sleep(0)
        return [port.number for port in self._ports]

    def _open(self, peer: PeerMedia, near: Port | None = None) -> Port:
        port = self._plane.open(near)
        port.connect(peer)
        self._ports.append(port)
        return port

    async def _usage(self) -> tuple[float, PlaneCounters, int]:
        return time.process_time(), self._plane.counters(), cores.resident_kb(os.getpid())

    async def _close_all(self) -> list[str]:
        self._finished.clear()
        self._unfinished += len(self._ports)
        if discarded := sum(port.stats().packets_discarded for port in self._ports):
            self._errors.append(f"{discarded} packets came too late to be played")
        for port in self._ports:
            port.close()
        if self._ports:
            await asyncio.wait_for(self._finished.wait(), SETTLED_S)
        self._ports.clear()
        errors, self._errors = self._errors, []
        return errors

    def _hear(self, event: PortEvent) -> None:
        if isinstance(event, RecordingStopped) and (event.error or event.dropped):
            self._errors.append(event.error or f"{event.dropped} frames dropped")
        if isinstance(event, RecordingStopped | PortClosed):
            self._unfinished -= 1
            if self._unfinished == 0:
                self._finished.set()
