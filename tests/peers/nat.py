"""A port-restricted NAT as the switch sees it: an outside one for a phone that knows only its inside.

async with Nat.open(switch.sip, "127.66.0.1") as nat:
    await nat.sip.ask(...)          # its mapping for SIP
    heard = await nat.talk(media)   # its mapping for RTP

Nothing comes in but from where something went out (RFC 4787 section 5): connected sockets are just that.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from typing import Self

from tests.peers.raw import RawSip

INSIDE = "10.0.0.5"
"""Where the phone believes to be."""
_FRAME = 160
_SSRC = 0x5EED


class Nat:
    """One outside address and its mappings."""

    def __init__(self, address: str, sip: RawSip) -> None:
        self.sip = sip
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.setblocking(False)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, target: str, address: str) -> AsyncIterator[Self]:
        """`target` is HOST:PORT of the switch; `address` of loopback the outside one."""
        async with RawSip.open(target, address=address) as sip:
            nat = cls(address, sip)
            try:
                yield nat
            finally:
                nat._socket.close()

    async def talk(self, to: tuple[str, int], first: int = 0, packets: int = 50) -> int:
        """Send so many packets of A-law silence at their pace, numbered from `first`; how many came back."""
        self._socket.connect(to)
        heard = 0
        for number in range(first, first + packets):
            header = struct.pack("!BBHII", 0x80, 8, number % 65536, number * _FRAME, _SSRC)
            self._socket.send(header + b"\xd5" * _FRAME)
            await asyncio.sleep(0.02)  # the pace of a stream
            with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                while self._socket.recv(2048):
                    heard += 1
        return heard
