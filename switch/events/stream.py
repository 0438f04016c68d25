"""The stream: every event has a number, is encoded once, and stays for a while for those who come back.

A listener is a place in it and nothing else: who reads slowly costs the others nothing, and who is overtaken
by the end of what is kept gets everything anew, as a snapshot.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
from websockets.frames import Frame, Opcode

from switch.events.board import Board
from switch.events.filter import Filter
from switch.events.subject import Subject
from switch.events.types import Envelope, EventType
from switch.records import utc

MOST_BYTES: Final = 16_000_000
"""Of events that are kept: some minutes of a busy centre."""
MOST_EVENTS: Final = 50_000
AT_ONCE_BYTES: Final = 64_000
"""That one listener is told in one turn of the loop..."""
AT_ONCE: Final = 500
"""...and events that are looked at for him."""
_WAKES: Final = 50
"""Listeners that go on in one turn: a millisecond of work."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `frame` is the message of a WebSocket that tells it, the same for all."""

    seq: int
    type: EventType
    about: frozenset[Subject]
    json: bytes
    frame: bytes


class Stream:
    """All that was told lately."""

    def __init__(
        self, now_us: Callable[[], int], loop: asyncio.AbstractEventLoop, board: Board | None = None
    ) -> None:
        """`now_us` is UTC, and after a restart later than before it: numbers begin with it. As less than a
        million events are told in a second, none returns.
        """
        self.board = board or Board()
        self.counts: dict[EventType, int] = dict.fromkeys(EventType, 0)
        self.taken: list[Callable[[Entry], None]] = []
        """Who else is told of each event, at once."""
        self._now_us = now_us
        self._loop = loop
        self._entries: dict[int, Entry] = {}
        self._first = self._next = now_us()
        """Numbers of the oldest that is kept, and of the one to come."""
        self._bytes = 0
        self._waiting: list[asyncio.Future[None]] = []
        """Who has heard all, and..."""
        self._due: list[asyncio.Future[None]] = []
        """...who is to go on, since something was told. Whoever waits again is due by the next event."""
        self._waking = False

    @property
    def last(self) -> int:
        """The number of what was told last; whoever has a smaller one has not heard it."""
        return self._next - 1

    def tell(self, type: EventType, data: msgspec.Struct, about: Iterable[Subject] = ()) -> Entry:
        """Something happened."""
        json = self._encode(self._next, type, data)
        entry = Entry(self._next, type, frozenset(about), json, frame(json))
        self._entries[entry.seq] = entry
        self._next += 1
        self._bytes += len(json)
        self.counts[type] += 1
        while self._bytes > MOST_BYTES or len(self._entries) > MOST_EVENTS:
            self._bytes -= len(self._entries.pop(self._first).json)
            self._first += 1
        for take in self.taken:
            take(entry)
        self._wake()
        return entry

    def has(self, since: int) -> bool:
        """Whether all that came after that number is still there."""
        return self._first - 1 <= since <= self.last

    def after(self, since: int, wanted: Filter) -> tuple[int, list[bytes]]:
        """Some of the events after that number, as frames, and the number up to which they go."""
        frames: list[bytes] = []
        size = 0
        upto = min(since + AT_ONCE, self.last)
        for seq in range(since + 1, upto + 1):
            entry = self._entries[seq]
            if wanted.passes(entry.type, entry.about):
                frames.append(entry.frame)
                size += len(entry.frame)
                if size >= AT_ONCE_BYTES:
                    return seq, frames
        return upto, frames

    def snapshot(self, wanted: Filter) -> tuple[int, bytes]:
        """Everything, as a frame, and the number as of which it is."""
        data = msgspec.Raw(self.board.snapshot(wanted))
        return self.last, frame(self._encode(self.last, EventType.SNAPSHOT, data))

    async def more(self, since: int) -> None:
        """Wait until something is told after that number."""
        while self.last <= since:
            waiting = self._loop.create_future()
            self._waiting.append(waiting)
            await waiting

    def _encode(self, seq: int, type: EventType, data: msgspec.Struct | msgspec.Raw) -> bytes:
        time = utc(self._now_us()).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return msgspec.json.encode(Envelope(seq, time, type, data))  # type: ignore[arg-type]

    def _wake(self) -> None:
        self._due += self._waiting
        self._waiting.clear()
        if self._due and not self._waking:
            self._waking = True
            self._loop.call_soon(self._wake_some)

    def _wake_some(self) -> None:
        """A few in each turn of the loop: calls do not wait until the last of many has been told."""
        some, self._due = self._due[:_WAKES], self._due[_WAKES:]
        for waiting in some:
            if not waiting.done():
                waiting.set_result(None)
        self._waking = bool(self._due)
        if self._waking:
            self._loop.call_soon(self._wake_some)


def frame(json: bytes) -> bytes:
    """The message as it goes over a WebSocket from us, uncompressed: the same octets for every listener."""
    return Frame(Opcode.TEXT, json).serialize(mask=False)
