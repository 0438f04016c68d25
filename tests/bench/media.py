"""The media benchmark: calls and rooms through the plane, driven by the compiled generator.

The plane has core 0 and this process, which is the generator, core 1. Every leg sends 20 ms at a time. What
one end of a bridged call sends the other must get, every packet, 99 in 100 within 20 ms; where the plane
makes audio anew (rooms, Opus), none may come too late to be played or be missing at the ear, and 99 in 100
may lag at most 20 ms behind the quickest.
"""

import contextlib
import resource
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench import cores
from tests.bench.floor import FloorProcess
from tests.bench.goals import Progress, Rows
from tests.bench.legs import KINDS, Kind, prepare
from tests.bench.plane_process import ADDRESS, Endpoint, PlaneProcess
from tests.bench.rtp_load import Load
from tests.bench.searching import RUN_S, RUNS, Limit, NoLimit, find_limit, run_at

CALLERS: Final = "127.77.0.2"
AGENTS: Final = "127.77.0.3"
DESCRIPTORS: Final = 16384

CPU_AT_CALLS: Final = 1000
FLOOR_S: Final = 10.0
SETTLE_S: Final = 1.0
"""Sent before a run is measured: ports latch, the kernel's caches warm."""
DRAIN_S: Final = 0.5

LATEST_P99_MS: Final = 20.0
GENERATOR_LATE_MS: Final = 5.0
"""A generator whose 99th percentile leaves later than this after its time makes the run void."""
FACTOR: Final = 1.25
RESOLUTION: Final = 0.08
BUDGET_S: Final = 585.0
"""For all rows, so that they are done within ten minutes."""
LONG_RUNS_S: Final = RUNS * (RUN_S + 3.0)
COMPARED_S: Final = RUN_S + FLOOR_S + 10.0


@dataclass(frozen=True, slots=True)
class Run:
    """One probe or run of so many calls, or legs in rooms."""

    load: int
    seconds: float
    sent: int
    lost: int
    delay_p50_ms: float
    delay_p99_ms: float
    lag_p99_ms: float
    cpu_s: float
    others_s: float
    errors: tuple[str, ...]

    @property
    def void(self) -> bool:
        return self.lag_p99_ms > GENERATOR_LATE_MS

    @property
    def clean(self) -> bool:
        return self.lost == 0 and self.delay_p99_ms < LATEST_P99_MS and not self.errors

    @property
    def cpu_pct_per_100(self) -> float:
        """CPU of the plane's whole process for each 100 of the load, in percent of a core."""
        return 100 * self.cpu_s / self.seconds / (self.load / 100)

    @property
    def us_per_packet(self) -> float:
        """CPU of the plane's whole process for each packet that came to it."""
        return self.cpu_s * 1e6 / self.sent

    def __str__(self) -> str:
        others_pct = 100 * self.others_s / self.seconds
        words = "void" if self.void else ("clean" if self.clean else "fails")
        return (
            f"{self.load}, {self.seconds:g} s: {words}; lost {self.lost} of {self.sent}, delay p50"
            f" {self.delay_p50_ms:.2f} p99 {self.delay_p99_ms:.2f} ms, {self.us_per_packet:.1f} µs a packet,"
            f" {self.cpu_pct_per_100:.1f} % each 100,"
            f" generator p99 {self.lag_p99_ms:.2f} ms late, others had {others_pct:.0f} % of the core"
            + "".join(f"; {error}" for error in self.errors[:1])
        )


def run(progress: Progress) -> Rows:
    """The media rows; those that this machine cannot do are left out, those without a sound run are None."""
    raise_descriptor_limit()
    cores.stay(cores.LOAD)
    cores.go_first()
    deadline = time.monotonic() + BUDGET_S
    rows: Rows = {}
    kinds = [kind for kind in KINDS if kind.missing is None]
    for kind in KINDS:
        if kind.missing:
            progress(f"media: no {kind.key}: it needs {kind.missing}")
    with PlaneProcess(cores.MEASURED) as plane:
        bench = MediaBench(plane, progress, deadline)
        for done, kind in enumerate(kinds):
            try:
                limit = bench.search(kind, len(kinds) - done)
                rows[kind.key] = limit.load
                if kind.key == "relay_calls":
                    rows |= bench.relay_rows(kind, limit)
            except NoLimit as error:
                progress(f"media: no {kind.key}: {error}")
    return rows


