"""A speech service: a real WebSocket server that notes what it gets, and stalls if a test says so."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

import numpy as np
from websockets.asyncio.server import ServerConnection, serve

from tests.peers.audio import Pcm

WITHIN_S = 10.0


class SpeechService:
    """What came, in order: messages as dicts, PCM as octets."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.came: list[dict[str, Any] | bytes] = []
        self.connections: list[ServerConnection] = []
        self._go_on = asyncio.Event()
        self._go_on.set()
        self._news = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls, host: str, port: int = 0, *, stalled: bool = False, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[Self]:
        """Small buffers, so that a stall is felt soon."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        scheme = "ws" if tls is None else "wss"
        service = cls(f"{scheme}://{host}:{listening.getsockname()[1]}/calls")
        service.stall(stalled)
        async with serve(
            service._hear,
            sock=listening,
            ssl=tls,
            max_queue=1,
            close_timeout=0.1,
            compression=None,
        ):
            try:
                yield service
            finally:
                service.stall(False)

    def stall(self, stalled: bool = True) -> None:
        """Read nothing until it is told to go on."""
        if stalled:
            self._go_on.clear()
        else:
            self._go_on.set()

    async def until(self, met: Callable[["SpeechService"], bool]) -> None:
        """Until what came is enough; TimeoutError when it never is."""
        async with asyncio.timeout(WITHIN_S):
            while not met(self):
                self._news.clear()
                await self._news.wait()

    def told(self, event: str) -> list[dict[str, Any]]:
        """The messages of one kind."""
        return [each for each in self.came if isinstance(each, dict) and each["event"] == event]

    @property
    def frames(self) -> int:
        """Of 20 ms, 8 kHz."""
        return sum(len(each) for each in self.came if isinstance(each, bytes)) // 640

    def sides(self) -> tuple[Pcm, Pcm]:
        """All that was heard."""
        both = np.frombuffer(b"".join(each for each in self.came if isinstance(each, bytes)), "<i2")
        return both[0::2], both[1::2]

    async def _hear(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        while True:
            await self._go_on.wait()
            try:
                message = await connection.recv()
            except Exception:  # noqa: BLE001 - however it ends, it has ended
                return
            self.came.append(json.loads(message) if isinstance(message, str) else message)
            self._news.set()
