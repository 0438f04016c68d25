"""A fork on its way to a speech service: its PCM over a WebSocket, for as long as the port lives.

What the service gets, in order: a text message `start`; binary messages, each of whole frames (20 ms, 16-bit
little-endian PCM, two channels in turn); a text message `dropped` wherever frames are missing; `stop`, and
the connection closes. What it sends is read and passed over.

A service that does not read costs frames, which the worker drops and counts, and nothing else. A connection
that fails or breaks is tried again after 1, 2, 4 and then every 8 seconds; what passes meanwhile is dropped.
A service that has heard enough closes with 1000 (RFC 6455 section 7.4.1).
"""

import asyncio
import socket
import ssl
import sys
from array import array
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from functools import cache
from itertools import chain, repeat
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.frames import CloseCode

from media.port import Fork

FRAME_S: Final = 0.02
DELAYS_S: Final = (1.0, 2.0, 4.0, 8.0)
FAREWELL_S: Final = 5.0
"""How long a service may take to hear the end."""
WRITE_LIMIT: Final = 8192
SEND_BUFFER: Final = 32768
"""Octets, ours and the kernel's: a service that stalls finds a second of old audio there and no more."""
_TROUBLE: Final = (OSError, WebSocketException, TimeoutError)


class StreamState(StrEnum):
    """How far a stream is."""

    CONNECTING = "connecting"
    OPEN = "open"
    ENDED = "ended"


class _Connect(connect):
    """Follows no redirection: only the host that was allowed hears the call."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class ForkStream:
    """One fork and its service. `start` goes into the first message of every connection."""

    def __init__(self, fork: Fork, url: str, start: Mapping[str, Any]) -> None:
        """Runs from now on, in the running loop, until the fork ends."""
        self.fork: Final = fork
        self.url: Final = url
        self.start: Final = start
        self.state = StreamState.CONNECTING
        self.sent = 0
        """Frames."""
        self.error: str | None = None
        """The newest trouble with the connection."""
        self._next = 0
        self._stopping = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"fork to {url}")

    @property
    def dropped(self) -> int:
        """Frames that passed and were not sent."""
        return self._next - self.sent

    def stop(self) -> None:
        """End it; the service is told. Again: nothing happens."""
        if not self._stopping.is_set():
            self.fork.stop()
            self._stopping.set()
            asyncio.get_running_loop().call_later(2 * FAREWELL_S, self._task.cancel)

    async def wait(self) -> None:
        """Until it has ended."""
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        try:
            for delay_s in chain(DELAYS_S, repeat(DELAYS_S[-1])):
                await self._connect()
                if self._over:
                    return
                self.state = StreamState.CONNECTING
                await self._rest(delay_s)
        finally:
            self.state = StreamState.ENDED
            self.fork.stop()

    @property
    def _over(self) -> bool:
        return self._stopping.is_set() or self.fork.ended

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            self._pass_over(self.fork.read())

    async def _connect(self) -> None:
        """One connection, from `start` until the fork ends or the connection breaks."""
        try:
            tls = await asyncio.to_thread(_authorities) if urlsplit(self.url).scheme == "wss" else None
            async with _Connect(
                self.url,
                ssl=tls,
                compression=None,
                proxy=None,
                close_timeout=FAREWELL_S,
                write_limit=WRITE_LIMIT,
            ) as service:
                _bound(service)
                self.state = StreamState.OPEN
                reading = asyncio.create_task(_pass_over_messages(service))
                try:
                    await self._serve(service)
                finally:
                    reading.cancel()
        except _TROUBLE as error:
            if _is_enough(error):
                self.fork.stop()
            else:
                self.error = str(error) or type(error).__name__

    async def _serve(self, service: ClientConnection) -> None:
        self._pass_over(self.fork.read())
        await _say(service, {"event": "start", **self.start, "frame": self._next})
        while not self._over:
            await self._send(service)
            await self._tick()
        async with asyncio.timeout(FAREWELL_S):
            await self._send(service)
            await _say(service, {"event": "stop", "frames": self.sent, "dropped": self.dropped})

    async def _tick(self) -> None:
        try:
            async with asyncio.timeout(FRAME_S):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _send(self, service: ClientConnection) -> None:
        """All frames that wait; a run without a gap is one message."""
        run: list[bytes] = []
        for number, pcm in self.fork.read():
            if number > self._next:
                await self._send_run(service, run)
                await _say(service, {"event": "dropped", "frames": number - self._next})
                self._next = number
            run.append(pcm)
            self._next += 1
        await self._send_run(service, run)

    async def _send_run(self, service: ClientConnection, run: list[bytes]) -> None:
        if run:
            count = len(run)
            await service.send(_little_endian(b"".join(run)))
            self.sent += count
            run.clear()

    def _pass_over(self, frames: list[tuple[int, bytes]]) -> None:
        if frames:
            self._next = frames[-1][0] + 1


@cache
def _authorities() -> ssl.SSLContext:
    """Those that this machine trusts. Reading them takes 50 ms: once, and not in the loop's thread."""
    return ssl.create_default_context()


def _is_enough(error: Exception) -> bool:
    """Whether the service wants no more. One that goes away (1001) may come back: it is started again."""
    said = error.rcvd if isinstance(error, ConnectionClosed) else None
    return said is not None and said.code == CloseCode.NORMAL_CLOSURE


def _bound(service: ClientConnection) -> None:
    service.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


async def _say(service: ClientConnection, what: Mapping[str, Any]) -> None:
    await service.send(msgspec.json.encode(what).decode())


async def _pass_over_messages(service: ClientConnection) -> None:
    """Unread, they would fill the connection's buffer, and pings behind them would wait."""
    with suppress(WebSocketException):
        async for _ in service:
            pass


def _little_endian(pcm: bytes) -> bytes:
    if sys.byteorder == "little":
        return pcm
    samples = array("h", pcm)
    samples.byteswap()
    return samples.tobytes()