class MediaBench:
    """Loads a plane and says how it went, until `deadline` (monotonic); NoLimit after it."""

    def __init__(self, plane: PlaneProcess, progress: Progress, deadline: float) -> None:
        self._plane = plane
        self._progress = progress
        self._deadline = deadline
        self._ports = plane.capacity()

    def search(self, kind: Kind, rows_left: int) -> Limit[Run]:
        """The limit of one row, which may probe for its share of the time that long runs do not need."""
        spare_s = self._deadline - time.monotonic() - rows_left * LONG_RUNS_S - COMPARED_S
        enough_at = time.monotonic() + spare_s / rows_left
        return find_limit(
            lambda load, seconds: self.measure(kind, load, seconds),
            kind.least,
            min(kind.most, self._ports // kind.legs),
            first=kind.first,
            factor=FACTOR,
            resolution=RESOLUTION,
            enough=lambda: time.monotonic() > enough_at,
        )

    def relay_rows(self, kind: Kind, limit: Limit[Run]) -> Rows:
        """What a relayed packet costs, at the load at which we compare, and what it costs at least."""
        calls = min(limit.load, CPU_AT_CALLS)
        us = limit.median(lambda run: run.us_per_packet)
        cpu_pct = limit.median(lambda run: run.cpu_pct_per_100)
        if limit.load > CPU_AT_CALLS:
            compared = run_at(lambda load, seconds: self.measure(kind, load, seconds), calls)
            us, cpu_pct = compared.us_per_packet, compared.cpu_pct_per_100
        floor_us = self.floor_us(calls)
        return {
            "relay_p99_ms": round(limit.median(lambda run: run.delay_p99_ms), 2),
            "relay_us_per_packet": round(us, 2),
            "cpu_pct_per_100_bridged": round(cpu_pct, 2),
            "floor_us_per_packet": round(floor_us, 2),
            "relay_to_floor_ratio": round(us / floor_us, 2),
        }

    def floor_us(self, calls: int) -> float:
        """The same packets through the smallest loop that can relay them."""
        with (
            _legs(calls, 2) as legs,
            FloorProcess([_endpoint(leg) for leg in legs], FLOOR_S, cores.MEASURED) as floor,
        ):
            _connect(legs, floor.ports())
            load = Load([leg.fileno() for leg in legs])
            load.start()
            load.run(FLOOR_S, measured=True)
            result = floor.result()
        self._progress(
            f"media: floor {calls}, {FLOOR_S:g} s: {result.packets} packets, {result.us_per_packet:.2f} µs"
            f" each, delay p99 {load.delay_ms(0.99):.2f} ms, generator p99 {load.lag_ms(0.99):.2f} ms late"
        )
        return result.us_per_packet

    def measure(self, kind: Kind, load: int, seconds: float) -> Run:
        """So much of a kind for so long."""
        if time.monotonic() + SETTLE_S + seconds > self._deadline:
            raise NoLimit("no load held in time: this machine is too busy")
        with loaded(self._plane, kind, load) as generator:
            result = self._run(load, seconds, generator)
        self._progress(f"media: {kind.key} {result}")
        return result

    def _run(self, load: int, seconds: float, generator: Load) -> Run:
        generator.start()
        generator.run(SETTLE_S, measured=False)
        before, busy_before_s = self._plane.usage(), cores.busy_s(cores.MEASURED)
        generator.run(seconds, measured=True)
        after, busy_after_s = self._plane.usage(), cores.busy_s(cores.MEASURED)
        generator.drain(DRAIN_S)
        errors = self._plane.close_all()
        if generator.send_errors:
            errors.append(f"{generator.send_errors} sends failed")
        cpu_s = after.cpu_s - before.cpu_s
        return Run(
            load=load,
            seconds=seconds,
            sent=generator.sent,
            lost=generator.lost,
            delay_p50_ms=generator.delay_ms(0.5),
            delay_p99_ms=generator.delay_ms(0.99),
            lag_p99_ms=generator.lag_ms(0.99),
            cpu_s=cpu_s,
            others_s=max(busy_after_s - busy_before_s - cpu_s, 0.0),
            errors=tuple(errors),
        )


@contextlib.contextmanager
def loaded(plane: PlaneProcess, kind: Kind, load: int) -> Iterator[Load]:
    """So much of a kind, connected; whoever takes it runs it, and closes all ports of the plane."""
    with (
        tempfile.TemporaryDirectory(prefix="centralita-bench-") as directory,
        _legs(load, kind.legs) as legs,
        _sockets(CALLERS, 1) as sink,
    ):
        peers, generator = prepare(kind, legs, _endpoint(sink[0]))
        _connect(legs, kind.connect(plane, peers, Path(directory)))
        yield generator


@contextlib.contextmanager
def _legs(load: int, legs: int) -> Iterator[list[socket.socket]]:
    """One for each of the load, or two, of which the second has the agents' address."""
    if legs == 1:
        with _sockets(CALLERS, load) as callers:
            yield callers
        return
    with _sockets(CALLERS, load) as callers, _sockets(AGENTS, load) as agents:
        yield [leg for call in zip(callers, agents, strict=True) for leg in call]


@contextlib.contextmanager
def _sockets(address: str, count: int) -> Iterator[list[socket.socket]]:
    """Non-blocking UDP sockets on free ports of an address."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(count)]
        for each in sockets:
            each.setblocking(False)
            each.bind((address, 0))
        yield sockets


def _connect(legs: Sequence[socket.socket], ports: Sequence[int]) -> None:
    for leg, port in zip(legs, ports, strict=True):
        leg.connect((ADDRESS, port))


def _endpoint(of: socket.socket) -> Endpoint:
    host, port = of.getsockname()
    return host, port


def raise_descriptor_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard), hard))
