"""The API's own socket: HTTP, or HTTPS with a certificate that reloads renew."""

import ssl
from contextlib import AsyncExitStack

from starlette.types import ASGIApp

from switch.api.event_socket import EventSocket
from switch.api.server import HttpServer, Pem
from switch.config.addresses import HostPort
from switch.config.schema import Config

SHOWN = "http.pem"
"""Under `data_dir`: the certificate that we show now, by which commands on this machine know us."""


class Entrance:
    """Closed until it is opened."""

    def __init__(self) -> None:
        self._server: HttpServer | None = None

    async def open(self, config: Config, app: ASGIApp, stack: AsyncExitStack) -> str:
        """Serve on `http.listen`; the URL's beginning, without `//`. Raises OSError."""
        listen, pem = config.http.listen, _pem(config)
        self._server = HttpServer(app, listen.host, listen.port, pem, socket=EventSocket)
        if pem is not None:
            _show(config, pem)
        bound = HostPort(*await self._server.start())
        stack.push_async_callback(self._server.close)
        return f"{'http' if pem is None else 'https'}:{bound}"

    def renew(self, config: Config) -> None:
        """Read certificate and key again. Raises OSError and ValueError."""
        if self._server is None:
            return
        pem = _pem(config)
        self._server.renew(pem)
        if pem is not None:
            _show(config, pem)


def _show(config: Config, pem: Pem) -> None:
    """The first is ours; the others are of those between it and its root. Raises OSError, ValueError."""
    text = pem.certificate.read_text(encoding="ascii", errors="replace")
    first, found, _ = text[text.index(ssl.PEM_HEADER) :].partition(ssl.PEM_FOOTER)
    path = config.server.data_dir / SHOWN
    made = path.with_suffix(".new")
    made.write_text(f"{first}{found}\n", encoding="ascii")
    made.replace(path)


def _pem(config: Config) -> Pem | None:
    tls = config.http.tls
    return None if tls is None else Pem(config.path(tls.certificate), config.path(tls.private_key))
