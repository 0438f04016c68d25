"""Who sends his party on stays until his leg ends: with the phone's own BYE, or soon after it has worked."""

from asyncio import Future, TimerHandle
from collections.abc import Callable
from typing import Final

from media.port import Silence
from switch.calls.causes import NORMAL_CLEARING, Farewell
from switch.calls.legs.events import Ended, LegEvent, Lost
from switch.calls.legs.leg import Leg
from switch.exchange import Exchange

LEAVE_S: Final = 1.0
"""So long he may take to hang up once he knows that it worked."""


class Departure:
    """One leg on its way out. It hears nothing, and an agent's talk is over when it ends."""

    def __init__(
        self, exchange: Exchange, leg: Leg, agent: str | None, left: Callable[[str | None], None]
    ) -> None:
        """`agent` is the router's whose leg it is; `left` is told him when the leg has ended."""
        self.leg = leg
        self.agent = agent
        self.over: Future[None] = exchange.loop.create_future()
        """Done when the leg has ended, or goes on after all."""
        self._exchange = exchange
        self._left = left
        self._timer: TimerHandle | None = None
        leg.owner = self
        leg.send(Silence())

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on the leg."""
        if isinstance(event, Ended | Lost):
            self.end()

    def settle(self) -> None:
        """It has worked, and he knows: he is to hang up."""
        if self._timer is None and not self.over.done():
            self._timer = self._exchange.loop.call_later(LEAVE_S, self.end)

    def end(self) -> None:
        """End the leg, if it has not ended. A second time changes nothing."""
        if not self.over.done():
            self._stop()
            self.leg.end(Farewell(q850=NORMAL_CLEARING))
            self._left(self.agent)

    def call_off(self) -> None:
        """He stays after all: the leg is the caller's party again."""
        self._stop()

    def _stop(self) -> None:
        self.over.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
