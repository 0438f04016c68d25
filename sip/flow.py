"""The path by which a message came or must go."""

from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any, Final, Literal, NamedTuple, Self, get_args

Transport = Literal["udp", "tcp", "tls"]
Address = tuple[str, int]

TRANSPORTS: Final[tuple[Transport, ...]] = get_args(Transport)
DEFAULT_PORTS: Final[Mapping[Transport, int]] = {"udp": 5060, "tcp": 5060, "tls": 5061}
"""Where a URI or a Via that names no port means (RFC 3261 sections 18.2.2 and 19.1.2)."""

_CUSTOMER_BITS: Final = 64
"""What one customer gets of IPv6 at the least (RFC 6177): within it addresses cost nothing."""


class Flow(NamedTuple):
    """Transport, our address, their address and, for a stream, the connection (RFC 5626 calls this a flow).

    `connection` is the number that the shell gave to an open TCP or TLS connection; 0 asks for any open
    connection to `remote`, or a new one. A named tuple, not a dataclass: one is made and hashed for every
    message.
    """

    transport: Transport
    local: Address
    remote: Address
    connection: int = 0

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what is lost (RFC 3261 table 4)."""
        return self.transport != "udp"

    def to_list(self) -> list[Any]:
        """A flow as plain JSON types. Connections die with the process and are left out."""
        return [self.transport, *self.local, *self.remote]

    @classmethod
    def from_list(cls, saved: list[Any]) -> Self:
        """The inverse; ValueError for an unknown transport."""
        transport, local_host, local_port, remote_host, remote_port = saved
        if transport not in TRANSPORTS:
            raise ValueError(f"not a transport: {transport!r}")
        return cls(transport, (str(local_host), int(local_port)), (str(remote_host), int(remote_port)))


def neighbourhood(host: str) -> str:
    """Who counts as one where addresses are counted: an IPv4 address, or the /64 of an IPv6 one, as text.

    An IPv4 address in IPv6's clothes (RFC 4291 section 2.5.5.2) is the IPv4 address. ValueError for what is
    no address, where that shows.
    """
    if ":" not in host:
        return host
    address = IPv6Address(host)
    if (mapped := address.ipv4_mapped) is not None:
        return str(mapped)
    return f"{IPv6Address(int(address) >> _CUSTOMER_BITS << _CUSTOMER_BITS)}/{_CUSTOMER_BITS}"
