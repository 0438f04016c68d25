"""Which lines of the log are written: as configured, and for a while otherwise, for a logger or for one call.

What is asked for while the switch runs ends by itself: nobody has to remember a log that fills a disk.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from structlog import DropEvent
from structlog.typing import EventDict

from switch.config.logs import Level, Logger, Logs

RANK: Final = {level: rank for rank, level in enumerate(Level)}
_LEVELS: Final = {
    **{level.value: level for level in Level},
    "warn": Level.WARNING,
    "exception": Level.ERROR,
    "critical": Level.ERROR,
}
"""By the method that writes the line."""


class LogChange(msgspec.Struct, frozen=True, kw_only=True):
    """A level that holds for a while, for one logger or for all, in one call or in all."""

    level: Level
    logger: Logger | None
    call: str | None
    until: datetime


class LogRow(msgspec.Struct, frozen=True, kw_only=True):
    """How much is written now."""

    level: Level
    levels: dict[Logger, Level]
    changes: tuple[LogChange, ...]
    """What holds for a while, the first that ends first."""


class Levels:
    """The levels of one process. Changed in the loop's thread, asked in any."""

    def __init__(self) -> None:
        self.tells_debug = False
        """Whether any line of level debug may be written: asked before one is made."""
        self.on_change: Callable[[], None] = lambda: None
        self._configured = Logs()
        self._changes: dict[tuple[Logger | None, str | None], LogChange] = {}
        self._timers: dict[tuple[Logger | None, str | None], asyncio.TimerHandle] = {}

    def configure(self, logs: Logs) -> None:
        """What the configuration says; changes for a while stay."""
        self._configured = logs
        self._changed()

    def change(
        self, level: Level, for_s: float, *, logger: Logger | None = None, call: str | None = None
    ) -> None:
        """From now on, for so long; in place of what was asked for the same before."""
        key = (logger, call)
        self._forget(key)
        until = datetime.now(UTC) + timedelta(seconds=for_s)
        self._changes[key] = LogChange(level=level, logger=logger, call=call, until=until)
        self._timers[key] = asyncio.get_running_loop().call_later(for_s, self.revert, logger, call)
        self._changed()

    def revert(self, logger: Logger | None = None, call: str | None = None) -> None:
        """Before its time, or at it. What is not there changes nothing."""
        self._forget((logger, call))
        self._changed()

    def row(self) -> LogRow:
        """How much is written now."""
        changes = sorted(self._changes.values(), key=lambda change: change.until)
        return LogRow(level=self._configured.level, levels=self._configured.levels, changes=tuple(changes))

    def admits(self, logger: str, level: Level, call: str | None = None) -> bool:
        """Whether a line of that level is written. For a call it may be more than otherwise, never less."""
        least = RANK[self._usual(logger)]
        if call is not None:
            for named in (None, logger):
                change = self._changes.get((named, call))  # type: ignore[arg-type]
                least = least if change is None else min(least, RANK[change.level])
        return RANK[level] >= least

    def choose(self, logger: object, method: str, event: EventDict) -> EventDict:
        """A processor, before all others: drops what is not to be written."""
        call = event.get("call")
        name = getattr(logger, "name", "")
        if not self.admits(name, _LEVELS.get(method, Level.INFO), call if isinstance(call, str) else None):
            raise DropEvent
        return event

    def _usual(self, logger: str) -> Level:
        for named in (logger, None):
            if (change := self._changes.get((named, None))) is not None:  # type: ignore[arg-type]
                return change.level
        return self._configured.levels.get(logger, self._configured.level)  # type: ignore[call-overload,no-any-return]

    def _changed(self) -> None:
        levels = [self._configured.level, *self._configured.levels.values()]
        levels += [change.level for change in self._changes.values()]
        self.tells_debug = Level.DEBUG in levels
        self.on_change()

    def _forget(self, key: tuple[Logger | None, str | None]) -> None:
        self._changes.pop(key, None)
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
