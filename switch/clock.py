"""The router's clock: UTC in whole microseconds that never runs backwards and never jumps.

The wall clock is read once for the start. From then on time advances with the monotonic clock, and is slewed
towards the wall clock by at most 500 ppm (the slew of adjtime), so that a step of the system's
clock neither expires every deadline at once nor stops them all.
"""

from collections.abc import Callable

MAX_SLEW_PPM = 500
COMPARE_EVERY_US = 1_000_000  # how often the wall clock is looked at again


class Clock:
    """`wall_us` gives UTC microseconds, `monotonic` seconds as `time.monotonic`. `floor_us` is the last
    time that the journal knows: the clock starts after it, whatever the wall clock says."""

    __slots__ = ("_base_us", "_elapsed_at_base_us", "_monotonic", "_owed_us", "_start", "_wall_us")

    def __init__(self, wall_us: Callable[[], int], monotonic: Callable[[], float], floor_us: int = 0) -> None:
        self._wall_us = wall_us
        self._monotonic = monotonic
        self._start = monotonic()
        self._elapsed_at_base_us = 0
        wall = wall_us()
        self._base_us = max(wall, floor_us)  # the time at the last comparison
        self._owed_us = wall - self._base_us  # what the wall clock was ahead of it then

    def now_us(self) -> int:
        """UTC microseconds now."""
        elapsed_us = int((self._monotonic() - self._start) * 1_000_000)
        passed_us = elapsed_us - self._elapsed_at_base_us
        most_us = passed_us * MAX_SLEW_PPM // 1_000_000
        now_us = self._base_us + passed_us + max(-most_us, min(most_us, self._owed_us))
        if passed_us >= COMPARE_EVERY_US:
            self._base_us, self._elapsed_at_base_us = now_us, elapsed_us
            self._owed_us = self._wall_us() - now_us
        return now_us

    def seconds_until(self, due_us: int) -> float:
        """How long to sleep for the router's deadline; 0 if it has passed. Waking early does no harm."""
        return max(0, due_us - self.now_us()) / 1_000_000
