"""The path by which a message came or must go."""

from typing import Literal, NamedTuple

Transport = Literal["udp", "tcp"]
Address = tuple[str, int]


class Flow(NamedTuple):
    """Transport, our address, their address and, for TCP, the connection (RFC 5626 calls this a flow).

    `connection` is the number that the shell gave to an open TCP connection; 0 asks for any open connection
    to `remote`, or a new one. A named tuple, not a dataclass: one is made and hashed for every message.
    """

    transport: Transport
    local: Address
    remote: Address
    connection: int = 0

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what is lost (RFC 3261 table 4)."""
        return self.transport != "udp"
