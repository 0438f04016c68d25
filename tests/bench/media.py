"""The media benchmark: bridged and recorded calls through the plane, driven by the compiled generator.

The plane has core 0 and this process, which is the generator, core 1. Both legs of each call send G.711 A-law
every 20 ms; what one sends the other must get, every packet, 99 in 100 within 20 ms.
"""

import contextlib
import resource
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench import cores
from tests.bench.goals import Progress, Rows
from tests.bench.plane_process import ADDRESS, Endpoint, PlaneProcess
from tests.bench.rtp_load import Load, floor_us
from tests.bench.searching import NoLimit, find_limit, run_at

CALLERS: Final = "127.77.0.2"
AGENTS: Final = "127.77.0.3"
DESCRIPTORS: Final = 16384

LEAST_CALLS: Final = 100
MOST_CALLS: Final = 2000
CPU_AT_CALLS: Final = 1000
SETTLE_S: Final = 1.0
"""Sent before a run is measured: ports latch, the kernel's caches warm."""
DRAIN_S: Final = 0.5

LATEST_P99_MS: Final = 20.0
GENERATOR_LATE_MS: Final = 5.0
"""A generator whose 99th percentile leaves later than this after its time makes the run void."""
BUDGET_S: Final = 290.0
"""For all runs of one row, so that both rows are done within ten minutes."""

FLOOR_PACKETS: Final = 300_000


@dataclass(frozen=True, slots=True)
class Run:
    """One probe or run of `calls` bridged calls."""

    calls: int
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
        """CPU of the plane's whole process for each 100 calls, in percent of a core."""
        return 100 * self.cpu_s / self.seconds / (self.calls / 100)

    @property
    def us_per_packet(self) -> float:
        """CPU of the plane's whole process for each packet that it relayed."""
        return self.cpu_s * 1e6 / self.sent

    def __str__(self) -> str:
        others_pct = 100 * self.others_s / self.seconds
        words = "void" if self.void else ("clean" if self.clean else "fails")
        return (
            f"{self.calls} calls, {self.seconds:g} s: {words}; lost {self.lost} of {self.sent}, delay p50"
            f" {self.delay_p50_ms:.2f} p99 {self.delay_p99_ms:.2f} ms, {self.us_per_packet:.1f} µs a packet,"
            f" generator p99 {self.lag_p99_ms:.2f} ms late, others had {others_pct:.0f} % of the core"
            + "".join(f"; {error}" for error in self.errors[:1])
        )


def run(progress: Progress) -> Rows:
    """The media rows; those of what is not built yet are left out, those without a sound run are None."""
    _raise_descriptor_limit()
    cores.stay(cores.LOAD)
    cores.go_first()
    floor = _floor_us()
    progress(f"media: the kernel's floor is {floor:.2f} µs a packet")
    rows: Rows = {"floor_us_per_packet": round(floor, 2)}
    with PlaneProcess(cores.MEASURED) as plane:
        most = min(MOST_CALLS, plane.capacity() // 2)
        for rows_of in (_relay_rows, _record_rows):
            try:
                rows |= rows_of(MediaBench(plane, progress, time.monotonic() + BUDGET_S), most)
            except NoLimit as error:
                progress(f"media: no figure: {error}")
    return rows


def _relay_rows(bench: "MediaBench", most: int) -> Rows:
    limit = find_limit(bench.relay, LEAST_CALLS, most)
    compared = limit
    if limit.load > CPU_AT_CALLS:
        with contextlib.suppress(NoLimit):
            compared = run_at(bench.relay, CPU_AT_CALLS)
    return {
        "relay_calls": limit.load,
        "relay_p99_ms": round(limit.median(lambda run: run.delay_p99_ms), 2),
        "relay_us_per_packet": round(compared.median(lambda run: run.us_per_packet), 2),
        "cpu_pct_per_100_bridged": round(compared.median(lambda run: run.cpu_pct_per_100), 2),
    }


def _record_rows(bench: "MediaBench", most: int) -> Rows:
    return {"record_calls": find_limit(bench.record, LEAST_CALLS, most).load}


class MediaBench:
    """Loads a plane with calls and says how it went, until `deadline` (monotonic); NoLimit after it."""

    def __init__(self, plane: PlaneProcess, progress: Progress, deadline: float) -> None:
        self._plane = plane
        self._progress = progress
        self._deadline = deadline

    def relay(self, calls: int, seconds: float) -> Run:
        """So many bridged calls."""
        return self._measure("relay", calls, seconds, None)

    def record(self, calls: int, seconds: float) -> Run:
        """So many bridged calls, each recorded in stereo."""
        with tempfile.TemporaryDirectory(prefix="centralita-bench-") as directory:
            return self._measure("record", calls, seconds, Path(directory))

    def _measure(self, name: str, calls: int, seconds: float, recordings: Path | None) -> Run:
        if time.monotonic() + SETTLE_S + seconds > self._deadline:
            raise NoLimit(f"no load held within {BUDGET_S:.0f} s: this machine is too busy")
        with (
            _sockets(CALLERS, calls) as callers,
            _sockets(AGENTS, calls) as agents,
            _sockets(CALLERS, 1) as sink,
        ):
            legs = [leg for call in zip(callers, agents, strict=True) for leg in call]
            pairs = [
                (_endpoint(caller), _endpoint(agent)) for caller, agent in zip(callers, agents, strict=True)
            ]
            ports = self._plane.bridge(pairs, _endpoint(sink[0]), recordings)
            for leg, port in zip(legs, ports, strict=True):
                leg.connect((ADDRESS, port))
            load = Load([leg.fileno() for leg in legs])
            load.start()
            load.run(SETTLE_S, measured=False)
            before, busy_before_s = self._plane.usage(), cores.busy_s(cores.MEASURED)
            load.run(seconds, measured=True)
            after, busy_after_s = self._plane.usage(), cores.busy_s(cores.MEASURED)
            load.drain(DRAIN_S)
            errors = self._plane.close_all()
        if load.send_errors:
            errors.append(f"{load.send_errors} sends failed")
        result = Run(
            calls=calls,
            seconds=seconds,
            sent=load.sent,
            lost=load.sent - load.received,
            delay_p50_ms=load.delay_ms(0.5),
            delay_p99_ms=load.delay_ms(0.99),
            lag_p99_ms=load.lag_ms(0.99),
            cpu_s=after.cpu_s - before.cpu_s,
            others_s=max(busy_after_s - busy_before_s - (after.cpu_s - before.cpu_s), 0.0),
            errors=tuple(errors),
        )
        self._progress(f"media: {name} {result}")
        return result


@contextlib.contextmanager
def _sockets(address: str, count: int) -> Iterator[list[socket.socket]]:
    """Non-blocking UDP sockets on free ports of an address."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(count)]
        for each in sockets:
            each.setblocking(False)
            each.bind((address, 0))
        yield sockets


def _endpoint(of: socket.socket) -> Endpoint:
    host, port = of.getsockname()
    return host, port


def _floor_us() -> float:
    with _sockets(CALLERS, 1) as (sender,), _sockets(AGENTS, 1) as (receiver,):
        sender.connect(_endpoint(receiver))
        return floor_us(sender.fileno(), receiver.fileno(), FLOOR_PACKETS)


def _raise_descriptor_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard), hard))
