"""When the garbage collector runs: a little and often, and over everything only when nobody is on the line.

Left to itself it counts allocations less deallocations. In a steady load these cancel out, so that its young
generation grows to all the calls of the last half minute before it looks, and looking then stops the loop for
50 ms. Calls leave it nothing to find; what it does find (requests of the API, errors) dies young.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Final

YOUNG_S: Final = 0.1
"""How often the objects made since the last time are looked at: 2 ms at 250 calls a second."""
QUIET_S: Final = 600.0
"""How often everything is looked at if no call is in progress then."""
BUSY_S: Final = 3600.0
"""How often at the latest: 50 ms for 600,000 objects."""


class Collector:
    """Runs the collector in place of the interpreter's own schedule, from `start` to `stop`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, is_quiet: Callable[[], bool]) -> None:
        """`is_quiet` says whether a pause now would disturb no call."""
        self._loop = loop
        self._is_quiet = is_quiet
        self._timer: asyncio.TimerHandle | None = None
        self._collected_at = 0.0

    def start(self) -> None:
        """What there is by now is taken to stay, and never looked at again."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self._collected_at = self._loop.time()
        self._arm()

    def stop(self) -> None:
        """Back to the interpreter's own schedule."""
        if self._timer is not None:
            self._timer.cancel()
        gc.unfreeze()
        gc.enable()

    def _arm(self) -> None:
        self._timer = self._loop.call_later(YOUNG_S, self._collect)

    def _collect(self) -> None:
        now = self._loop.time()
        if now - self._collected_at >= (QUIET_S if self._is_quiet() else BUSY_S):
            self._collected_at = now
            gc.collect()
        else:
            gc.collect(0)
        self._arm()
