"""What a service manager is told of the switch, as sd_notify(3) has it: ready, alive, reloading, stopping.

Without NOTIFY_SOCKET in the environment nobody asks, and nothing is told.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog


class ServiceManager:
    """One datagram for each thing to tell; it never blocks."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` has NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, or not."""
        path = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._log = structlog.get_logger("server")
        self.watchdog_s: float | None = None
        """How long it waits for a sign of life before it starts the switch anew; None: for ever."""
        if "WATCHDOG_USEC" in environment and environment.get("WATCHDOG_PID") in (None, str(os.getpid())):
            self.watchdog_s = int(environment["WATCHDOG_USEC"]) / 1e6

    def ready(self, status: str) -> None:
        """Calls are taken."""
        self._tell("READY=1", f"STATUS={status}")

    def alive(self, status: str) -> None:
        """The loop turns."""
        self._tell("WATCHDOG=1", f"STATUS={status}")

    def stopping(self, status: str, within_s: float) -> None:
        """No new calls are taken, and the process ends within that time."""
        self._tell("STOPPING=1", f"EXTEND_TIMEOUT_USEC={round(within_s * 1e6)}", f"STATUS={status}")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """While the configuration is read anew."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", "STATUS=reloading")
        try:
            yield
        finally:
            self._tell("READY=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ours:
                ours.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            self._log.warning("service manager not told", what=lines[0], error=str(error))


class Pulse:
    """Feeds the manager's watchdog from the loop's own timer, thrice in its time.

    A timer that comes later than the next was due feeds nothing: a loop that is late like that each time
    serves nobody, and is to be started anew as one that hangs.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        manager: ServiceManager,
        status: Callable[[], str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._manager = manager
        self._status = status
        self._now = now
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Feed from now on, where a watchdog waits for it."""
        if self._manager.watchdog_s is not None:
            self._arm(self._manager.watchdog_s / 3)

    def stop(self) -> None:
        """Feed no longer."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, every_s: float) -> None:
        self._due = self._now() + every_s
        self._timer = self._loop.call_later(every_s, self._beat, every_s)

    def _beat(self, every_s: float) -> None:
        if self._now() - self._due < every_s:
            self._manager.alive(self._status())
        self._arm(every_s)
