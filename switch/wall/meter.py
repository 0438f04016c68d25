"""The meter: watches the toll while calls run, ends those beyond a limit, and keeps the book on disk."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from switch.wall.toll import Toll, Tollbook

TICK_S: Final = 2.0
"""While somebody talks the book on disk is at most this old: what kill -9 may lose of a call's length."""
APART_S: Final = 0.05
"""A change is written at once, unless the last one was not so long ago: then those until then together."""


class Meter:
    """Runs one `Toll` on the loop. `path` is written by another thread, whole and at once."""

    def __init__(
        self, toll: Toll, path: Path, loop: asyncio.AbstractEventLoop, now_us: Callable[[], int]
    ) -> None:
        self._toll = toll
        self._path = path
        self._loop = loop
        self._now_us = now_us
        self._timer: asyncio.TimerHandle | None = None
        self._saving: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._saved_at = -APART_S
        self._is_stale = False
        self._log = structlog.get_logger("toll")

    def start(self) -> None:
        """Go on where the former run ended, and watch from now on."""
        book = self._read()
        if book is not None:
            self._toll.restore(book, self._now_us())
        self._toll.on_change = self._changed
        self._arm()

    async def stop(self) -> None:
        """Write the book a last time."""
        self._toll.on_change = lambda: None
        for handle in (self._timer, self._saving):
            if handle is not None:
                handle.cancel()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        self._write(self._encoded())

    def tick(self) -> None:
        """End what has used up its minutes."""
        try:
            for spending in self._toll.over(self._now_us()):
                spending.on_limit()
            if self._toll.talking():
                self._changed()
        finally:  # whatever one call's end may raise, the guard stays awake
            self._arm()

    def _arm(self) -> None:
        self._timer = self._loop.call_later(self._toll.wake_s(self._now_us(), TICK_S) + 0.001, self.tick)

    def _changed(self) -> None:
        if self._saving is None:
            wait_s = max(0.0, self._saved_at + APART_S - self._loop.time())
            self._saving = self._loop.call_later(wait_s, self._save)

    def _save(self) -> None:
        self._saving = None
        if self._writing is not None:
            self._is_stale = True  # the disk is slow: once more when it is done
            return
        self._saved_at = self._loop.time()
        self._writing = self._loop.run_in_executor(None, self._write, self._encoded())
        self._writing.add_done_callback(self._written)

    def _written(self, writing: "asyncio.Future[None]") -> None:
        self._writing = None
        if self._is_stale:
            self._is_stale = False
            self._changed()

    def _encoded(self) -> bytes:
        return msgspec.json.encode(self._toll.book(self._now_us()))

    def _write(self, data: bytes) -> None:
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_bytes(data)
            os.replace(fresh, self._path)
        except OSError as error:
            self._log.error("cannot keep what was spent", path=str(self._path), error=str(error))

    def _read(self) -> Tollbook | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Tollbook)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
            self._log.error(
                "cannot read what was spent: it counts as nothing", path=str(self._path), error=str(error)
            )
            return None
