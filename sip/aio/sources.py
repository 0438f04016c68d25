"""Which of this machine's addresses the kernel sends from, and which of our sockets that makes fit."""

import socket
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import Final

from sip.flow import Address

_DISCARD: Final = 9
_MOST: Final = 10_000


class Sources:
    """Answers of the routing table, kept until `forget`."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def towards(self, remote: str) -> str:
        """The address the kernel would send from to `remote`. OSError where no way leads there."""
        local = self._known.get(remote)
        if local is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            local = self._known[remote] = _ask(remote)
        return local

    def forget(self) -> None:
        """Routes change."""
        self._known.clear()

    def fitting(self, bound: Sequence[Address], remote: str) -> Address | None:
        """Which of our sockets talks to `remote`: the one at the address that the kernel sends from, else one
        at all addresses, else any of the same family.
        """
        version = ip_address(remote).version
        same = [each for each in bound if ip_address(each[0]).version == version]
        if len(same) < 2:
            return same[0] if same else None
        try:
            source = self.towards(remote)
        except OSError:
            source = ""  # no way leads there now; who sends will hear of it
        return min(same, key=lambda each: (each[0] != source, not ip_address(each[0]).is_unspecified))


def unmapped(host: str) -> str:
    """An IPv4 address that came in IPv6's clothes (RFC 4291 section 2.5.5.2) without them; else as it is."""
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return host if mapped is None else str(mapped)


def _ask(remote: str) -> str:
    family = socket.AF_INET6 if ip_address(remote).version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((remote, _DISCARD))  # sends nothing: only asks the routing table
        return str(probe.getsockname()[0])
