"""How long an input takes, and what the process holds: noise excluded."""

import os
import resource
from collections.abc import Callable
from pathlib import Path
from time import monotonic, thread_time
from typing import Final

MOST_S: Final = 0.010
"""CPU time that any one input may take."""
_TRIES: Final = 4


def cost_s(target: Callable[[bytes], None], data: bytes) -> float:
    """CPU seconds of an input, the least of some tries once the first was too long."""
    least = float("inf")
    for _ in range(_TRIES):
        started = thread_time()
        target(data)
        least = min(least, thread_time() - started)
        if least <= MOST_S:
            break
    return least


def resident_bytes() -> int:
    """What the process holds in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


class Samples:
    """Memory once a second, a line each: seconds since the start, bytes."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._started = self._last = monotonic()

    def take(self) -> None:
        """Write a line if a second has passed."""
        now = monotonic()
        if now - self._last >= 1.0:
            self._last = now
            os.write(self._file, f"{now - self._started:.0f} {resident_bytes()}\n".encode())


def growth(path: Path, settled_s: float) -> float | None:
    """Memory at the end over memory at `settled_s`; None where it did not run that long."""
    lines = [line.split() for line in path.read_text().splitlines()]
    settled = [int(held) for second, held in lines if float(second) >= settled_s]
    return settled[-1] / settled[0] if len(settled) > 1 else None
