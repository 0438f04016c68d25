"""Reports by the switch's own child processes: how long they take, and the most memory they ever have."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from switch.reports.request import Request
from switch.reports.runner import Runner, Work

_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Made:
    """What one of them came to."""

    rows: int
    took_s: float
    most_mb: float

    def __str__(self) -> str:
        return f"{self.rows} rows, {self.took_s:.1f} s, {self.most_mb:.0f} MB"


def peak_mb(child: int | None) -> float:
    """The most that a process has had in memory so far; 0 where there is none."""
    try:
        status = Path(f"/proc/{child}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    peak = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak[0].split()[1]) / 1024 if peak else 0.0


async def made(request: Request) -> Made:
    """By a child of its own. Raises CannotReport."""
    runner, work, most_mb = Runner(), Work(request, lambda progress: None), 0.0
    began_s = time.monotonic()
    making = asyncio.create_task(runner.run(work))
    while not making.done():
        await asyncio.wait([making], timeout=_LOOK_S)
        most_mb = max(most_mb, peak_mb(work.pid))
    done = await making
    runner.close()
    return Made(done.rows, time.monotonic() - began_s, most_mb)
