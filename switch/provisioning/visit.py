"""A connection of a phone: for a file or two, one of a few from its address, and soon over."""

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from sip.flow import neighbourhood

MOST: Final = 500
"""Connections at once. The others' descriptors are for calls."""
PER_ADDRESS: Final = 100
"""Of IPv6 a /64 counts as one address. Phones behind one router come again when they are turned away."""
LASTS_S: Final = 30.0
"""However slowly it asks or reads."""


class Visit(H11Protocol):
    """Turned away at once where there are too many."""

    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody came."""
        super().connection_made(transport)
        if len(self.connections) > MOST or self._beside() > PER_ADDRESS:
            transport.abort()
        else:
            self._end = self.loop.call_later(LASTS_S, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """He left."""
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)

    def _beside(self) -> int:
        """How many there are from its address, itself among them."""
        place = _place(self)
        return sum(_place(other) == place for other in self.connections)


def _place(connection: object) -> str:
    client: tuple[str, int] | None = getattr(connection, "client", None)
    return "" if client is None else neighbourhood(client[0])
