"""An event loop whose time is moved: where a loop would sleep, this one sets its clock forward."""

import asyncio
import selectors
from collections.abc import Mapping
from selectors import SelectorKey
from typing import Any

Ready = list[tuple[SelectorKey, int]]


class _Moving(selectors.BaseSelector):
    """Asks the kernel without waiting, and counts the time that would have passed."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self._kernel = selectors.DefaultSelector()

    def register(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        return self._kernel.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> SelectorKey:
        return self._kernel.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        return self._kernel.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> Ready:
        if timeout is None:
            raise RuntimeError("the test waits for what will never happen")
        ready = self._kernel.select(0)
        if not ready:
            self.passed_s += timeout
        return ready

    def close(self) -> None:
        self._kernel.close()

    def get_map(self) -> Mapping[Any, SelectorKey]:
        return self._kernel.get_map()


class MovedLoop(asyncio.SelectorEventLoop):
    """`asyncio.sleep(600)` takes no time, and all that was due in these ten minutes has happened after it.

    For code in one thread: what another thread does takes no time here.
    """

    def __init__(self) -> None:
        self._moving = _Moving()
        super().__init__(self._moving)

    def time(self) -> float:
        return self._moving.passed_s
