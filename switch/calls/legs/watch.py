"""Whether the peer of an answered leg is still there: the silence of its port, and OPTIONS to be sure. And
whether its keys come.
"""

from asyncio import TimerHandle
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from media.port import Port
from switch.exchange import Exchange

PROBE_TIMEOUT_S: Final = 4.0
"""A silent leg whose peer has not answered our OPTIONS by then is lost."""
HELD_SILENCE_S: Final = 600.0
"""The silence that is allowed while a peer holds us."""
KEYS_WITHIN_S: Final = 10.0
"""A handshake for keys has to be over by then: several retransmissions, and no longer than people wait."""


class Verdict(Enum):
    """What is known of the peer."""

    ALIVE = auto()
    LOST = auto()
    LATE = auto()
    """Nobody waits for this answer any more."""


class Watch:
    """Of one leg."""

    def __init__(self, exchange: Exchange, port: Port) -> None:
        self._exchange = exchange
        self._port = port
        self._timer: TimerHandle | None = None

    def go_on(self, held: bool) -> None:
        """Watch the port from now on, less closely while the peer holds us."""
        silence_s = self._exchange.config.media.silence_timeout
        allowed_s = max(HELD_SILENCE_S, silence_s) if held else silence_s
        self._port.watch_silence(allowed_s if silence_s > 0 else None)

    def asks(self, answered: Callable[[None], None]) -> bool:
        """Nothing came, or the connection closed: whether to ask the peer by OPTIONS, which may be under way.

        `answered` is called when no answer came in time.
        """
        if self._timer is not None:
            return False
        self._timer = self._exchange.loop.call_later(PROBE_TIMEOUT_S, answered, None)
        return True

    def verdict(self, status: int | None) -> Verdict:
        """What the answer to OPTIONS means; None: there was none in time."""
        if self._timer is None:
            return Verdict.LATE
        self.stop()
        return Verdict.LOST if status is None or status in (408, 481) else Verdict.ALIVE

    def stop(self) -> None:
        """The leg is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class KeyWatch:
    """Whether the keys of one leg come that its descriptions left to a handshake."""

    def __init__(self, exchange: Exchange, port: Port) -> None:
        self._exchange = exchange
        self._port = port
        self._timer: TimerHandle | None = None

    def go_on(self, missing: Callable[[], None]) -> None:
        """The leg was answered, or described anew: `missing` is called when they did not come in time."""
        self.stop()
        if self._port.keyless is not None:
            self._timer = self._exchange.loop.call_later(KEYS_WITHIN_S, missing)

    def stop(self) -> None:
        """The leg is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
