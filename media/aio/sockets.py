"""Binding the sockets of a media port, and the limit on how many there can be."""

import contextlib
import errno
import fcntl
import os
import resource
import socket
from dataclasses import dataclass
from typing import Final

from media.aio.addresses import is_ipv6

SOCKETS_PER_PORT: Final = 3
KEPT_FREE: Final = 256
"""Descriptors left for SIP, HTTP, the database, recordings' first moments and the rest of the switch."""

ROOM_AT_MOST: Final = 1 << 16
"""Descriptors for which there is room from the start; the kernel keeps eight octets for each."""

EXPEDITED: Final = 46 << 2
"""DSCP EF in the TOS octet (RFC 4594 section 4.1: telephony)."""


@dataclass(frozen=True, slots=True)
class PortSockets:
    """RTP, its second socket on the same port (which will count strangers), RTCP on the next port."""

    rtp: socket.socket
    strangers: socket.socket
    rtcp: socket.socket

    def detach(self) -> tuple[int, int, int]:
        """Give the descriptors away."""
        return self.rtp.detach(), self.strangers.detach(), self.rtcp.detach()

    def close(self) -> None:
        for one in (self.rtp, self.strangers, self.rtcp):
            one.close()


def raise_descriptor_limit() -> int:
    """Soft limit up to the hard one; returns it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def make_room(descriptors: int) -> None:
    """Have the kernel's table of our descriptors as large as it will be. It grows by doubling, and whoever
    opens the one too many in a process with threads waits until every core has seen the new table
    (synchronize_rcu in Linux's fs/file.c): 20 to 50 ms without the loop, in the midst of calls.
    """
    last = min(descriptors if descriptors != resource.RLIM_INFINITY else ROOM_AT_MOST, ROOM_AT_MOST) - 1
    with contextlib.suppress(OSError), open(os.devnull, "rb") as nothing:
        os.close(fcntl.fcntl(nothing, fcntl.F_DUPFD_CLOEXEC, last))


def ports_within_limit(descriptors: int) -> int:
    """How many media ports fit that many descriptors."""
    if descriptors == resource.RLIM_INFINITY:
        return 1 << 16
    return max(0, descriptors - KEPT_FREE) // SOCKETS_PER_PORT


def bind_port(listen: str, number: int) -> PortSockets | None:
    """Bind RTP on `number`, RTCP on the next; None if somebody has one of them. OSError: no descriptor left.

    The first socket is bound alone, so a port that another program has is noticed; only then may the second
    share it.
    """
    made: list[socket.socket] = []
    try:
        rtp = _bound(made, listen, number, shared=False)
        rtp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        strangers = _bound(made, listen, number, shared=True)
        rtcp = _bound(made, listen, number + 1, shared=False)
    except OSError as error:
        for one in made:
            one.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise
    return PortSockets(rtp, strangers, rtcp)


def _bound(made: list[socket.socket], listen: str, number: int, *, shared: bool) -> socket.socket:
    """`::` takes IPv4 too, whose packets have a TOS octet of their own."""
    family = socket.AF_INET6 if is_ipv6(listen) else socket.AF_INET
    one = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    made.append(one)
    one.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)
    if family is socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, EXPEDITED)
    if shared:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind((listen, number))
    return one
