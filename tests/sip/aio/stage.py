"""Connections without sockets: a pool, those who hear it, and transports that keep what is written."""

import asyncio
from typing import Any

from sip.aio.connection import Connection
from sip.aio.connection_limits import Bounds
from sip.aio.connections import Connections
from sip.flow import Address, Flow
from sip.flow import Transport as SipTransport
from sip.syntax.message import Malformed

LOCAL, REMOTE = ("192.0.2.1", 5060), ("192.0.2.9", 51000)


class Certified:
    """A TLS connection whose peer showed a certificate."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def getpeercert(self) -> dict[str, Any]:
        return {"subjectAltName": tuple(("DNS", name) for name in self.names)}


class Transport(asyncio.Transport):
    """Keeps what is written and never sends it."""

    def __init__(self, *names: str) -> None:
        super().__init__({"ssl_object": Certified(*names)} if names else {})
        self.written = b""
        self.end = ""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"


class Stage:
    """Hears what the connections report. What it is asked to make is made by `meet`."""

    def __init__(self, **bounds: Any) -> None:
        self.now = 0.0
        self.messages: list[bytes] = []
        self.garbled: list[Malformed] = []
        self.flows_failed: list[Flow] = []
        self.flows_closed: list[Flow] = []
        self.wished: list[Connection] = []
        self.pool = Connections(self, lambda: self.now, Bounds(**bounds), self.wished.append)

    def received(self, messages: list[bytes], flow: Flow) -> None:
        self.messages += messages

    def garbage(self, error: Malformed, flow: Flow) -> None:
        self.garbled.append(error)

    def failed(self, flow: Flow) -> None:
        self.flows_failed.append(flow)

    def closed(self, flow: Flow) -> None:
        self.flows_closed.append(flow)

    def accept(
        self, remote: Address = REMOTE, transport: SipTransport = "tcp", *names: str
    ) -> tuple[Connection, Transport]:
        connection = self.pool.admit(transport, LOCAL, remote)
        assert connection is not None
        return connection, self.meet(connection, *names)

    def meet(self, connection: Connection, *names: str) -> "Transport":
        """What the loop does once a connection stands; `names` are those of the peer's certificate."""
        transport = Transport(*names)
        connection.connection_made(transport)
        return transport
