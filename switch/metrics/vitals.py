"""How the process itself is doing: that it lives, and the pauses of the garbage collector."""

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Final

from switch.metrics.metrics import Metrics

INTERVAL_S: Final = 0.5


class Vitals:
    """From `start` to `stop`: each collection is measured, and `on_beat` called twice a second."""

    def __init__(
        self, metrics: Metrics, loop: asyncio.AbstractEventLoop, on_beat: Callable[[], None]
    ) -> None:
        self._metrics = metrics
        self._on_beat = on_beat
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._collecting_since = 0.0

    def start(self) -> None:
        """Measure from now on."""
        gc.callbacks.append(self._collected)
        self._arm()

    def stop(self) -> None:
        """Measure no longer."""
        gc.callbacks.remove(self._collected)
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self) -> None:
        self._timer = self._loop.call_later(INTERVAL_S, self._beat)

    def _beat(self) -> None:
        self._arm()  # first: a beat that fails is not the last
        self._on_beat()

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._collecting_since = time.monotonic()
        else:
            self._metrics.gc_pause(time.monotonic() - self._collecting_since)
