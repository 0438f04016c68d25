"""Streams that we make."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final

from sip.aio.closing import Closed
from sip.aio.connection import Connection
from sip.aio.tls import HANDSHAKE_S, SHUTDOWN_S, Tls

_LOG: Final = logging.getLogger(__name__)
_CONNECT_S: Final = 2.0
"""Until TCP stands: two attempts of the kernel. Who wants to send has other places to try, or UDP."""


class Connector:
    """Makes connections, each in a task of its own."""

    def __init__(self, tls: Callable[[], Awaitable[Tls]]) -> None:
        """`tls` has what a handshake that begins now uses."""
        self._tls = tls

    def connect(self, connection: Connection) -> None:
        """Begin; the connection hears how it ends."""
        connection.making = asyncio.get_running_loop().create_task(self._connect(connection))

    async def _connect(self, connection: Connection) -> None:
        why = Closed.UNREACHABLE
        try:
            async with asyncio.timeout(_CONNECT_S):
                stream = await _reach(connection)
            why = Closed.HANDSHAKE
            await self._shake_hands(connection, stream)
        except Exception as error:  # noqa: BLE001  the edge: whoever waits for it hears that it failed
            if not isinstance(error, OSError | ValueError):  # ValueError: a name that no certificate can have
                _LOG.exception("a connection to %s:%d could not be made", *connection.flow.remote)
            connection.making = None
            connection.abort(why)
        finally:
            connection.making = None

    async def _shake_hands(self, connection: Connection, stream: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        if connection.flow.transport == "tcp":
            await loop.create_connection(lambda: connection, sock=stream)
            return
        try:
            tls = await self._tls()
        except BaseException:
            stream.close()
            raise
        await loop.create_connection(
            lambda: connection,
            sock=stream,
            ssl=tls.client,
            server_hostname=connection.wanted,
            ssl_handshake_timeout=HANDSHAKE_S,
            ssl_shutdown_timeout=SHUTDOWN_S,
        )


async def _reach(connection: Connection) -> socket.socket:
    """A connected socket, from the address on which we listen where that is one."""
    local, remote = connection.flow.local, connection.flow.remote
    family = socket.AF_INET6 if ip_address(remote[0]).version == 6 else socket.AF_INET
    stream = socket.socket(family, socket.SOCK_STREAM)
    try:
        stream.setblocking(False)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        source = ip_address(local[0])
        if not source.is_unspecified and source.version == ip_address(remote[0]).version:
            stream.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            stream.bind((local[0], 0))
        await asyncio.get_running_loop().sock_connect(stream, remote)
    except BaseException:
        stream.close()
        raise
    return stream


_BIND_ADDRESS_NO_PORT: Final = 24
"""IP_BIND_ADDRESS_NO_PORT of Linux: the port is chosen for this peer, not for all (ip(7))."""
