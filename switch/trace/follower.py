"""Somebody who watches messages as they pass, and sees those that his filter takes."""

import asyncio
from collections import deque
from typing import Final

from switch.trace.filter import Filter
from switch.trace.message import LocalAddress, Message, message
from switch.trace.ring import Entry, Strand

WAITING: Final = 5000
"""Messages that may wait for a follower who reads slowly; more are missed."""
WAITING_BYTES: Final = 8 * 1024 * 1024
AT_ONCE: Final = 40
"""Messages looked at in one turn of the loop: some 1 ms of work."""


class Follower:
    """One follower's queue. `missed` counts what had no room in it."""

    def __init__(self, wanted: Filter, local_address: LocalAddress) -> None:
        self.missed = 0
        self._wanted = wanted
        self._local_address = local_address
        self._waiting: deque[tuple[Strand, Entry]] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()
        self._closed = False

    def put(self, strand: Strand, entry: Entry) -> None:
        """A message passed. What it is is looked at later: now it may not have been given to its call yet."""
        if len(self._waiting) >= WAITING or self._bytes >= WAITING_BYTES:
            self.missed += 1
            return
        self._waiting.append((strand, entry))
        self._bytes += len(entry[3])
        self._changed.set()

    def close(self) -> None:
        """No more will come."""
        self._closed = True
        self._changed.set()

    async def next(self, timeout_s: float) -> list[Message] | None:
        """What came that is wanted; empty when nothing did in that time, None when it is over."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._next()
        except TimeoutError:
            return []

    async def _next(self) -> list[Message] | None:
        while True:
            await self._changed.wait()
            found = [each for each in self._take() if self._wanted.takes(each)]
            if found:
                return found
            if self._closed and not self._waiting:
                return None
            await asyncio.sleep(0)

    def _take(self) -> list[Message]:
        taken = []
        for _ in range(min(AT_ONCE, len(self._waiting))):
            strand, entry = self._waiting.popleft()
            self._bytes -= len(entry[3])
            taken.append(message(strand, entry, self._local_address))
        if not self._waiting and not self._closed:
            self._changed.clear()
        return taken
