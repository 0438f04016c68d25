"""The media plane: the engine's ports, workers and events, seen from the loop."""

import asyncio
import time
from collections.abc import Callable

from media.events import PortEvent
from media.port import PlaneCounters, Port


class NoPorts(Exception):
    """No port, no descriptor or no room in the engine's order ring: the call gets 503. Counted as refused."""


class MediaPlane:
    """All RTP of the switch. `ports` is a range of port numbers of which the even ones carry RTP.

    `listen` is an IPv4 address. `on_event` is called in the loop for each event, in order for each port. `seed` makes
    SSRCs, first sequence numbers and timestamps repeatable in tests; without it they come from the system. Ports that
    are bridged must live on one worker: `open(near=...)` sees to it.
    """

    on_event: Callable[[PortEvent], None]

    def __init__(
        self,
        listen: str,
        ports: range,
        workers: int = 1,
        seed: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        order_ring: int = 4096,
        event_ring: int = 8192,
    ) -> None:
        """Bind nothing yet. `order_ring` and `event_ring` are rings' lengths, powers of two, for each worker."""
        raise NotImplementedError

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Raise the descriptor limit, start the workers and listen for their events."""

    async def close(self) -> None:
        """Close every port, finish every recording, end the workers. Idempotent."""

    def open(self, near: Port | None = None) -> Port:
        """A port bound and ready, on the worker of `near` or the least loaded. NoPorts: refuse the call."""
        raise NotImplementedError

    def capacity(self) -> int:
        """How many ports range and descriptor limit allow at once; a bridged call needs two."""
        raise NotImplementedError

    def counters(self) -> PlaneCounters:
        """Sums over all ports since the start, for metrics."""
        raise NotImplementedError
