"""Overload: when new calls and registrations are refused, so that those in progress have the loop.

Two measures, both of lateness. The backlog: how long, by the kernel's clock, the oldest message of the last
wake-up had waited, where that wake-up left others behind it. The lag: how late the loop runs a timer; of the
last few the smallest, since a pause, or a machine that serves others for a moment, is no overload. New
requests are refused while either exceeds a share of the limit, and taken as soon as neither does: refusing is
cheap, so such a backlog is gone in a moment, and nearly all of the time goes to calls that were taken.
"""

from collections import deque
from enum import StrEnum
from typing import Final

CALM_AFTER_S: Final = 1.0
"""Overload is over when nothing had to be refused for so long."""
EARLY: Final = 0.6
"""The share of the limit at which it begins: who is refused shall hear it within the limit."""
TIGHT: Final = 0.4
"""The share that counts while it lasts."""
LAGS: Final = 6
"""So many timers in a row have to be late."""


class State(StrEnum):
    """Whether there is overload."""

    CALM = "calm"
    PRESSED = "pressed"


class Overload:
    """`limit_s` is `sip.overload.loop_lag`; 0 never refuses. Times are monotonic seconds."""

    def __init__(self, limit_s: float) -> None:
        self.state = State.CALM
        self._limit_s = limit_s
        self._backlogs_s: dict[int, float] = {0: 0.0}
        self._lags_s = deque([0.0], LAGS)
        self._refused_at = 0.0

    def configure(self, limit_s: float) -> None:
        """Judge by this limit from now on."""
        self._limit_s = limit_s

    def waited(self, socket: int, seconds: float) -> None:
        """The first message that a wake-up took from a socket had waited so long; 0 when it left none."""
        self._backlogs_s[socket] = seconds

    def lagged(self, seconds: float) -> None:
        """The loop ran a timer this late."""
        self._lags_s.append(seconds)

    def lateness(self) -> float:
        """How late we are, in seconds."""
        return max(min(self._lags_s), *self._backlogs_s.values())

    def refuses(self, now: float, patience: float = 1.0) -> bool:
        """Whether a request that would begin something new is to be refused now; it takes `patience` times
        the limit.
        """
        if self._limit_s <= 0.0:
            return False
        if self.state is State.PRESSED and now - self._refused_at > CALM_AFTER_S:
            self.state = State.CALM
        limit_s = self._limit_s * (EARLY if self.state is State.CALM else TIGHT)
        if self.lateness() < limit_s * patience:
            return False
        self.state, self._refused_at = State.PRESSED, now
        return True
