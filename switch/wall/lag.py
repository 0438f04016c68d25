"""How late the event loop runs: measured once for all who ask, often enough to tell an overload."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

INTERVAL_S: Final = 0.05


class Lag:
    """Measures from `start` to `stop`; each of `on_measured` hears the seconds each time."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *on_measured: Callable[[float], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._on_measured = on_measured
        self._now = now
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Measure from now on."""
        self._due = self._now() + INTERVAL_S
        self._timer = self._loop.call_later(INTERVAL_S, self._measure)

    def stop(self) -> None:
        """Measure no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _measure(self) -> None:
        late_s = max(0.0, self._now() - self._due)
        for on_measured in self._on_measured:
            on_measured(late_s)
        self.start()
