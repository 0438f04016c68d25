"""How many connections there may be, how long each may take, and which must go first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sip.aio.closing import Closed
from sip.aio.connection import Connection
from sip.flow import neighbourhood

INTRODUCTION_S: Final = 32.0
"""How long a connection may stay that nobody uses whom we know (64*T1)."""
MESSAGE_S: Final = 10.0
"""How long a message may take from its first byte to its last: who is slower only holds us up."""
PING_S: Final = 95.0
"""After so long a silence we keep a connection of ours open (RFC 5626 section 4.4.1)."""
PONG_S: Final = 10.0
QUIET_S: Final = 300.0
"""Silent for so long, even one that we know makes room for another."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections there may be, from one address (of IPv6: one /64), and how long in silence."""

    most: int = 4096
    per_address: int = 100
    idle_s: float = 3600.0


class ConnectionLimits:
    """Every open connection in the order of what it is worth.

    One that we made serves us; one that a known peer uses is worth more than a stranger's. Each of the
    queues below is kept in the order in which it comes due, so nothing is ever searched.
    """

    def __init__(self, now: Callable[[], float], bounds: Bounds) -> None:
        self.bounds = bounds
        self._now = now
        self._size = 0
        self._ours: dict[Connection, None] = {}
        self._strangers: dict[Connection, None] = {}
        """Those that nobody uses whom we know, the oldest first."""
        self._known: dict[Connection, None] = {}
        """The others that peers made, the longest silent first."""
        self._incomplete: dict[Connection, float] = {}
        """Those in the middle of a message, with its beginning, the oldest first."""
        self._from: dict[str, dict[Connection, None]] = {}
        """Those that peers made, by address."""

    def __len__(self) -> int:
        return self._size

    def add(self, connection: Connection) -> None:
        """One more."""
        self._size += 1
        if connection.is_ours:
            self._ours[connection] = None
        else:
            self._strangers[connection] = None
            self._from.setdefault(neighbourhood(connection.flow.remote[0]), {})[connection] = None

    def remove(self, connection: Connection) -> None:
        """One less."""
        self._size -= 1
        for queue in (self._ours, self._strangers, self._known, self._incomplete):
            queue.pop(connection, None)
        if not connection.is_ours:
            place = neighbourhood(connection.flow.remote[0])
            del self._from[place][connection]
            if not self._from[place]:
                del self._from[place]

    def introduce(self, connection: Connection) -> None:
        """Somebody whom we know uses it."""
        connection.introduced = True
        del self._strangers[connection]
        self._known[connection] = None

    def heard(self, connection: Connection) -> None:
        """Something came by it."""
        if connection in self._known:
            del self._known[connection]
            self._known[connection] = None
        if self._incomplete.get(connection) != connection.begun_at:
            self._incomplete.pop(connection, None)
            if connection.begun_at is not None:
                self._incomplete[connection] = connection.begun_at

    def refusal(self, newcomer: Connection) -> Closed | None:
        """Why there is no room for a peer's connection; None where there is, or somebody has made it."""
        neighbours = self._from.get(neighbourhood(newcomer.flow.remote[0]), {})
        if len(neighbours) >= self.bounds.per_address and not self._made_by(_least(neighbours)):
            return Closed.TOO_MANY_OF_ADDRESS
        return None if self.has_room() else Closed.TOO_MANY

    def has_room(self) -> bool:
        """Whether one more fits; who is worth least makes room."""
        if self._size < self.bounds.most:
            return True
        return self._made_by(next(iter(self._strangers), None) or next(iter(self._known), None))

    def _made_by(self, least: Connection | None) -> bool:
        if least is None or (least.introduced and self._now() - least.heard_at < QUIET_S):
            return False
        least.abort(Closed.CROWDED_OUT)
        return True

    def sweep(self) -> None:
        """Close what is too slow, too long silent or too long unknown; ask our own whether they live."""
        now = self._now()
        _expire(self._strangers, lambda each: now - each.opened_at > INTRODUCTION_S, Closed.STRANGER)
        _expire(self._known, lambda each: now - each.heard_at > self.bounds.idle_s, Closed.IDLE)
        _expire(self._incomplete, lambda each: now - self._incomplete[each] > MESSAGE_S, Closed.SLOW)
        for connection in list(self._ours):
            self._keep_alive(connection, now)

    def _keep_alive(self, connection: Connection, now: float) -> None:
        pinged_at = connection.pinged_at
        if now - connection.heard_at > self.bounds.idle_s:
            connection.abort(Closed.IDLE)
        elif pinged_at is not None and connection.has_ponged and now - pinged_at > PONG_S:
            connection.abort(Closed.UNANSWERED)
        elif now - max(connection.heard_at, pinged_at or connection.heard_at) > PING_S:
            connection.ping()


def _least(neighbours: Iterable[Connection]) -> Connection | None:
    """A stranger before who is known; of strangers the oldest, of the others the longest silent."""
    return min(
        neighbours,
        key=lambda each: (each.introduced, each.heard_at if each.introduced else each.opened_at),
        default=None,
    )


def _expire(queue: Iterable[Connection], is_due: Callable[[Connection], bool], why: Closed) -> None:
    while (first := next(iter(queue), None)) is not None and is_due(first):
        first.abort(why)
