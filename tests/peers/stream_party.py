"""A raw carrier on TCP or TLS: one that listens, and connects when it has something to say.

async with StreamParty.open(f"{address}:5061", client=..., server=...) as carrier:
    ...  # a switch at `address` whose trunk's proxy is sip:{carrier.here};transport=tls
    call = await carrier.invited()
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from typing import Self

from sip.syntax.stream import Framer
from tests.peers import ports
from tests.peers.child import PeerError
from tests.peers.raw_party import Heard, RawParty


class StreamParty(RawParty):
    """What it says goes by the connection that was made last, in whichever direction."""

    def __init__(self, sock: socket.socket, target: str, client: ssl.SSLContext | None, alias: bool) -> None:
        super().__init__(sock, target)
        self.transport = "TCP" if client is None else "TLS"
        self.contact_params = f";transport={self.transport.lower()}"
        self.connections: list[asyncio.StreamWriter] = []
        """Every one that is open, the latest last."""
        self.accepted = 0
        """How many the switch has made."""
        self._client = client
        self._alias = ";alias" if alias else ""
        self._arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        target: str,
        address: str = ports.PHONES,
        client: ssl.SSLContext | None = None,
        server: ssl.SSLContext | None = None,
        alias: bool = False,
    ) -> AsyncIterator[Self]:
        """`target` is HOST:PORT of the switch, which need not run yet; contexts where it speaks TLS."""
        sock = socket.create_server(
            (address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET
        )
        party = cls(sock, target, client, alias)
        listening = await asyncio.start_server(party._accept, sock=sock, ssl=server)
        try:
            yield party
        finally:
            listening.close()
            party.hang_up()
            for task in party._tasks:
                task.cancel()
            await asyncio.gather(*party._tasks, return_exceptions=True)

    @property
    def via(self) -> str:
        return f"SIP/2.0/{self.transport} {self.here}{self._alias}"

    async def connect(self, address: str = "") -> asyncio.StreamWriter:
        """A connection to the switch, from `address` where one is given."""
        host, _, port = self.target.rpartition(":")
        reader, writer = await asyncio.open_connection(
            host.strip("[]"), int(port), ssl=self._client, local_addr=(address, 0) if address else None
        )
        self._follow(reader, writer)
        return writer

    def hang_up(self) -> None:
        """Reset every connection."""
        for writer in self.connections:
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def send(self, message: str) -> None:
        if not self.connections:
            await self.connect()
        self.connections[-1].write(message.encode())
        await self.connections[-1].drain()

    def _reply(self, data: bytes) -> None:
        self.connections[-1].write(data)

    def waiting(self) -> list[str]:
        return [request.method for request in self._requests]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._follow(reader, writer)

    def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        task = asyncio.create_task(self._read(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer()
        try:
            with contextlib.suppress(OSError):
                while chunk := await reader.read(65536):
                    for message in framer.feed(chunk):
                        self._take(message)
                    self._arrived.set()
        finally:
            if writer in self.connections:
                self.connections.remove(writer)
            self._arrived.set()
            writer.close()

    async def until(self, met: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Wait until something has come, or a connection has come or gone, and `met` is true."""
        async with asyncio.timeout(timeout_s):
            while not met():
                self._arrived.clear()
                await self._arrived.wait()

    async def _next(
        self, kept: list[Heard], wanted: Callable[[Heard], bool], what: str, timeout_s: float
    ) -> Heard:
        try:
            await self.until(lambda: any(map(wanted, kept)), timeout_s)
        except TimeoutError:
            last = self.heard[-1].decode() if self.heard else "nothing"
            raise PeerError(f"no {what} in {timeout_s:g} s; last came\n{last}") from None
        found = next(filter(wanted, kept))
        kept.remove(found)
        return found
