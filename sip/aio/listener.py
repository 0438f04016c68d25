"""Streams that peers make: a listening socket that takes up few at a time, so that nothing else waits."""

import asyncio
import errno
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final, Protocol

from sip.aio.closing import Closed
from sip.aio.connection import Connection
from sip.aio.tls import HANDSHAKE_S, SHUTDOWN_S, Tls
from sip.flow import Address, Transport

_BACKLOG: Final = 1024
_AT_A_TIME: Final = {"tcp": 16, "tls": 4}
_REST_S: Final = {"tcp": 0.005, "tls": 0.01}
"""A TLS handshake costs the loop half a millisecond or more: at most 400 begin in a second."""
_NO_ROOM: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NO_ROOM_S: Final = 1.0
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER for a close that leaves no TIME_WAIT behind."""
_ALIVE: Final = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
"""A peer that vanished without a word is noticed in two minutes."""
_LOG: Final = logging.getLogger(__name__)


class Admission(Protocol):
    """Who decides whether there is room (`sip.aio.connections`)."""

    def admit(self, transport: Transport, local: Address, remote: Address) -> Connection | None:
        """Take up what a peer has opened; None where there is no room for it."""
        ...


class Listener:
    """One listening socket for TCP or TLS."""

    def __init__(
        self,
        transport: Transport,
        host: str,
        port: int,
        admission: Admission,
        tls: Callable[[], Awaitable[Tls]],
    ) -> None:
        """Bind; raises OSError. IPv6 sockets take IPv6 only, so that 0.0.0.0 and :: go side by side."""
        self.transport = transport
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._socket.setblocking(False)
        self.address: Address = self._socket.getsockname()[:2]
        self._admission = admission
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._resting: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Accept from now on."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._on_acceptable)

    def close(self) -> None:
        """Accept no more."""
        if self._resting is not None:
            self._resting.cancel()
        if self._loop is not None:
            self._loop.remove_reader(self._socket)
        self._socket.close()

    def _on_acceptable(self) -> None:
        for _ in range(_AT_A_TIME[self.transport]):
            try:
                stream, address = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _NO_ROOM:  # it stays readable: without a rest we would spin
                    self._rest(_NO_ROOM_S)
                    return
                continue  # that one was gone before we came to it
            self._take_up(stream, address[:2])
        self._rest(_REST_S[self.transport])

    def _rest(self, seconds: float) -> None:
        assert self._loop is not None
        self._loop.remove_reader(self._socket)
        self._resting = self._loop.call_later(seconds, self.start)

    def _take_up(self, stream: socket.socket, remote: Address) -> None:
        connection = self._admission.admit(self.transport, self.address, remote)
        if connection is None:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            stream.close()
            return
        assert self._loop is not None
        connection.making = self._loop.create_task(self._enter(connection, stream))
        connection.making.add_done_callback(lambda task: _entered(task, connection, stream))

    async def _enter(self, connection: Connection, stream: socket.socket) -> None:
        assert self._loop is not None
        _prepare(stream)
        if self.transport == "tcp":
            await self._loop.connect_accepted_socket(lambda: connection, stream)
            return
        tls = await self._tls()
        await self._loop.connect_accepted_socket(
            lambda: connection,
            stream,
            ssl=tls.server,
            ssl_handshake_timeout=HANDSHAKE_S,
            ssl_shutdown_timeout=SHUTDOWN_S,
        )


def _entered(task: asyncio.Task[None], connection: Connection, stream: socket.socket) -> None:
    connection.making = None
    if not task.cancelled() and (error := task.exception()) is not None:
        if not isinstance(error, OSError):
            _LOG.error("a connection could not be taken up", exc_info=error)
        connection.abort(Closed.HANDSHAKE)
    if task.cancelled() or task.exception() is not None:
        stream.close()


def _prepare(stream: socket.socket) -> None:
    stream.setblocking(False)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _ALIVE:
        stream.setsockopt(socket.IPPROTO_TCP, option, value)
