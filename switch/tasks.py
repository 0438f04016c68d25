"""What runs beside the calls: started by the server, and ended before what it works with is closed."""

import asyncio
from collections.abc import Coroutine
from typing import Final

import structlog

_PATIENCE_S: Final = 5.0
"""How long a task may take over its end."""


class Tasks:
    """Each runs until it is done, or until `end`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("server")

    def start(self, **works: Coroutine[object, object, object]) -> None:
        """Let them run, by name. What one raises is logged."""
        for name, work in works.items():
            task = self._loop.create_task(self._run(name, work), name=name)
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def end(self) -> None:
        """Cancel those that run, and wait until they are over."""
        running = set(self._running)
        for task in running:
            task.cancel()
        if running:
            _, still = await asyncio.wait(running, timeout=_PATIENCE_S)
            for task in still:
                self._log.error("a task does not end", task=task.get_name())

    async def _run(self, name: str, work: Coroutine[object, object, object]) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001 - a task's edge: nobody waits for what it says
            self._log.exception("a task failed", task=name)
