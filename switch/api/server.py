"""HTTP in the switch's own loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import uvicorn
from starlette.types import ASGIApp

from sip.aio.tls import CIPHERS

MOST_SAID_BYTES: Final = 4096
"""By whoever is at the other end of a WebSocket, at once."""
KEEP_ALIVE_S: Final = 75
"""Of a connection without a request: longer than clients and proxies keep theirs, so that none of them sends
a request into one that we are closing."""


class Pem(NamedTuple):
    """A certificate with those between it and its root, and its key."""

    certificate: Path
    private_key: Path


class HttpServer:
    """Serves an application on one address; the signals stay the switch's."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        pem: Pem | None = None,
        connection: type[asyncio.Protocol] | None = None,
        socket: type[asyncio.Protocol] | None = None,
    ) -> None:
        """HTTPS where there is a certificate. `connection` is a kind of uvicorn's for HTTP, `socket` for
        WebSockets: None refuses them.
        """
        self._listen = (host, port)
        self._server = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                http=connection or "auto",
                ssl_certfile=pem and pem.certificate,
                ssl_keyfile=pem and pem.private_key,
                ssl_ciphers=CIPHERS,
                ws=socket or "none",
                ws_max_size=MOST_SAID_BYTES,
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=2,
                timeout_keep_alive=KEEP_ALIVE_S,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> tuple[str, int]:
        """Listen and serve; the address, with the port that was given for port 0. Raises OSError."""
        host, port = self._listen
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128
        )
        listening.setblocking(False)
        self._task = asyncio.get_running_loop().create_task(self._server.serve([listening]), name="http")
        await self._server.serving.wait()
        bound: tuple[str, int] = listening.getsockname()[:2]
        return bound

    def renew(self, pem: Pem | None) -> None:
        """Show this certificate to whoever connects from now on. Raises OSError, ssl.SSLError among them, and
        ValueError where there was none before, or is none now.
        """
        context = self._server.config.ssl
        if (context is None) != (pem is None):
            raise ValueError("only a restart begins or ends TLS there")
        if context is not None and pem is not None:
            context.load_cert_chain(pem.certificate, pem.private_key)

    async def close(self) -> None:
        """Finish the requests in progress, two seconds at most, and stop."""
        if self._task is not None:
            self._server.should_exit = True
            await asyncio.wait({self._task})


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: they are the switch's."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell that it serves."""
        await super().startup(sockets)
        self.serving.set()
