"""Digits that a caller is asked for: up to #, to as many as are wanted, or to a while after the last."""

from asyncio import AbstractEventLoop, Future, TimerHandle
from collections.abc import Callable
from typing import Final

FIRST_WITHIN_S: Final = 8.0
NEXT_WITHIN_S: Final = 4.0


class Gathering:
    """One answer of a caller. `begins` is called with the first digit."""

    def __init__(self, loop: AbstractEventLoop, most: int, begins: Callable[[], None]) -> None:
        self._loop = loop
        self._most = most
        self._begins = begins
        self._digits = ""
        self._complete: Future[None] = loop.create_future()
        self._timer: TimerHandle | None = None
        self._waiting = False

    def pressed(self, digit: str) -> None:
        """He pressed one."""
        if self._complete.done():
            return
        if not self._digits:
            self._begins()
        self._digits += digit.replace("#", "")
        if digit == "#" or len(self._digits) >= self._most:
            self._complete.set_result(None)
        elif self._waiting:
            self._wait(NEXT_WITHIN_S)

    async def digits(self) -> str:
        """Wait for the rest: all that he pressed, empty where it was nothing."""
        self._waiting = True
        self._wait(NEXT_WITHIN_S if self._digits else FIRST_WITHIN_S)
        try:
            await self._complete
        finally:
            self._stop()
        return self._digits

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._timer = self._loop.call_later(seconds, self._over)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        if not self._complete.done():
            self._complete.set_result(None)
