"""Whom one call hands over to another, and what comes with him."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from switch.calls.ledger import Visit
from switch.calls.legs.leg import Leg
from switch.calls.place import Place
from switch.calls.ringing.occupancy import Occupancy
from switch.config.queue import Queue
from switch.records import OfferRecord

if TYPE_CHECKING:
    from switch.calls.flow import Call, Flow


@dataclass(frozen=True, slots=True)
class Brought:
    """A leg and what it occupies on trunks; of an agent whom a queue has found also that queue, the visit and
    its offers, which are booked where he talks in the end, and the place under which the router knows him.
    """

    leg: Leg
    occupied: Occupancy
    agent: str | None = None
    queue: Queue | None = None
    place: Place | None = None
    visits: list[Visit] = field(default_factory=list)
    offers: list[OfferRecord] = field(default_factory=list)


def after(over: asyncio.Future[None], flow: Flow) -> Callable[[Call], Awaitable[None]]:
    """The flow, begun when whoever is on his way out has left."""

    async def later(call: Call) -> None:
        await asyncio.wait((over,))
        await flow(call)

    return later
