"""Watches the toll while calls run: ends those beyond a limit, and keeps the book on disk."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog

from switch.toll.guard import Spent, TollGuard

TICK_S: Final = 2.0
"""While somebody talks the book on disk is about this old: what kill -9 may lose of a call's length."""
APART_S: Final = 0.05
"""A change is written at once, unless the last one was not so long ago: then those until then together."""
RETRY_S: Final = 5.0
"""What could not be written is tried again as soon as this."""
_REST: Final = 9
"""So many times as long as writing took it rests: with thousands of phones the whole book is megabytes."""
_AT_ONCE_BYTES: Final = 16 * 1024
"""Of the book in one turn of the loop: some 1 ms of work."""


class TollWatch:
    """Runs one `TollGuard` on the loop. `path` is written by another thread, whole and at once.

    Only what changed is encoded, a little in each turn of the loop; of the rest the former pages are good.
    """

    def __init__(
        self, toll: TollGuard, path: Path, loop: asyncio.AbstractEventLoop, now_us: Callable[[], int]
    ) -> None:
        self._toll = toll
        self._path = path
        self._loop = loop
        self._now_us = now_us
        self._timer: asyncio.TimerHandle | None = None
        self._pages: dict[tuple[str, str], bytes] = {}
        """What each has spent, encoded, by kind and name."""
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._failing = False
        """The last try to write failed, and the log has it."""
        self._log = structlog.get_logger("toll")

    def start(self) -> None:
        """Go on where the former run ended, and watch from now on."""
        self._toll.on_change = self._changed.set
        self._toll.restore(self._read(), self._now_us())
        self._keeping = self._loop.create_task(self._keep(), name="toll")
        self._arm()

    async def stop(self) -> None:
        """Write the book a last time."""
        if self._timer is not None:
            self._timer.cancel()
        self._stopping.set()
        self._toll.talk_goes_on()
        self._changed.set()
        if self._keeping is not None:
            await self._keeping

    def tick(self) -> None:
        """End what has used up its minutes."""
        try:
            for spending in self._toll.over(self._now_us()):
                spending.on_limit()
            self._toll.talk_goes_on()
        finally:  # whatever one call's end may raise, the guard stays awake
            self._arm()

    def _arm(self) -> None:
        self._timer = self._loop.call_later(self._toll.wake_s(self._now_us(), TICK_S) + 0.001, self.tick)

    async def _keep(self) -> None:
        while self._changed.is_set() or not self._stopping.is_set():
            await self._changed.wait()
            self._changed.clear()
            begun = self._loop.time()
            await self._try_to_save()
            spent_s = self._loop.time() - begun
            await self._rest(RETRY_S if self._failing else max(APART_S, spent_s * _REST))
            if self._failing and not self._stopping.is_set():
                self._changed.set()

    async def _try_to_save(self) -> None:
        try:
            await self._save()
        except Exception as error:  # noqa: BLE001 - a task's edge: it is tried again
            if not self._failing:
                ours = not isinstance(error, OSError)
                self._log.error(
                    "cannot keep what was spent", path=str(self._path), error=str(error), exc_info=ours
                )
            self._failing = True
        else:
            if self._failing:
                self._log.info("what was spent is kept again", path=str(self._path))
            self._failing = False

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _save(self) -> None:
        size = 0
        for spent in self._toll.changes(self._now_us):
            page = self._pages[spent.kind, spent.name] = msgspec.json.encode(spent)
            size += len(page)
            if size > _AT_ONCE_BYTES:
                size = 0
                await asyncio.sleep(0)
        await self._loop.run_in_executor(None, self._write, list(self._pages.values()))

    def _write(self, pages: list[bytes]) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(b"[%b]" % b",".join(pages))
        os.replace(fresh, self._path)

    def _read(self) -> tuple[Spent, ...]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=tuple[Spent, ...])
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
            self._log.error(
                "cannot read what was spent: it counts as nothing", path=str(self._path), error=str(error)
            )
            return ()
