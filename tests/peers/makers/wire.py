"""The socket of a phone: UDP, or a TCP connection that it makes and keeps."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from sip.syntax.stream import Framer
from tests.peers import ports

Take = Callable[[bytes], None]
"""What is done with each message that comes."""


class Wire(Protocol):
    """`here` is its own HOST:PORT; `pongs` counts the answers to its double line ends."""

    transport: str
    here: str

    @property
    def pongs(self) -> int: ...

    def send(self, data: bytes) -> None:
        """A message, or what keeps the way open."""
        ...

    def close(self) -> None: ...


async def wire_to(transport: str, target: str, take: Take, address: str = ports.PHONES) -> Wire:
    """`target` is HOST:PORT of the switch."""
    host, _, port = target.rpartition(":")
    remote, local = (host.strip("[]"), int(port)), (address, 0)
    if transport == "tcp":
        reader, writer = await asyncio.open_connection(*remote, local_addr=local)
        return _Stream(reader, writer, take)
    loop = asyncio.get_running_loop()
    _, datagrams = await loop.create_datagram_endpoint(
        lambda: _Datagrams(take), local_addr=local, remote_addr=remote
    )
    return datagrams


class _Datagrams(asyncio.DatagramProtocol):
    transport = "UDP"

    def __init__(self, take: Take) -> None:
        self.here = ""
        self._take = take

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._sender = transport
        host, port = transport.get_extra_info("sockname")[:2]
        self.here = f"{host}:{port}"

    @property
    def pongs(self) -> int:
        return 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._take(data)

    def send(self, data: bytes) -> None:
        self._sender.sendto(data)

    def close(self) -> None:
        self._sender.close()


class _Stream:
    transport = "TCP"

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, take: Take) -> None:
        host, port = writer.get_extra_info("sockname")[:2]
        self.here = f"{host}:{port}"
        self._writer = writer
        self._framer = Framer()
        self._reading = asyncio.create_task(self._read(reader, take))

    @property
    def pongs(self) -> int:
        return self._framer.pongs

    def send(self, data: bytes) -> None:
        self._framer.awaits_pong |= data == b"\r\n\r\n"
        self._writer.write(data)

    def close(self) -> None:
        self._reading.cancel()
        self._writer.close()

    async def _read(self, reader: asyncio.StreamReader, take: Take) -> None:
        while chunk := await reader.read(65536):
            for message in self._framer.feed(chunk):
                take(message)
