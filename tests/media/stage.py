"""A media plane for tests, with all that it told, and waiting for what it should tell."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeVar

from media.aio.plane import MediaPlane
from media.events import Locked, PortEvent
from media.port import Port
from tests.media.rtp_peer import WITHIN_S, RtpPeer

HOST = f"127.20.{random.randint(1, 254)}.1"
"""Of this process: to the ports of others beside it, what is late from here would be a stranger's."""
POLL_S = 0.005

Told = TypeVar("Told")
Peer = TypeVar("Peer", bound=RtpPeer)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nobody tells, such as a counter; TimeoutError when it does not come."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - a counter wakes nobody
            await asyncio.sleep(POLL_S)


class Stage:
    """The plane under test, its events in order, and peers that are closed with it."""

    def __init__(self, plane: MediaPlane, host: str = HOST) -> None:
        self.plane = plane
        self.host = host
        self.told: list[PortEvent] = []
        self._peers: list[RtpPeer] = []
        self._news = asyncio.Event()
        plane.on_event = self._hear

    def _hear(self, event: PortEvent) -> None:
        self.told.append(event)
        self._news.set()

    def kinds(self, port: Port) -> list[str]:
        """The names of the events of a port, in order."""
        return [type(event).__name__ for event in self.told if event.port is port]

    async def event(
        self, kind: type[Told], port: Port | None = None, nth: int = 1, within_s: float = WITHIN_S
    ) -> Told:
        """The nth event of a kind, as soon as it was told."""
        async with asyncio.timeout(within_s):
            while True:
                self._news.clear()
                found = [each for each in self.told if isinstance(each, kind) and port in (None, each.port)]
                if len(found) >= nth:
                    return found[nth - 1]
                await self._news.wait()

    def peer(
        self, host: str = "127.20.0.10", port: int = 0, *, ssrc: int = 0x1234, codec: str = "PCMA"
    ) -> RtpPeer:
        return self.keep(RtpPeer(host, port, ssrc=ssrc, codec=codec))

    def keep(self, peer: Peer) -> Peer:
        """Close it with the plane."""
        self._peers.append(peer)
        return peer

    async def leg(self, peer: RtpPeer, *, near: Port | None = None, **sdp: Any) -> Port:
        """A port connected to this peer, and locked by its first three packets."""
        port = self.plane.open(near)
        port.connect(peer.media(**sdp))
        peer.meet(port, self.host)
        await self.settled()
        for _ in range(3):
            peer.send()
        await self.event(Locked, port)
        return port

    async def settled(self) -> None:
        """Until every order has been taken: packets sent from now on find it carried out."""
        await until(lambda: self.plane.orders_waiting() == 0)

    async def close(self) -> None:
        await self.plane.close()
        for peer in self._peers:
            peer.socket.close()
