"""When the garbage collector runs: in a quiet moment, or when so much has piled up that it must be garbage.

Calls leave it nothing to find, and each look at the objects of some hundred calls stops the loop for 50 ms or
more. The interpreter looks when allocations exceed deallocations by a little: in a steady load, by chance.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Final

QUIET_S: Final = 600.0
"""How long after the last time a moment without calls is taken."""
GROWTH: Final = 2_000_000
"""So many objects more than were given back since: calls in progress and the trace do not come near it."""

_LOOK_S: Final = 1.0


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
        gc.disable()
        self._collect()
        gc.freeze()
        self._arm()

    def stop(self) -> None:
        """Back to the interpreter's own schedule."""
        if self._timer is not None:
            self._timer.cancel()
        gc.unfreeze()
        gc.enable()

    def _arm(self) -> None:
        self._timer = self._loop.call_later(_LOOK_S, self._look)

    def _look(self) -> None:
        due = self._loop.time() - self._collected_at >= QUIET_S
        if (due and self._is_quiet()) or gc.get_count()[0] > GROWTH:
            self._collect()
        self._arm()

    def _collect(self) -> None:
        self._collected_at = self._loop.time()
        gc.collect()
