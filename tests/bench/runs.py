"""What one probe or run of calls came to, and whether it counts."""

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tests.bench import cores
from tests.bench.sipp_load import Counts

LATEST_P95_MS: Final = 100.0
GENERATOR_LATE_MS: Final = 20.0
"""A generator whose 99th percentile dials later than this after its time makes the run void."""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU of the switch's whole process, and what others had of its core."""

    cpu_s: float
    others_pct: float


class Meter:
    """What a process, and what everybody else, uses of core 0 from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began = time.monotonic()
        self._cpu_s, self._busy_s = cores.process_cpu_s(pid), cores.busy_s(cores.MEASURED)

    def read(self) -> Usage:
        """Until now."""
        cpu_s = cores.process_cpu_s(self._pid) - self._cpu_s
        others_s = max(cores.busy_s(cores.MEASURED) - self._busy_s - cpu_s, 0.0)
        return Usage(cpu_s, 100 * others_s / (time.monotonic() - self._began))


@dataclass(frozen=True, slots=True)
class Run:
    """One probe or run of so many calls, or registrations, a second."""

    name: str
    rate: int
    seconds: float
    counts: Counts
    taken: int
    """Calls that the far ends took; as many as were made where there are no far ends."""
    connects_s: list[float]
    """In order."""
    late_p99_ms: float
    usage: Usage

    @property
    def void(self) -> bool:
        return self.late_p99_ms > GENERATOR_LATE_MS

    @property
    def clean(self) -> bool:
        made = len(self.connects_s) == self.counts.successful == self.taken == self._asked
        return made and self.counts.failed == 0 and self.connect_ms(0.95) < LATEST_P95_MS

    @property
    def _asked(self) -> int:
        return int(self.rate * self.seconds)

    @property
    def cpu_ms_per_call(self) -> float:
        """CPU of the switch's whole process for each call."""
        return 1000 * self.usage.cpu_s / max(self.counts.created, 1)

    def connect_ms(self, part: float) -> float:
        """A percentile of the times to connect."""
        return 1000 * percentile(self.connects_s, part)

    def __str__(self) -> str:
        words = "void" if self.void else ("clean" if self.clean else "fails")
        counts = self.counts
        p50, p95, p99 = (self.connect_ms(part) for part in (0.5, 0.95, 0.99))
        return (
            f"{self.name} {self.rate}/s, {self.seconds:g} s: {words}; connected {len(self.connects_s)}"
            f" of {self._asked}, taken {self.taken}, failed {counts.failed},"
            f" retransmitted {counts.retransmissions}, p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} ms,"
            f" {self.cpu_ms_per_call:.2f} ms CPU each, generator p99 {self.late_p99_ms:.1f} ms late,"
            f" others had {self.usage.others_pct:.0f} % of the core"
            + (f"; {counts.error}" if counts.error else "")
        )


def percentile(ordered: list[float], part: float) -> float:
    """Of values in order; 0 where there are none."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def late_p99_ms(dialled_s: list[float], rate: float) -> float:
    """How late the generator dialled, p99, measured from the steady beat that fits its earliest calls."""
    behind_s = sorted(at_s - n / rate for n, at_s in enumerate(dialled_s))
    return 1000 * (percentile(behind_s, 0.99) - behind_s[0]) if behind_s else 0.0


def offer_latencies_s(
    asked_s: dict[int, float], asked: dict[int, str], freed_s: dict[int, float], freed: dict[int, str]
) -> list[float]:
    """For every call but an agent's first: from his last message of the call before to its INVITE."""
    turns: dict[str, list[tuple[float, int, bool]]] = {}
    for call, at_s in asked_s.items():
        turns.setdefault(asked[call], []).append((at_s, call, True))
    for call, at_s in freed_s.items():
        turns.setdefault(freed[call], []).append((at_s, call, False))
    latencies_s = []
    for turn in turns.values():
        turn.sort()
        for (before_s, _, was_asked), (at_s, _, is_asked) in pairwise(turn):
            if is_asked and not was_asked:
                latencies_s.append(at_s - before_s)
    return latencies_s
