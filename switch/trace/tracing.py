"""All of it together: what the SIP shell shows, to the ring, to followers and to the Homer server."""

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from sip.aio.shell import OnWire
from switch.config.schema import Trace
from switch.trace.exporter import HepExporter, HepResult
from switch.trace.filter import Filter
from switch.trace.follower import AT_ONCE, Follower
from switch.trace.message import Message, message, messages
from switch.trace.ring import Entry, Observer, Ring, Strand
from switch.trace.waiting import AT_ONCE_BYTES

FOLLOWERS: Final = 8


class TooManyFollowers(Exception):
    """Each costs the loop time for each message."""


class Wire(Protocol):
    """What tracing needs of the SIP shell."""

    on_wire: OnWire | None

    def local_address_for(self, remote: str) -> str:
        """The address the kernel would send from. Raises OSError."""
        ...


class Tracing:
    """What was and is on the wire, for people."""

    def __init__(self, wire: Wire, now_us: Callable[[], int], now: Callable[[], float]) -> None:
        self.hep: Counter[HepResult] = Counter(dict.fromkeys(HepResult, 0))
        self._wire = wire
        self._settings: Trace | None = None
        self._ring = Ring(0, now_us, now)
        self._exporter: HepExporter | None = None
        self._followers: list[Follower] = []
        self._told: Callable[[Message], None] | None = None

    def configure(self, settings: Trace) -> None:
        """Follow the configuration, at the start and at each reload."""
        former, self._settings = self._settings, settings
        self._ring.resize(settings.calls)
        if former is None or _server(former) != _server(settings):
            self._export(settings)
        self._listen()

    def close(self) -> None:
        """Listen no more; followers hear of it."""
        self._wire.on_wire = None
        if self._exporter is not None:
            self._exporter.close()
        for follower in self._followers:
            follower.close()

    def claim(self, call: str, sip_call_id: str, party: str = "") -> None:
        """The messages with this SIP Call-ID are a leg of our call: `party` says whose."""
        if self._wire.on_wire is not None:
            self._ring.claim(call, sip_call_id, party)

    def call(self, call: str, *, after: int = 0, most: int) -> list[Message] | None:
        """Messages of one of our calls in order, `most` of those behind number `after`, fewer where they are
        large.

        None where they are not kept, or not any more.
        """
        strands = self._ring.call(call)
        if strands is None:
            return None
        return messages(strands, self._local_address, after=after, most=most)

    @property
    def keeps(self) -> bool:
        """Whether messages are kept at all."""
        return self._settings is not None and self._settings.calls > 0

    async def recent(self, wanted: Filter, most: int) -> list[Message]:
        """The last messages that the filter takes, of those that are kept; the loop runs between."""
        if most == 0:
            return []
        newest: list[tuple[int, Message]] = []
        looked_at = size = 0
        for strand in reversed(self._ring.strands()):
            for entry in list(strand.entries):
                if len(newest) == most and entry[0] < newest[0][0]:
                    continue
                found = message(strand, entry, self._local_address)
                if wanted.takes(found):
                    (heapq.heappush if len(newest) < most else heapq.heappushpop)(newest, (entry[0], found))
                looked_at, size = looked_at + 1, size + len(entry[3])
                if looked_at >= AT_ONCE or size >= AT_ONCE_BYTES:
                    looked_at = size = 0
                    await asyncio.sleep(0)
        return [found for _, found in sorted(newest, key=lambda pair: pair[0])]

    @property
    def has_room(self) -> bool:
        """Whether one more may follow."""
        return self.followers < FOLLOWERS

    @property
    def followers(self) -> int:
        """How many follow now."""
        return len(self._followers)

    @contextmanager
    def follow(self, wanted: Filter) -> Iterator[Follower]:
        """Watch what passes while the context lasts. Raises TooManyFollowers."""
        if not self.has_room:
            raise TooManyFollowers(f"{FOLLOWERS} follow already: end one of them first")
        follower = Follower(wanted, self._local_address)
        self._followers.append(follower)
        self._listen()
        try:
            yield follower
        finally:
            self._followers.remove(follower)
            self._listen()

    def tell(self, whom: Callable[[Message], None] | None) -> None:
        """Each message from now on, as it passes; None: nobody any more."""
        self._told = whom
        self._listen()

    # Inside

    def _export(self, settings: Trace) -> None:
        if self._exporter is not None:
            self._exporter.close()
            self._exporter = None
        if settings.hep is not None:
            secret = settings.hep_secret.get_secret_value() if settings.hep_secret is not None else None
            self._exporter = HepExporter(settings.hep, settings.hep_id, secret, self._local_address, self.hep)

    def _listen(self) -> None:
        """Have the shell show messages if there is anybody to see them."""
        observers: list[Observer] = [follower.put for follower in self._followers]
        if self._exporter is not None:
            observers.append(self._exporter.put)
        if (told := self._told) is not None:
            observers.append(lambda strand, entry: told(message(strand, entry, self._local_address)))
        self._ring.on_message = _all(observers) if len(observers) > 1 else next(iter(observers), None)
        self._wire.on_wire = self._ring.saw if self.keeps or observers else None

    def _local_address(self, remote: str) -> str:
        try:
            return self._wire.local_address_for(remote)
        except OSError:  # the way there is gone since
            return "::" if ":" in remote else "0.0.0.0"


def _server(settings: Trace) -> tuple[object, ...]:
    return settings.hep, settings.hep_id, settings.hep_secret


def _all(observers: list[Observer]) -> Observer:
    def tell(strand: Strand, entry: Entry) -> None:
        for observer in observers:
            observer(strand, entry)

    return tell
