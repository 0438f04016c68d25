"""All webhooks of the configuration."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
import structlog

from switch.config.webhook import Webhook
from switch.events.stream import Entry, Stream
from switch.events.types import Alarm
from switch.webhooks.hook import Around, Hook
from switch.webhooks.outbox import Outbox
from switch.webhooks.post import Poster

_FOLDER: Final = "webhooks"


class Webhooks:
    """Each is told in a task of its own. `transport` replaces the network."""

    def __init__(
        self, stream: Stream, around: Around, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.hooks: dict[str, Hook] = {}
        self._around = around
        self._transport = transport
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        stream.taken.append(self._take)

    def configure(self, settings: Mapping[str, Webhook], data_dir: Path) -> None:
        """Have these from now on. What a webhook was still to be told stays for who takes its place."""
        for name, hook in list(self.hooks.items()):
            wanted = settings.get(name)
            if wanted != hook.settings:
                del self.hooks[name]
                self._end(hook, self._tasks.pop(name))
                if wanted is not None:
                    self._begin(name, wanted, hook.outbox)
                else:
                    hook.outbox.close()
        for name, wanted in settings.items():
            if name not in self.hooks and (outbox := self._open(name, data_dir)) is not None:
                self._begin(name, wanted, outbox)

    async def close(self) -> None:
        """Tell nothing more. What was not told is on disk."""
        self.configure({}, Path())
        if self._ending:
            await asyncio.wait(self._ending)

    def _open(self, name: str, data_dir: Path) -> Outbox | None:
        folder = data_dir / _FOLDER / f"to-{quote(name, safe='')}"
        try:
            return Outbox(folder)
        except OSError as error:
            structlog.get_logger("webhook").error(
                "webhook cannot keep events", webhook=name, error=str(error)
            )
            detail = f"told nothing, its events cannot be kept: {error}; then: centralita reload"
            self._around.alarms.begin(Alarm.WEBHOOK_DEAD, name, detail)
            return None

    def _begin(self, name: str, settings: Webhook, outbox: Outbox) -> None:
        hook = Hook(name, settings, outbox, Poster(name, settings, self._transport), self._around)
        self._around.alarms.over(Alarm.WEBHOOK_DEAD, name)
        self.hooks[name] = hook
        self._tasks[name] = asyncio.get_running_loop().create_task(self._run(hook), name=f"webhook {name}")

    async def _run(self, hook: Hook) -> None:
        while True:
            try:
                await hook.run()
            except Exception:  # noqa: BLE001 - a task's edge: one fault must not end a webhook for good
                structlog.get_logger("webhook").exception("webhook stumbled", webhook=hook.name)
                await asyncio.sleep(1)

    def _end(self, hook: Hook, task: asyncio.Task[None]) -> None:
        """What it was still to be told is somebody else's from now on."""
        task.cancel()
        ending = asyncio.get_running_loop().create_task(self._ended(hook, task))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _ended(self, hook: Hook, task: asyncio.Task[None]) -> None:
        await asyncio.wait({task})
        await hook.close()

    def _take(self, entry: Entry) -> None:
        for hook in self.hooks.values():
            hook.take(entry)
