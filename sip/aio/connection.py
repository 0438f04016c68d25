"""One TCP or TLS connection: bytes to messages and back."""

import asyncio
from collections.abc import Collection
from typing import Final, Protocol, cast

from sip.accounts import certificate_names
from sip.aio.closing import Closed
from sip.flow import Address, Flow, Transport
from sip.syntax.message import Malformed
from sip.syntax.stream import Framer

_PENDING_BYTES: Final = 256 * 1024
"""What may wait for a connection that is being made or does not read; more closes it."""
_PING: Final = b"\r\n\r\n"
_PONG: Final = b"\r\n"

Way = tuple[Transport, Address, str]
"""Transport, where it leads, and the name that its certificate must have, "" for any."""


class Pool(Protocol):
    """What a connection needs of those who keep it (`sip.aio.connections`)."""

    def now(self) -> float:
        """The clock."""
        ...

    def made(self, connection: "Connection") -> bool:
        """It stands; False if it must not, and is over already."""
        ...

    def heard(self, connection: "Connection") -> None:
        """Something came by it."""
        ...

    def received(self, messages: list[bytes], connection: "Connection") -> None:
        """Messages came by it."""
        ...

    def garbage(self, error: Malformed, connection: "Connection") -> None:
        """What came is no SIP."""
        ...

    def over(self, connection: "Connection", why: Closed) -> None:
        """It carries nothing any more; its socket may still be there, to take our last bytes."""
        ...

    def gone(self, connection: "Connection") -> None:
        """Its socket is closed."""
        ...


class Connection(asyncio.Protocol):
    """A stream to one peer, made by us or by the peer."""

    __slots__ = (
        "_framer", "_is_over", "_pending", "_pings", "_pool", "_transport", "begun_at", "flow", "has_alias",
        "heard_at", "introduced", "is_ours", "making", "names", "opened_at", "pinged_at", "served",
        "wanted", "ways",
    )  # fmt: skip

    def __init__(self, pool: Pool, flow: Flow, *, is_ours: bool = False, wanted: str = "") -> None:
        self.flow = flow
        self.is_ours = is_ours
        """Whether we made it."""
        self.wanted = wanted
        """The name that the server's certificate must have; "" where we are the server, and for TCP."""
        self.names: Collection[str] = ()
        """Those that a verified certificate of the peer has."""
        self.introduced = is_ours
        """Whether somebody whom we know uses it."""
        self.heard_at = self.opened_at = pool.now()
        self.begun_at: float | None = None
        """When the first byte came of a message that is not complete."""
        self.pinged_at: float | None = None
        """When we sent the keep-alive that is not answered yet."""
        self.served: set[Flow] = set()
        """Flows by which requests were sent on it: what is not answered fails with it (RFC 3261 17.1.4)."""
        self.making: asyncio.Task[None] | None = None
        """What still makes it."""
        self.has_alias = False
        """Whether requests to where the peer listens go by it (RFC 5923)."""
        self.ways: list[Way] = []
        """Where it leads."""
        self._pool = pool
        self._framer = Framer()
        self._pings = 0
        self._pending: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._is_over = False

    # From the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)  # uvloop's is one but does not inherit from it
        self._transport = stream
        tls = stream.get_extra_info("ssl_object")
        self.names = certificate_names.names(tls.getpeercert()) if tls is not None else ()
        if self._is_over or not self._pool.made(self):
            stream.abort()  # given up while it was being made
            return
        pending, self._pending = self._pending, []
        for data in pending:
            stream.write(data)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return  # TLS hands over what it still held
        self.heard_at = self._pool.now()
        try:
            messages = self._framer.feed(data)
        except Malformed as error:
            self._pool.garbage(error, self)
            self.close(Closed.GARBAGE)
            return
        if not self._framer.is_within_message:
            self.begun_at = None
        elif messages or self.begun_at is None:
            self.begun_at = self.heard_at
        self._pool.heard(self)
        self._keep_alive()
        if messages:
            self._pool.received(messages, self)
        if self._framer.fault is not None:
            self._pool.garbage(self._framer.fault, self)
            self.close(Closed.GARBAGE)

    def _keep_alive(self) -> None:
        """RFC 5626 section 4.4.1: their pings are answered, our own is."""
        if self._framer.pings > self._pings:
            self._pings = self._framer.pings
            self.send(_PONG)
        if not self._framer.awaits_pong:
            self.pinged_at = None

    def connection_lost(self, error: Exception | None) -> None:
        self._over(Closed.PEER if error is None else Closed.RESET)
        self._pool.gone(self)

    # From those who use it

    def send(self, data: bytes) -> None:
        """Write, or keep until the connection is made."""
        if self._transport is None:
            self._pending.append(data)
            waiting = sum(map(len, self._pending))
        else:
            self._transport.write(data)
            waiting = self._transport.get_write_buffer_size()
        if waiting > _PENDING_BYTES:
            self.abort(Closed.UNREAD)

    def ping(self) -> None:
        """Ask whether the peer is still there (RFC 5626 section 4.4.1)."""
        if self._transport is not None:
            self._framer.awaits_pong = True
            self.pinged_at = self._pool.now()
            self.send(_PING)

    @property
    def has_ponged(self) -> bool:
        """Whether the peer has ever answered a keep-alive: not all do (RFC 5626 section 4.4.1)."""
        return self._framer.pongs > 0

    def close(self, why: Closed) -> None:
        """Write what waits, then close."""
        self._over(why)
        if self._transport is not None:
            self._transport.close()

    def abort(self, why: Closed) -> None:
        """Close at once; what waits is lost."""
        self._over(why)
        if self._transport is not None:
            self._transport.abort()

    def _over(self, why: Closed) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self.making is not None:
            self.making.cancel()
        self._pool.over(self, why)
        if self._transport is None:
            self._pool.gone(self)
