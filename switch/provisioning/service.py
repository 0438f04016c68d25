"""Provisioning as a part of the switch: its key, its files, its door and the socket that it is at."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from switch.api.server import HttpServer, Pem
from switch.config.addresses import HostPort
from switch.config.schema import Config
from switch.provisioning.door import Answer, Door
from switch.provisioning.keyring import read_key
from switch.provisioning.phone_files import PhoneFiles
from switch.provisioning.visit import Visit


class Provisioning:
    """Off until `start` is given a `provisioning.listen`."""

    def __init__(self) -> None:
        self.files = PhoneFiles()
        self._door = Door(self.files)
        self._server: HttpServer | None = None
        self._bound: HostPort | None = None
        self._secure = False

    @property
    def counts(self) -> Mapping[Answer, int]:
        """Requests by what became of them."""
        return self._door.counts

    async def start(self, config: Config, stack: AsyncExitStack) -> None:
        """Open the door, where there is to be one. Raises OSError, and ValueError for a broken key."""
        listen, pem = config.provisioning.listen, _pem(config)
        if listen is None:
            return
        self.files.key = read_key(config.server.data_dir)
        self.files.configure(config)
        self._server = HttpServer(self._door, listen.host, listen.port, pem, Visit)
        self._bound = HostPort(*await self._server.start())
        self._secure = pem is not None
        stack.push_async_callback(self._server.close)

    def renew(self, config: Config) -> None:
        """Read certificate and key again. Raises OSError and ValueError."""
        if self._server is None:
            return
        key = read_key(config.server.data_dir)
        self._server.renew(_pem(config))
        self.files.key = key

    def url(self, phone: str, local_address_for: Callable[[str], str]) -> str | None:
        """Of a phone's folder; None while there is no door. `local_address_for` says from which address of
        ours a peer is reached.
        """
        if self._bound is None:
            return None
        host = self._bound.host
        if host in ("0.0.0.0", "::"):
            host = local_address_for("192.0.2.1" if host == "0.0.0.0" else "2001:db8::1")
        return self.files.url(phone, HostPort(host, self._bound.port), secure=self._secure)


def _pem(config: Config) -> Pem | None:
    ours = config.provisioning
    if ours.certificate is None or ours.private_key is None:
        return None
    return Pem(config.path(ours.certificate), config.path(ours.private_key))
