"""Messages that wait for somebody slower than the wire: a bounded queue that drops what is too much."""

import asyncio
from collections import deque
from typing import Final

from switch.trace.ring import Entry, Strand

AT_ONCE_BYTES: Final = 32 * 1024
"""Of messages in one turn of the loop: to look at so many for secrets takes a millisecond, of the worst that
somebody may write two.
"""


class Waiting:
    """What a message is is looked at when it is taken, not when it passes: by then it is its call's."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._waiting: deque[tuple[Strand, Entry]] = deque()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, strand: Strand, entry: Entry) -> bool:
        """A message passed; False if there is no room for it."""
        if len(self._waiting) >= self._most or self._bytes >= self._most_bytes:
            return False
        self._waiting.append((strand, entry))
        self._bytes += len(entry[3])
        self._filled.set()
        return True

    def wake(self) -> None:
        """Let whoever waits go on though nothing has come."""
        self._filled.set()

    async def take(self, most: int) -> list[tuple[Strand, Entry]]:
        """So many at most, fewer where they are large, as soon as there is one; none after `wake`."""
        await self._filled.wait()
        taken: list[tuple[Strand, Entry]] = []
        size = 0
        while self._waiting and len(taken) < most and size < AT_ONCE_BYTES:
            taken.append(self._waiting.popleft())
            size += len(taken[-1][1][3])
        self._bytes -= size
        if not self._waiting:
            self._filled.clear()
        return taken
