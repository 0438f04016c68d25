"""An outside program: a real HTTP server that answers as a test wants, or does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self


class Program:
    """`says` is the whole response as bytes, or None to say nothing; `asked` keeps what it was asked."""

    def __init__(self) -> None:
        self.says: bytes | None = reply({})
        self.first: list[bytes] = []
        """What it says before that, one after the other."""
        self.asked: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.url = ""
        self.port = 0
        self._gone = asyncio.Event()
        self._open: list[asyncio.StreamWriter] = []
        self._serving: list[asyncio.Task[None]] = []

    @classmethod
    @asynccontextmanager
    async def running(cls, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Self]:
        """On a port of its own, unless one is given."""
        program = cls()
        server = await asyncio.start_server(program._connected, host, port)
        program.port = server.sockets[0].getsockname()[1]
        program.url = f"http://{host}:{program.port}/decide"
        try:
            yield program
        finally:
            program._gone.set()
            server.close()
            for writer in program._open:
                writer.close()
            await asyncio.gather(*program._serving, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.append(writer)
        self._serving.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")[1:-2]
                headers = {
                    name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
                }
                body = await reader.readexactly(int(headers["content-length"]))
                self.headers.append(headers)
                self.bodies.append(body)
                self.asked.append(json.loads(body))
                says = self.first.pop(0) if self.first else self.says
                if says is None:
                    await self._gone.wait()
                    return
                writer.write(says)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the switch has closed its connection
        finally:
            writer.close()


def reply(body: object, status: str = "200 OK") -> bytes:
    """A response; `body` as JSON, bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
