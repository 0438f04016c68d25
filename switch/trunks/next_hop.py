"""Where a call to a carrier is sent: a target of the configuration, and the socket where it is reached."""

from dataclasses import dataclass

from sip.location import Place
from switch.config.addresses import Proxy


@dataclass(frozen=True, slots=True)
class NextHop:
    """To `place`, which belongs to the target `proxy` of the trunk."""

    trunk: str
    proxy: Proxy
    place: Place

    @property
    def host(self) -> str:
        """The host of the URIs that are sent there: the name, where there is one, not where it leads."""
        return self.proxy.host

    @property
    def port(self) -> int | None:
        """The port of those URIs."""
        return self.proxy.port
