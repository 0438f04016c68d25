"""Where a webhook's URL leads: the address is looked up, looked at, and that very address is spoken to.

So no name that a stranger controls makes us speak to machines of our own networks, unless the configuration
says that the webhook is there.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit

_TUNNELS: Final = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
"""Addresses of IPv6 in which one of IPv4 hides."""
_PORTS: Final = {"http": 80, "https": 443}


class NotThere(Exception):
    """The name leads nowhere."""


class Forbidden(Exception):
    """It leads to an address of our own networks, and the webhook is not `private`."""


class Destination(NamedTuple):
    """A URL by its address, and what has to be said of its name."""

    url: str
    host: str
    """For the Host header, with its port where that is not the scheme's own."""
    name: str
    """For TLS."""


async def destination(url: str, *, private: bool) -> Destination:
    """Raises NotThere, Forbidden."""
    place = urlsplit(url)
    name, port = place.hostname or "", place.port or _PORTS[place.scheme]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotThere(f"{name}: {error.strerror or error}") from None
    addresses = [str(each[4][0]) for each in found]
    if not private and (ours := next((each for each in addresses if not is_public(each)), None)) is not None:
        raise Forbidden(f"{name} is {ours}, which is no public address: set private: true if that is meant")
    address = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    return Destination(place._replace(netloc=f"{address}:{port}").geturl(), place.netloc, name)


def is_public(address: str) -> bool:
    """Whether anybody may be there."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast and not any(ip in tunnel for tunnel in _TUNNELS)
