"""Tickets: for pages in a browser, which can send no header when they open a WebSocket."""

import secrets
from collections.abc import Callable
from typing import Final, Generic, TypeVar

LASTS_S: Final = 30.0
MOST: Final = 1000
"""That are out at once; the oldest gives way."""

Holder = TypeVar("Holder")


class Tickets(Generic[Holder]):
    """Each lets in once, soon, whoever was let in when he got it."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` is monotonic."""
        self._now = now
        self._out: dict[str, tuple[float, Holder]] = {}

    def give(self, holder: Holder) -> str:
        """A new one."""
        while len(self._out) >= MOST:
            del self._out[next(iter(self._out))]
        ticket = secrets.token_urlsafe(24)
        self._out[ticket] = (self._now() + LASTS_S, holder)
        return ticket

    def take(self, ticket: str) -> Holder | None:
        """Whose it was; None where it is none of ours, was used, or is too old."""
        until, holder = self._out.pop(ticket, (0.0, None))
        return holder if self._now() < until else None
