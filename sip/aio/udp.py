"""One UDP socket: read until it is empty, write at once."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address

from sip.flow import Address, Flow

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
"""What the kernel may hold while a wake-up is late: at 10,000 messages a second some 0.4 s."""
_LARGEST_DATAGRAM = 65535
_DRAIN_AT_MOST = 64
"""Datagrams in one wake-up, some 2 ms of work; the rest wakes us again, so nothing else waits for long."""


class UdpPort:
    """A bound UDP socket. `dropped` counts datagrams that the kernel had no room for."""

    __slots__ = ("_buffer", "_view", "address", "dropped", "socket")

    def __init__(self, host: str, port: int) -> None:
        """Bind; raises OSError."""
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            self.socket.bind((host, port))
        except OSError:
            self.socket.close()
            raise
        self.address: Address = self.socket.getsockname()[:2]
        self.dropped = 0
        self._buffer = bytearray(_LARGEST_DATAGRAM)
        self._view = memoryview(self._buffer)

    def receive(self) -> Iterator[tuple[bytes, Flow]]:
        """What has arrived, up to a bound."""
        receive, view, local = self.socket.recvfrom_into, self._view, self.address
        for _ in range(_DRAIN_AT_MOST):
            try:
                length, source = receive(view)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error about something sent before; the next call reads on
            yield bytes(view[:length]), Flow("udp", local, source[:2])

    def send(self, data: bytes, remote: Address) -> None:
        """Send; raises OSError when the address cannot be reached. What has no room is lost, as on a wire."""
        try:
            self.socket.sendto(data, remote)
        except (BlockingIOError, InterruptedError):
            self.dropped += 1

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()
