"""The addresses of this machine."""

import socket

from switch.config.addresses import Address

_DISCARD = 9


class Interfaces:
    """Asks the kernel, each time: addresses come and go while the switch runs."""

    def has(self, address: Address) -> bool:
        """Whether packets to `address` come to this machine.

        The kernel sends from the very address that it sends to only when that is its own; nothing is sent
        to find out. (A `bind` would succeed for every address where `ip_nonlocal_bind` is set.)
        """
        if address.is_loopback:
            return True
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((str(address), _DISCARD))
                return str(probe.getsockname()[0]) == str(address)
        except OSError:
            return False  # no route there, so not here either
