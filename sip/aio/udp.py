"""One UDP socket: read until it is empty, write at once."""

import socket
import struct
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from sip import stun
from sip.flow import Address, Flow

RECEIVE_BUFFER_BYTES: Final = 4 * 1024 * 1024
"""What the kernel may hold while a wake-up is late: at 10,000 messages a second some 0.4 s."""
_BUFFER_BYTES: Final = 65536
"""One more than a datagram can have: what fills it has been cut off (a jumbogram, RFC 2675)."""
_DRAIN_AT_MOST: Final = 64
"""Datagrams in one wake-up, some 2 ms of work; the rest wakes us again, so nothing else waits for long."""
_STUN_BEFORE: Final = 4
"""The first octet of STUN is less (RFC 5389 section 6)."""
_SO_TIMESTAMPNS: Final = 35
"""Linux's number, which `socket` has no name for: the kernel says when it got a datagram, socket(7)."""
_TIMESPEC: Final = struct.Struct("@ll")


class UdpPort:
    """A bound UDP socket. `dropped` counts datagrams that the kernel had no room for, `truncated` those that
    came too large. STUN Binding requests are answered here and go no further. `backlog_s` is
    how long the first datagram of the last `receive` had lain in the kernel, 0 when none was left behind it.
    """

    __slots__ = ("_buffer", "_view", "address", "backlog_s", "dropped", "socket", "truncated")

    def __init__(self, host: str, port: int) -> None:
        """Bind; raises OSError. On IPv6 for IPv6 only, so that 0.0.0.0 and :: go side by side."""
        is_v6 = ip_address(host).version == 6
        self.socket = socket.socket(socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            self.socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            if is_v6:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self.socket.bind((host, port))
        except OSError:
            self.socket.close()
            raise
        self.address: Address = self.socket.getsockname()[:2]
        self.dropped = 0
        self.truncated = 0
        self.backlog_s = 0.0
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)

    def receive(self) -> Iterator[tuple[bytes, Flow]]:
        """What has arrived, up to a bound."""
        receive, view, local = self.socket.recvfrom_into, self._view, self.address
        for number in range(_DRAIN_AT_MOST):
            try:
                length, source = receive(view) if number else self._first()
            except (BlockingIOError, InterruptedError):
                self.backlog_s = 0.0
                return
            except OSError:
                continue  # an ICMP error about something sent before; the next call reads on
            if length and view[0] < _STUN_BEFORE:
                self._stun(bytes(view[:length]), source[:2])
            elif length < _BUFFER_BYTES:
                yield bytes(view[:length]), Flow("udp", local, source[:2])
            else:
                self.truncated += 1

    def _first(self) -> tuple[int, Address]:
        """Read one datagram and learn how long it has waited."""
        length, control, _, source = self.socket.recvmsg_into([self._view], socket.CMSG_SPACE(_TIMESPEC.size))
        for _, kind, value in control:
            if kind == _SO_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack(value)
                self.backlog_s = max(0.0, time.time() - (seconds + nanoseconds * 1e-9))
        return length, source

    def _stun(self, datagram: bytes, source: Address) -> None:
        response = stun.answer(datagram, source)
        if response is not None:
            try:
                self.send(response, source)
            except OSError:
                self.dropped += 1

    def send(self, data: bytes, remote: Address) -> None:
        """Send; raises OSError when the address cannot be reached. What has no room is lost, as on a wire."""
        try:
            self.socket.sendto(data, remote)
        except (BlockingIOError, InterruptedError):
            self.dropped += 1

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()
