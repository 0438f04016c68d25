"""Alarms: one line in the log when a phone or trunk meets a limit of its toll, and not one for each call."""

from collections.abc import Callable
from typing import Final

import structlog

from switch.peers import Peer, PhonePeer
from switch.toll.guard import TollLimit

REPEAT_US: Final = 15 * 60 * 1_000_000
"""Whoever goes on beyond a limit is named again after this time."""


class TollAlarms:
    """Implements `TollGuard`'s `on_alarm`: at once, at error level, counted."""

    def __init__(
        self,
        refused: Callable[[TollLimit], None],
        alarmed: Callable[[TollLimit], None],
        tell: Callable[[str, str], None] = lambda subject, detail: None,
    ) -> None:
        """`refused` counts each call that met a limit, `alarmed` each line, and `tell` says it to others."""
        self._refused = refused
        self._alarmed = alarmed
        self._tell = tell
        self._raised: dict[tuple[Peer, TollLimit], int] = {}
        self._log = structlog.get_logger("toll")

    def __call__(self, origin: Peer, limit: TollLimit, now_us: int) -> None:
        """A call of `origin` met this limit."""
        self._refused(limit)
        last_us = self._raised.get((origin, limit))
        if last_us is not None and last_us <= now_us < last_us + REPEAT_US:
            return
        self._raised[origin, limit] = now_us
        self._alarmed(limit)
        kind = "phone" if isinstance(origin, PhonePeer) else "trunk"
        self._tell(f"{kind} {origin.name}", f"toll limit reached: {limit.value}")
        self._log.error("toll limit reached", limit=limit.value, **{kind: origin.name})
