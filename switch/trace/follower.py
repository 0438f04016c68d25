"""Somebody who watches messages as they pass, and sees those that his filter takes."""

import asyncio
from typing import Final

from switch.trace.filter import Filter
from switch.trace.message import LocalAddress, Message, message
from switch.trace.ring import Entry, Strand
from switch.trace.waiting import Waiting

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
        self._waiting = Waiting(WAITING, WAITING_BYTES)
        self._closed = False

    def put(self, strand: Strand, entry: Entry) -> None:
        """A message passed."""
        self.missed += not self._waiting.put(strand, entry)

    def close(self) -> None:
        """No more will come."""
        self._closed = True
        self._waiting.wake()

    async def next(self, timeout_s: float) -> list[Message] | None:
        """What came that is wanted; empty when nothing did in that time, None when it is over."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._next()
        except TimeoutError:
            return []

    async def _next(self) -> list[Message] | None:
        while not (self._closed and not self._waiting):
            taken = await self._waiting.take(AT_ONCE)
            seen = [message(strand, entry, self._local_address) for strand, entry in taken]
            if found := [each for each in seen if self._wanted.takes(each)]:
                return found
            await asyncio.sleep(0)
        return None
