"""One listener at a WebSocket: a snapshot where he needs one, then what is told, as fast as he reads."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from switch.events.filter import Filter
from switch.events.stream import Stream

MOST: Final = 500
"""Listeners at once."""
_REST_S: Final = 0.02
"""Between two writes to one listener, at least, and at most twice that: what is told meanwhile goes together.
Not the same for all, so that not all are told in one turn of the loop.
"""

Write = Callable[[bytes], Awaitable[None]]


class Listeners:
    """Everybody who listens."""

    def __init__(self, stream: Stream, most: int = MOST) -> None:
        self.stream = stream
        self.snapshots = 0
        """That were told: to who came, and who was overtaken."""
        self.overtaken = 0
        self.count = 0
        self._most = most

    @property
    def has_room(self) -> bool:
        """Whether one more may listen."""
        return self.count < self._most

    async def tell(self, write: Write, since: int | None, wanted: Filter) -> None:
        """Write whole frames until cancelled. `write` returns when there is room for more: while it does not,
        only this listener falls behind.
        """
        stream, rest_s = self.stream, _REST_S * (1 + random.random())
        self.count += 1
        try:
            if since is None or not stream.has(since):
                since = await self._anew(write, wanted)
            while True:
                await stream.more(since)
                if not stream.has(since):
                    self.overtaken += 1
                    since = await self._anew(write, wanted)
                    continue
                since, frames = stream.after(since, wanted)
                if frames:
                    await write(b"".join(frames))
                    await asyncio.sleep(rest_s)
        finally:
            self.count -= 1

    async def _anew(self, write: Write, wanted: Filter) -> int:
        self.snapshots += 1
        since, snapshot = self.stream.snapshot(wanted)
        await write(snapshot)
        return since
