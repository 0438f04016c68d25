"""Whether the peer of an answered leg is still there: the silence of its port, and OPTIONS to be sure."""

from asyncio import TimerHandle
from collections.abc import Callable
from typing import Final

import structlog

from media.port import Port
from switch.exchange import Exchange

PROBE_TIMEOUT_S: Final = 4.0
"""A silent leg whose peer has not answered our OPTIONS by then is lost."""
HELD_SILENCE_S: Final = 600.0
"""The silence that is allowed while a peer holds us."""


class Watch:
    """Of one leg. `probe` sends OPTIONS in its dialog; `alive` and `lost` hear what came of it."""

    def __init__(
        self,
        exchange: Exchange,
        port: Port,
        probe: Callable[[], None],
        alive: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._exchange = exchange
        self._port = port
        self._probe = probe
        self._alive = alive
        self._lost = lost
        self._timer: TimerHandle | None = None

    def go_on(self, held: bool) -> None:
        """Watch the port from now on, less closely while the peer holds us."""
        silence_s = self._exchange.config.media.silence_timeout
        allowed_s = max(HELD_SILENCE_S, silence_s) if held else silence_s
        self._port.watch_silence(allowed_s if silence_s > 0 else None)

    def ask(self) -> None:
        """Nothing came, or the connection closed: ask the peer, unless that is under way."""
        if self._timer is None:
            structlog.get_logger("leg").info("silent, asking the peer", port=self._port.number)
            self._timer = self._exchange.loop.call_later(PROBE_TIMEOUT_S, self.answered, None)
            self._probe()

    def answered(self, status: int | None) -> None:
        """The answer to OPTIONS, or None: there was none in time."""
        if self._timer is None:
            return
        self.stop()
        if status is None or status in (408, 481):
            structlog.get_logger("leg").warning("lost", port=self._port.number, sip_status=status)
            self._lost()
        else:
            self._alive()

    def stop(self) -> None:
        """The leg is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
