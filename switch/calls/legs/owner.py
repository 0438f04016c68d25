"""Who directs a leg, and so is told what happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from switch.calls.legs.events import LegEvent

if TYPE_CHECKING:
    from switch.calls.legs.leg import Leg


class LegOwner(Protocol):
    """A call, or an offer that rings an agent."""

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on a leg of yours."""
        ...


class _Nobody:
    """Owns a leg before its call exists and after the call is over."""

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Nobody is to be told."""


NOBODY: Final[LegOwner] = _Nobody()
