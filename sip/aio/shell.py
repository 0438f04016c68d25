"""The endpoint's shell: sockets, one timer in the loop, and nothing that decides."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal

from sip.aio.closing import Closed
from sip.aio.connection_limits import Bounds
from sip.aio.connections import Connections
from sip.aio.connector import Connector
from sip.aio.ports import Ports
from sip.aio.sources import Sources, unmapped
from sip.aio.tls import Tls, TlsFiles
from sip.aio.udp import UdpPort
from sip.endpoint import Endpoint
from sip.events import Event
from sip.flow import DEFAULT_PORTS, Address, Flow, Transport
from sip.syntax.message import Malformed

Listen = tuple[Transport, str, int]
"""Transport, address (never a name) and port; port 0 takes any."""
OnWire = Callable[[Literal["in", "out"], bytes, Flow, float], None]
"""Sees messages pass: which way, bytes, flow, monotonic seconds."""
OnBacklog = Callable[[int, float], None]
"""Hears after each wake-up of a UDP socket: which one, and how long what it begins with had waited, in
seconds; 0 when nothing is left in it."""

_SWEEP_S: Final = 1.0
_ROUTES_S: Final = 10.0
_TURN_S: Final = 0.01
"""How long one wake-up may take datagrams; the rest wakes us again, behind what else the loop has to do."""
_FLUSH_EVERY: Final = 8
"""Datagrams after which what they led to is done."""
_LOG: Final = logging.getLogger(__name__)


class SipShell:
    """Drives one endpoint on the running loop.

    `on_event` is called for every event, in order; what it raises is logged and counted in `handler_errors`,
    and so is what `on_delivered` raises.
    When the application calls the endpoint outside of `on_event`, it calls `flush()` afterwards, or `wake()`,
    which flushes once at the end of this turn of the loop however often it is called. `on_closed` hears of
    every TCP or TLS connection that closes. `bounds` may be replaced at any time. `on_delivered` is called
    when all events of a few messages were delivered, before what comes next: what it sends goes out at once.

    `on_wire`, which may be set and cleared at any time, sees each message that is read or sent, in order:
    "in" or "out", its bytes, its flow and the monotonic time. It must be quick and raise nothing, and so must
    `on_backlog`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        listen: Sequence[Listen],
        on_event: Callable[[Event], None],
        *,
        bounds: Bounds | None = None,
        tls: TlsFiles | None = None,
        on_closed: Callable[[Flow], None] | None = None,
    ) -> None:
        """`tls` is needed where `listen` has "tls"; without it, too, TLS servers are called with the
        system's roots.
        """
        self.handler_errors = 0
        self.on_wire: OnWire | None = None
        self.on_backlog: OnBacklog | None = None
        self.on_delivered: Callable[[], None] | None = None
        self.closed_connections = 0
        self._endpoint = endpoint
        self._listen = listen
        self._on_event = on_event
        self._on_closed = on_closed
        self._tls_files = tls or TlsFiles()
        self._tls: Tls | None = None
        connector = Connector(self._handshakes)
        self._connections = Connections(self, time.monotonic, bounds or Bounds(), connector.connect)
        self._sources = Sources()
        self._ports = Ports(self._on_readable, self._connections, self._handshakes, self._sources)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._sweeper: asyncio.TimerHandle | None = None
        self._routes_at = 0.0
        self._flushing = False
        self._waking = False
        self._unsent = 0  # datagrams since the last sweep: the first is logged, the others are counted

    # Sockets

    @property
    def addresses(self) -> list[tuple[Transport, Address]]:
        """What is bound, port 0 replaced by the real port."""
        return self._ports.addresses

    @property
    def dropped(self) -> int:
        """Datagrams that the kernel had no room to send, and connections for which there was none."""
        refused = (Closed.TOO_MANY, Closed.TOO_MANY_OF_ADDRESS)
        turned_away = sum(count for (_, why), count in self._connections.closed.items() if why in refused)
        return self._ports.dropped + turned_away

    @property
    def truncated(self) -> int:
        """Datagrams that came larger than any may be."""
        return self._ports.truncated

    @property
    def connections(self) -> int:
        """Open TCP and TLS connections."""
        return len(self._connections)

    @property
    def open_connections(self) -> Counter[Transport]:
        """The same by transport."""
        return self._connections.open

    @property
    def ended_connections(self) -> Counter[tuple[Transport, Closed]]:
        """Those that have ended or were turned away, by transport and reason."""
        return self._connections.closed

    @property
    def bounds(self) -> Bounds:
        """How many connections there may be."""
        return self._connections.limits.bounds

    @bounds.setter
    def bounds(self, bounds: Bounds) -> None:
        self._connections.limits.bounds = bounds

    async def start(self) -> None:
        """Bind every socket of `listen`; an OSError names what cannot be opened, and leaves nothing open."""
        self._loop = asyncio.get_running_loop()
        if any(transport == "tls" for transport, _, _ in self._listen):
            await self.reload_tls(self._tls_files)
        try:
            for listen in self._listen:
                self._ports.open(*listen)
        except OSError:
            await self.close()
            raise
        self._sweeper = self._loop.call_later(_SWEEP_S, self._sweep)
        self.flush()

    async def reload_tls(self, files: TlsFiles) -> None:
        """Read certificates and keys again: handshakes use them from now on, open connections go on.

        Raises OSError for files that cannot be used; then nothing changes.
        """
        self._tls = await asyncio.to_thread(Tls.load, files)
        self._tls_files = files

    async def _handshakes(self) -> Tls:
        if self._tls is None:
            await self.reload_tls(self._tls_files)
        assert self._tls is not None
        return self._tls

    async def close(self) -> None:
        """Close all sockets, after a last flush."""
        if self._loop is None:
            return
        self.flush()
        for handle in (self._timer, self._sweeper):
            if handle is not None:
                handle.cancel()
        self._timer = self._sweeper = None
        self._ports.close()
        self._loop = None
        await self._connections.close()

    # From the wire

    def _on_readable(self, port: UdpPort) -> None:
        """Take what there is, for `_TURN_S` at most: what a message leads to happens in `flush`."""
        now = time.monotonic()
        until = now + _TURN_S
        receive, on_wire = self._endpoint.receive, self.on_wire
        for number, (data, flow) in enumerate(port.receive(), 1):
            if receive(data, flow, now) and on_wire is not None:
                on_wire("in", data, flow, now)
            if number % _FLUSH_EVERY == 0:
                self.flush()
                now = time.monotonic()
                if now > until:
                    break
        self.flush()
        if self.on_backlog is not None:
            self.on_backlog(id(port), port.backlog_s)

    def received(self, messages: list[bytes], flow: Flow) -> None:
        """Messages arrived on one connection."""
        now = time.monotonic()
        for message in messages:
            if self._endpoint.receive(message, flow, now) and self.on_wire is not None:
                self.on_wire("in", message, flow, now)
        self.flush()

    def garbage(self, error: Malformed, flow: Flow) -> None:
        """What arrived is no SIP; the connection closes."""
        self._endpoint.malformed(error, flow, time.monotonic())
        self.flush()

    def failed(self, flow: Flow) -> None:
        """What was sent on this flow will not arrive."""
        self._endpoint.flow_failed(flow, time.monotonic())
        self.wake()

    def closed(self, flow: Flow) -> None:
        """A connection closed."""
        self.closed_connections += 1
        self._endpoint.flow_closed(flow, time.monotonic())
        if self._on_closed is not None:
            self._on_closed(flow)
        self.wake()

    # To the wire

    def flush(self) -> None:
        """Write the endpoint's datagrams, deliver its events, set the timer."""
        if self._flushing or self._loop is None:
            return
        self._flushing = True
        try:
            self._send_all()
            while events := self._endpoint.events():  # handlers cause more of both
                for event in events:
                    self._deliver(event)
                self._send_all()
        finally:
            self._flushing = False
        if self.on_delivered is not None:
            try:
                self.on_delivered()
            except Exception:  # noqa: BLE001  nor may it stop the timer, or end the connection that is read
                self._failed("what follows events")
            self._send_all()
        self._set_timer()

    def wake(self) -> None:
        """Flush once at the end of this turn of the loop."""
        if not self._waking and self._loop is not None:
            self._waking = True
            self._loop.call_soon(self._woken)

    def _woken(self) -> None:
        self._waking = False
        self.flush()

    def _deliver(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:  # noqa: BLE001  the edge: one call's fault must not stop the others
            self._failed(f"handler of {type(event).__name__}")

    def _failed(self, what: str) -> None:
        self.handler_errors += 1
        _LOG.exception("%s failed", what)

    def _send_all(self) -> None:
        for data, flow in self._endpoint.datagrams():
            if self.on_wire is not None:
                self.on_wire("out", data, flow, time.monotonic())
            if flow.transport == "udp":
                self._send_udp(data, flow)
            else:
                self._connections.send(data, flow)

    def _send_udp(self, data: bytes, flow: Flow) -> None:
        port = self._ports.udp(flow)
        try:
            if port is None:
                raise OSError("no UDP socket")
            port.send(data, flow.remote)
        except OSError as error:
            self._unsent += 1
            if self._unsent == 1:
                _LOG.warning("cannot send to %s:%d: %s", *flow.remote, error)
            self._endpoint.flow_failed(flow, time.monotonic())

    # Time

    def _set_timer(self) -> None:
        deadline = self._endpoint.deadline()
        if deadline is None or self._loop is None:
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return  # it wakes early enough, and is set anew then
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_later(max(0.0, deadline - time.monotonic()), self._on_timer)

    def _on_timer(self) -> None:
        """uvloop counts whole milliseconds and may call early: `flush` sets the timer again then."""
        self._timer = None
        now = time.monotonic()
        deadline = self._endpoint.deadline()
        if deadline is not None and deadline <= now:
            self._endpoint.on_deadline(now)
        self.flush()

    def _sweep(self) -> None:
        self._connections.sweep()
        if self._unsent > 1:
            _LOG.warning("cannot send %d more datagrams", self._unsent - 1)
        self._unsent = 0
        if (now := time.monotonic()) - self._routes_at > _ROUTES_S:
            self._routes_at = now
            self._sources.forget()
        if self._loop is not None:
            self._sweeper = self._loop.call_later(_SWEEP_S, self._sweep)

    # Ways

    def flow_to(
        self, host: str, port: int, transport: Transport = "udp", server_name: str | None = None
    ) -> Flow:
        """The flow for a request to an address: on streams an open connection to it, or a new one.

        `host` is an address, never a name (ValueError): names are looked up before, not while others wait.
        `server_name` is whom the certificate of a TLS server must name (RFC 5922), None the address itself;
        a connection that was made for one name serves another only if its certificate has that name too.
        """
        remote = (unmapped(host), port)
        local = self._ports.local(transport, remote[0])
        if transport == "udp":
            if local is None:
                raise ValueError(f"no UDP socket for {host}")
            return Flow("udp", local, remote)
        anywhere = ("::" if ":" in remote[0] else "0.0.0.0", DEFAULT_PORTS[transport])
        flow = Flow(transport, local or anywhere, remote)
        return self._connections.to(flow, server_name or remote[0]).flow

    def wide_flow_to(self, host: str, port: int) -> Flow | None:
        """A way by TCP for what is too large for a datagram (RFC 3261 section 18.1.1), opened when used.

        None where we do not listen on TCP ourselves, or lately could not get there.
        """
        remote = (unmapped(host), port)
        local = self._ports.local("tcp", remote[0])
        if local is None or self._connections.is_unreachable(remote):
            return None
        return Flow("tcp", local, remote)

    def peer_names(self, flow: Flow) -> tuple[str, ...]:
        """Whom the peer's verified certificate names (RFC 5922): domains and addresses, none without one."""
        connection = self._connections.get(flow.connection)
        return () if connection is None else tuple(connection.names)

    def local_address_for(self, remote: str) -> str:
        """The address the kernel would send from to `remote`."""
        return self._sources.towards(remote)
