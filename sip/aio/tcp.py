"""TCP connections: bytes to messages and back, bounded in number, memory and silence."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol, cast

from sip.flow import Address, Flow
from sip.message import Malformed
from sip.stream import Framer

_PENDING_BYTES: Final = 256 * 1024
"""What may wait for a connection that is being made or does not read; more closes it."""
_CONNECT_S: Final = 8.0
_LAST_WORDS_S: Final = 1.0
_INTRODUCTION_S: Final = 32.0
"""How long a connection to which we have sent nothing may stay: nobody whom we know uses it (64*T1)."""


class Receiver(Protocol):
    """What connections need of the shell."""

    def tcp_received(self, messages: list[bytes], flow: Flow) -> None:
        """Messages arrived on one connection."""
        ...

    def tcp_garbage(self, error: Malformed, flow: Flow) -> None:
        """What arrived is no SIP; the connection closes."""
        ...

    def tcp_failed(self, flow: Flow) -> None:
        """What was sent on this flow will not arrive."""
        ...

    def tcp_closed(self, flow: Flow) -> None:
        """A connection closed."""
        ...


class Connection(asyncio.Protocol):
    """One TCP connection, made by us or by the peer."""

    def __init__(self, pool: "Connections", flow: Flow) -> None:
        self.flow = flow
        self.heard_at = self.opened_at = pool.now()
        self.spoken = False
        self.askers: set[Flow] = set()
        """Flows by which something waits to be sent: all fail if the connection cannot be made."""
        self._pool = pool
        self._framer = Framer()
        self._pings = 0
        self._pending: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)  # uvloop's is one but does not inherit from it
        if self._lost:
            stream.abort()  # given up while it was being made
            return
        self._transport = stream
        self.askers.clear()
        pending, self._pending = self._pending, []
        for data in pending:
            stream.write(data)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._pool.now()
        try:
            messages = self._framer.feed(data)
        except Malformed as error:
            self._pool.receiver.tcp_garbage(error, self.flow)
            self.close()
            return
        if self._framer.pings > self._pings:
            self._pings = self._framer.pings
            self.send(b"\r\n")  # RFC 5626 section 4.4.1
        if messages:
            self._pool.receiver.tcp_received(messages, self.flow)
        if self._framer.fault is not None:
            self._pool.receiver.tcp_garbage(self._framer.fault, self.flow)
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._pool.forget(self)

    def asked(self, flow: Flow) -> None:
        """Remember who wants this connection while it is being made."""
        if self._transport is None:
            self.askers.add(flow)

    def send(self, data: bytes) -> None:
        """Write, or keep until the connection is made."""
        if self._transport is None:
            self._pending.append(data)
            waiting = sum(map(len, self._pending))
        else:
            self._transport.write(data)
            waiting = self._transport.get_write_buffer_size()
        if waiting > _PENDING_BYTES:
            self.abort()

    def close(self) -> None:
        """Write what waits, then close."""
        if self._transport is not None:
            self._transport.close()
        else:
            self.connection_lost(None)

    def abort(self) -> None:
        """Close at once; what waits is lost."""
        if self._transport is not None:
            self._transport.abort()
        else:
            self.connection_lost(None)

    def is_idle(self, now: float, idle_s: float) -> bool:
        """Whether it may be closed: silent for long, or never worth an answer of ours."""
        return now - self.heard_at > idle_s or (not self.spoken and now - self.opened_at > _INTRODUCTION_S)


class Connections:
    """All TCP connections of one shell, by number and by peer."""

    def __init__(self, receiver: Receiver, now: Callable[[], float], most: int, idle_s: float) -> None:
        self.receiver = receiver
        self.now = now
        self.refused = 0
        self._most = most
        self._idle_s = idle_s
        self._by_number: dict[int, Connection] = {}
        self._by_remote: dict[Address, Connection] = {}
        self._last = 0
        self._connecting: set[asyncio.Task[None]] = set()
        self._closing = False
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._by_number)

    def accept(self, local: Address) -> asyncio.Protocol:
        """The protocol of a connection that a peer makes to our `local` address."""
        return _Accepted(self, Flow("tcp", local, ("", 0)))

    def admit(self, connection: Connection, remote: Address) -> bool:
        """Take up a peer's connection; False if there are too many."""
        if len(self._by_number) >= self._most or self._closing:
            self.refused += 1
            return False
        self._add(connection, remote)
        return True

    def _add(self, connection: Connection, remote: Address) -> None:
        self._last += 1
        connection.flow = Flow("tcp", connection.flow.local, remote, self._last)
        self._by_number[self._last] = connection
        self._by_remote[remote] = connection

    def to(self, remote: Address, local: Address) -> Connection:
        """The connection to a peer: an open one, or a new one that is being made."""
        connection = self._by_remote.get(remote)
        if connection is None:
            connection = Connection(self, Flow("tcp", local, remote))
            self._add(connection, remote)
            connection.asked(connection.flow)
            task = asyncio.get_running_loop().create_task(self._connect(connection))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        return connection

    async def _connect(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        host, port = connection.flow.remote
        try:
            async with asyncio.timeout(_CONNECT_S):
                await loop.create_connection(lambda: connection, host, port)
        except (OSError, TimeoutError):
            for flow in connection.askers:
                self.receiver.tcp_failed(flow)
            connection.abort()

    def send(self, data: bytes, flow: Flow) -> None:
        """Send on a connection; when it is gone, on another to the same peer."""
        connection = self._by_number.get(flow.connection)
        if connection is None:
            if len(self._by_number) >= self._most or self._closing:
                self.receiver.tcp_failed(flow)
                return
            connection = self.to(flow.remote, flow.local)
            connection.asked(flow)
        connection.spoken = True
        connection.send(data)

    def forget(self, connection: Connection) -> None:
        """A connection closed."""
        if self._by_number.pop(connection.flow.connection, None) is None:
            return  # it was never admitted
        if not self._by_number:
            self._empty.set()
        if self._by_remote.get(connection.flow.remote) is connection:
            del self._by_remote[connection.flow.remote]
        self.receiver.tcp_closed(connection.flow)

    def sweep(self) -> None:
        """Close what is idle."""
        now = self.now()
        for connection in list(self._by_number.values()):
            if connection.is_idle(now, self._idle_s):
                connection.abort()

    async def close(self) -> None:
        """Close all; what does not take our last bytes in a second is cut off."""
        self._closing = True
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for end in (Connection.close, Connection.abort):
            for connection in list(self._by_number.values()):
                end(connection)
            if self._by_number:
                with suppress(TimeoutError):
                    self._empty.clear()
                    await asyncio.wait_for(self._empty.wait(), _LAST_WORDS_S)


class _Accepted(Connection):
    """A connection that a peer makes: who the peer is turns out when it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        if peer is None or not self._pool.admit(self, peer[:2]):  # None: it is gone already
            cast(asyncio.Transport, transport).abort()
            return
        super().connection_made(transport)
