"""All streams of a shell: which one carries what."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol, TypeVar

from sip.accounts import certificate_names
from sip.aio.closing import Closed
from sip.aio.connection import Connection, Way
from sip.aio.connection_limits import Bounds, ConnectionLimits
from sip.flow import DEFAULT_PORTS, Address, Flow, Transport
from sip.syntax.message import Malformed
from sip.transactions.reuse import alias, introduces, is_response, return_port

_LAST_WORDS_S: Final = 1.0
_PARTING_S: Final = 5.0
"""What does not take our last bytes in that time is cut off."""
_MOST_KEPT: Final = 4096
"""Of names and unreachable places."""
_UNREACHABLE_S: Final = 300.0
Kept = TypeVar("Kept")


class Receiver(Protocol):
    """What connections need of the shell."""

    def received(self, messages: list[bytes], flow: Flow) -> None:
        """Messages arrived on one connection."""
        ...

    def garbage(self, error: Malformed, flow: Flow) -> None:
        """What arrived is no SIP; the connection closes."""
        ...

    def failed(self, flow: Flow) -> None:
        """What was sent on this flow will not arrive."""
        ...

    def closed(self, flow: Flow) -> None:
        """A connection closed."""
        ...


class Connections:
    """Every connection, by number and by where it leads. The Pool of `Connection`."""

    def __init__(
        self,
        receiver: Receiver,
        now: Callable[[], float],
        bounds: Bounds,
        connect: Callable[[Connection], None],
    ) -> None:
        """`connect` begins to make a connection of ours, which ends in `connection_made` or `abort`."""
        self.limits = ConnectionLimits(now, bounds)
        self.closed: Counter[tuple[Transport, Closed]] = Counter()
        """How many have ended, and why; those that were never taken up are among them."""
        self.open: Counter[Transport] = Counter()
        self._receiver = receiver
        self.now = now
        self._connect = connect
        self._by_number: dict[int, Connection] = {}
        self._ways: dict[Way, Connection] = {}
        self._wanted: dict[Address, str] = {}
        """Which name a server's certificate had to have: its connection may have to be made again."""
        self._unreachable: dict[Address, float] = {}
        """Where we could not make one, and when."""
        self._parting: dict[Connection, float] = {}
        """Those that are over, and since when, as long as their sockets are there."""
        self._last = 0
        self._closing = False
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._by_number)

    def get(self, number: int) -> Connection | None:
        """An open connection by the number in its flows."""
        return self._by_number.get(number)

    # How they begin

    def admit(self, transport: Transport, local: Address, remote: Address) -> Connection | None:
        """Take up what a peer has opened; None, and counted, where there is no room for it."""
        connection = Connection(self, self._numbered(Flow(transport, local, remote)))
        why = Closed.OURS if self._closing else self.limits.refusal(connection)
        if why is not None:
            self.closed[transport, why] += 1
            return None
        self._add(connection)
        self._offer((transport, remote, ""), connection)
        return connection

    def to(self, flow: Flow, wanted: str = "") -> Connection:
        """The connection for requests to `flow.remote`: one that is open, or one that is being made.

        `wanted` is the name that a TLS server's certificate must have. Without one (the request is in a
        dialog) any connection that leads there does, as its certificate was good for those who made it.
        """
        wanted = certificate_names.canonical(wanted) if flow.transport == "tls" else ""
        for name in (wanted, ""):
            connection = self._ways.get((flow.transport, flow.remote, name))
            if connection is not None and connection.introduced and _is_for(connection, wanted):
                return connection
        return self._make(flow, wanted)

    def _make(self, flow: Flow, wanted: str) -> Connection:
        if flow.transport == "tls":
            wanted = wanted or self._wanted.get(flow.remote, certificate_names.canonical(flow.remote[0]))
            _keep(self._wanted, flow.remote, wanted)
        room = not self._closing and self.limits.has_room()
        connection = Connection(self, self._numbered(flow), is_ours=True, wanted=wanted)
        self._add(connection)
        for name in (wanted, ""):
            self._lead((flow.transport, flow.remote, name), connection)
        connection.served.add(connection.flow)
        if room:
            self._connect(connection)
        else:
            connection.abort(Closed.OURS if self._closing else Closed.TOO_MANY)
        return connection

    def is_unreachable(self, remote: Address) -> bool:
        """Whether a connection there could lately not be made."""
        since = self._unreachable.get(remote)
        return since is not None and self.now() - since < _UNREACHABLE_S

    def _numbered(self, flow: Flow) -> Flow:
        self._last += 1
        return flow._replace(connection=self._last)

    def _add(self, connection: Connection) -> None:
        self._by_number[connection.flow.connection] = connection
        self.open[connection.flow.transport] += 1
        self.limits.add(connection)

    def _lead(self, way: Way, connection: Connection) -> None:
        """What leads there from now on."""
        self._ways[way] = connection
        connection.ways.append(way)

    def _offer(self, way: Way, connection: Connection) -> None:
        """A peer's connection leads there, unless one of ours does."""
        known = self._ways.get(way)
        if known is None or not known.is_ours:
            self._lead(way, connection)

    # What they carry

    def send(self, data: bytes, flow: Flow) -> None:
        """Send on a connection; when it is gone, on another to the same peer (RFC 3261 section 18.2.2)."""
        connection = self._by_number.get(flow.connection)
        if connection is None:
            connection = self._replacement(data, flow)
        if connection.flow.connection not in self._by_number:
            self._receiver.failed(flow)
            return
        if not connection.introduced and introduces(data):
            self.limits.introduce(connection)
            connection.served.add(connection.flow)
        connection.send(data)

    def _replacement(self, data: bytes, flow: Flow) -> Connection:
        if is_response(data):
            port = return_port(data, flow) if flow.connection else flow.remote[1]
            return self.to(flow._replace(remote=(flow.remote[0], port)))
        connection = self.to(flow)
        connection.served.add(flow)
        return connection

    def made(self, connection: Connection) -> bool:
        """It stands, unless its certificate is another's (RFC 5922 section 7.3)."""
        if connection.wanted and not certificate_names.fits(connection.names, connection.wanted):
            connection.abort(Closed.CERTIFICATE)
            return False
        self._unreachable.pop(connection.flow.remote, None)
        return True

    def heard(self, connection: Connection) -> None:
        """Something came by it."""
        self.limits.heard(connection)

    def received(self, messages: list[bytes], connection: Connection) -> None:
        """Messages came by it."""
        if not connection.is_ours and not connection.has_alias:
            self._offer_alias(messages[0], connection)
        self._receiver.received(messages, connection.flow)

    def _offer_alias(self, message: bytes, connection: Connection) -> None:
        """RFC 5923: requests to where the peer listens may go by the connection that it made.

        Only where nobody can be taken for another: by TCP to the very host, whoever is there; by TLS to whom
        the certificate names (section 9.3).
        """
        flow = connection.flow
        via = alias(message, flow)
        if via is None:
            return
        same_host = certificate_names.canonical(via.host) == certificate_names.canonical(flow.remote[0])
        is_known = flow.transport == "tcp" or bool(connection.names)
        if certificate_names.fits(connection.names, via.host) or (same_host and is_known):
            connection.has_alias = True
            port = via.port or DEFAULT_PORTS[flow.transport]
            self._offer((flow.transport, (flow.remote[0], port), ""), connection)

    def garbage(self, error: Malformed, connection: Connection) -> None:
        """What came is no SIP."""
        self._receiver.garbage(error, connection.flow)

    # How they end

    def over(self, connection: Connection, why: Closed) -> None:
        """It carries nothing any more."""
        flow = connection.flow
        if self._by_number.pop(flow.connection, None) is None:
            return  # it was never taken up
        self.closed[flow.transport, why] += 1
        if why is Closed.UNREACHABLE:
            _keep(self._unreachable, flow.remote, self.now())
        self.open[flow.transport] -= 1
        self.limits.remove(connection)
        self._parting[connection] = self.now()
        for way in connection.ways:
            if self._ways.get(way) is connection:
                del self._ways[way]
        for served in connection.served:
            self._receiver.failed(served)
        self._receiver.closed(flow)

    def gone(self, connection: Connection) -> None:
        """Its socket is closed."""
        self._parting.pop(connection, None)
        if not self._by_number and not self._parting:
            self._empty.set()

    def sweep(self) -> None:
        """Close what has had its time; each second or so."""
        self.limits.sweep()
        now = self.now()
        for connection, since in list(self._parting.items()):
            if now - since > _PARTING_S:
                connection.abort(Closed.UNREAD)

    async def close(self) -> None:
        """Close all; what does not take our last bytes in a second is cut off."""
        self._closing = True
        for end in (Connection.close, Connection.abort):
            for connection in [*self._by_number.values(), *self._parting]:
                end(connection, Closed.OURS)
            if self._parting:
                with suppress(TimeoutError):
                    self._empty.clear()
                    await asyncio.wait_for(self._empty.wait(), _LAST_WORDS_S)


def _keep(places: dict[Address, Kept], remote: Address, value: Kept) -> None:
    places.pop(remote, None)
    places[remote] = value
    if len(places) > _MOST_KEPT:
        del places[next(iter(places))]


def _is_for(connection: Connection, wanted: str) -> bool:
    """Whether who wants this name may use it (RFC 5923 section 9.3)."""
    return wanted in ("", connection.wanted) or certificate_names.fits(connection.names, wanted)
