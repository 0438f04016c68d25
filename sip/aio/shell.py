"""The endpoint's shell: sockets, one timer in the loop, and nothing that decides."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Final, Literal

from sip.aio.tcp import Connections
from sip.aio.udp import UdpPort
from sip.endpoint import Endpoint
from sip.events import Event
from sip.flow import Address, Flow, Transport
from sip.message import Malformed

Listen = tuple[Transport, str, int]
"""Transport, address (never a name) and port; port 0 takes any."""
OnWire = Callable[[Literal["in", "out"], bytes, Flow, float], None]
"""Sees messages pass: which way, bytes, flow, monotonic seconds."""

_SWEEP_S: Final = 10.0
_LOG: Final = logging.getLogger(__name__)


class SipShell:
    """Drives one endpoint on the running loop.

    `on_event` is called for every event, in order; what it raises is logged and counted in `handler_errors`.
    When the application calls the endpoint outside of `on_event`, it calls `flush()` afterwards, or `wake()`,
    which flushes once at the end of this turn of the loop however often it is called. `on_closed` hears of
    every TCP connection that closes.

    `on_wire`, which may be set and cleared at any time, sees each message as it passes: "in" or "out", its
    bytes, its flow and the monotonic time. It must be quick and raise nothing.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        listen: Sequence[Listen],
        on_event: Callable[[Event], None],
        *,
        max_connections: int = 4096,
        idle_s: float = 3600.0,
        on_closed: Callable[[Flow], None] | None = None,
    ) -> None:
        self.handler_errors = 0
        self.on_wire: OnWire | None = None
        self.closed_connections = 0
        self._endpoint = endpoint
        self._listen = listen
        self._on_event = on_event
        self._on_closed = on_closed
        self._udp: list[UdpPort] = []
        self._servers: list[asyncio.Server] = []
        self._tcp_local: Address = ("0.0.0.0", 5060)
        self._connections = Connections(self, time.monotonic, max_connections, idle_s)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._sweeper: asyncio.TimerHandle | None = None
        self._sources: dict[str, str] = {}
        self._flushing = False
        self._waking = False

    # Sockets

    @property
    def addresses(self) -> list[tuple[Transport, Address]]:
        """What is bound, port 0 replaced by the real port."""
        bound: list[tuple[Transport, Address]] = [("udp", port.address) for port in self._udp]
        for server in self._servers:
            bound += [("tcp", each.getsockname()[:2]) for each in server.sockets]
        return bound

    @property
    def dropped(self) -> int:
        """Datagrams that the kernel had no room to send, and TCP connections that were too many."""
        return sum(port.dropped for port in self._udp) + self._connections.refused

    @property
    def connections(self) -> int:
        """Open TCP connections."""
        return len(self._connections)

    async def start(self) -> None:
        """Bind every socket of `listen`; an OSError names the one that cannot be, and leaves nothing open."""
        self._loop = asyncio.get_running_loop()
        for transport, host, port in self._listen:
            try:
                if transport == "udp":
                    self._listen_udp(host, port)
                else:
                    await self._listen_tcp(host, port)
            except OSError as error:
                await self.close()
                raise OSError(error.errno, f"{transport}:{host}:{port}: {error.strerror}") from error
        self._sweeper = self._loop.call_later(_SWEEP_S, self._sweep)
        self.flush()

    def _listen_udp(self, host: str, port: int) -> None:
        assert self._loop is not None
        bound = UdpPort(host, port)
        self._udp.append(bound)
        self._loop.add_reader(bound.socket, self._on_readable, bound)

    async def _listen_tcp(self, host: str, port: int) -> None:
        assert self._loop is not None
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
        )
        local: Address = listening.getsockname()[:2]
        server = await self._loop.create_server(lambda: self._connections.accept(local), sock=listening)
        if not self._servers:
            self._tcp_local = local
        self._servers.append(server)

    async def close(self) -> None:
        """Close all sockets, after a last flush."""
        if self._loop is None:
            return
        self.flush()
        for handle in (self._timer, self._sweeper):
            if handle is not None:
                handle.cancel()
        self._timer = self._sweeper = None
        for server in self._servers:
            server.close()
        for port in self._udp:
            self._loop.remove_reader(port.socket)
            port.close()
        self._udp.clear()
        self._servers.clear()
        self._loop = None
        await self._connections.close()

    # From the wire

    def _on_readable(self, port: UdpPort) -> None:
        now = time.monotonic()
        receive, on_wire = self._endpoint.receive, self.on_wire
        for data, flow in port.receive():
            if on_wire is not None:
                on_wire("in", data, flow, now)
            receive(data, flow, now)
        self.flush()

    def tcp_received(self, messages: list[bytes], flow: Flow) -> None:
        """Messages arrived on one connection."""
        now = time.monotonic()
        for message in messages:
            if self.on_wire is not None:
                self.on_wire("in", message, flow, now)
            self._endpoint.receive(message, flow, now)
        self.flush()

    def tcp_garbage(self, error: Malformed, flow: Flow) -> None:
        """What arrived is no SIP; the connection closes."""
        self._endpoint.malformed(error, flow, time.monotonic())
        self.flush()

    def tcp_failed(self, flow: Flow) -> None:
        """What was sent on this flow will not arrive."""
        self._endpoint.flow_failed(flow, time.monotonic())
        self.wake()

    def tcp_closed(self, flow: Flow) -> None:
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
            self.handler_errors += 1
            _LOG.exception("handler of %s failed", type(event).__name__)

    def _send_all(self) -> None:
        for data, flow in self._endpoint.datagrams():
            if self.on_wire is not None:
                self.on_wire("out", data, flow, time.monotonic())
            if flow.transport == "tcp":
                self._connections.send(data, flow)
            else:
                self._send_udp(data, flow)

    def _send_udp(self, data: bytes, flow: Flow) -> None:
        port = self._port_for(flow.local)
        try:
            if port is None:
                raise OSError("no UDP socket")
            port.send(data, flow.remote)
        except OSError as error:
            _LOG.warning("cannot send to %s:%d: %s", *flow.remote, error)
            self._endpoint.flow_failed(flow, time.monotonic())

    def _port_for(self, local: Address) -> UdpPort | None:
        for port in self._udp:
            if port.address == local:
                return port
        return self._udp[0] if self._udp else None

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
        self._sources.clear()  # routes change
        if self._loop is not None:
            self._sweeper = self._loop.call_later(_SWEEP_S, self._sweep)

    # Ways

    def flow_to(self, host: str, port: int, transport: Transport = "udp") -> Flow:
        """The flow for a request to an address: an open TCP connection to it, or a new one.

        `host` is an address, never a name (ValueError): names are looked up before, not while others wait.
        """
        version = ip_address(host).version
        if transport == "tcp":
            return self._connections.to((host, port), self._tcp_local).flow
        fitting = [bound for bound in self._udp if ip_address(bound.address[0]).version == version]
        if not fitting:
            raise ValueError(f"no UDP socket for {host}")
        return Flow("udp", fitting[0].address, (host, port))

    def local_address_for(self, remote: str) -> str:
        """The address the kernel would send from to `remote`."""
        local = self._sources.get(remote)
        if local is None:
            local = self._sources[remote] = _source_for(remote)
        return local


def _source_for(remote: str) -> str:
    family = socket.AF_INET6 if ip_address(remote).version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((remote, 9))  # sends nothing: only asks the routing table
        return str(probe.getsockname()[0])
