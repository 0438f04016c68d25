"""Where the names of the configuration lead: looked up in the background, so that dialling never waits.

What was found holds until it is found again: a name server that is down for an hour stops no call.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import structlog

from sip.aio.resolver import Found, LookupFailed
from sip.location import Destination, Located, Server, locate

_SOONEST_S: Final = 5.0
"""However short a TTL is: some name servers say 0."""
_RETRY_S: Final = 10.0
_EARLY: Final = 0.9
"""Names are asked for again a little before what we know runs out."""


class Locator(Protocol):
    """Whoever asks DNS (`sip.aio.resolver`)."""

    async def locate(self, destination: Destination) -> Found:
        """Raises LookupFailed."""
        ...


class _Entry:
    """One name: what is known of it, and what will find out more."""

    def __init__(self) -> None:
        self.servers: tuple[Server, ...] = ()
        self.guessed = False
        self.task: asyncio.Task[float] | None = None
        self.timer: asyncio.TimerHandle | None = None

    def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
        if self.timer is not None:
            self.timer.cancel()


class Directory:
    """The servers of every destination that is watched. `on_change` hears when some of them are others."""

    def __init__(
        self, locator: Locator, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]
    ) -> None:
        self._locator = locator
        self._loop = loop
        self._on_change = on_change
        self._entries: dict[Destination, _Entry] = {}
        self._log = structlog.get_logger("dns")

    def watch(self, destinations: Iterable[Destination]) -> None:
        """Know these and no others from now on. Addresses are known at once, names when DNS has answered."""
        wanted = set(destinations)
        for destination in self._entries.keys() - wanted:
            self._entries.pop(destination).close()
        for destination in wanted - self._entries.keys():
            entry = self._entries[destination] = _Entry()
            match locate(destination, {}):
                case Located(servers):
                    entry.servers = servers
                case _:
                    self._ask(destination, entry)

    def servers(self, destination: Destination) -> tuple[Server, ...]:
        """Where it leads, as far as we know."""
        entry = self._entries.get(destination)
        return () if entry is None else entry.servers

    def close(self) -> None:
        """No more questions."""
        self.watch(())

    def _ask(self, destination: Destination, entry: _Entry) -> None:
        entry.timer = None
        entry.task = self._loop.create_task(self._look_up(destination, entry))
        entry.task.add_done_callback(lambda task: self._asked(destination, entry, task))

    def _asked(self, destination: Destination, entry: _Entry, task: asyncio.Task[float]) -> None:
        """Whatever came of it, the name is asked for again, unless it is watched no more."""
        if task.cancelled() or self._entries.get(destination) is not entry:
            return
        error = task.exception()
        if error is not None:
            self._log.warning("cannot look up", name=destination.host, error=str(error))
        again_s = _RETRY_S if error is not None else task.result()
        entry.timer = self._loop.call_later(again_s, self._ask, destination, entry)

    async def _look_up(self, destination: Destination, entry: _Entry) -> float:
        """For how many seconds what was found holds. Raises LookupFailed."""
        found = await self._locator.locate(destination)
        if found.guessed and entry.servers and not entry.guessed:
            raise LookupFailed(f"{destination.host}: no answer for SRV, and what is known came from there")
        entry.guessed = found.guessed
        if not found.servers:
            self._log.warning("no such name, or nothing for SIP there", name=destination.host)
        if found.servers != entry.servers:
            entry.servers = found.servers
            self._log.info("found", name=destination.host, servers=len(found.servers))
            self._on_change()
        return max(_SOONEST_S, found.ttl_s * _EARLY)
