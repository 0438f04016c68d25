"""Who calls in one call, and so the attempts of its hunt: a phone, the targets of a trunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from switch.calls.dialling import Unreachable
from switch.calls.hunting import Attempt
from switch.calls.leg_outgoing import OutgoingLeg
from switch.calls.occupancy import Occupancy
from switch.exchange import Exchange
from switch.identities.caller import Caller
from switch.identities.redirection import Redirections
from switch.limits import Refusal
from switch.peers import Peer
from switch.records import LegRole
from switch.toll.call_toll import CallToll
from switch.trunks.next_hop import NextHop

if TYPE_CHECKING:
    from switch.calls.flow import Call


class Attempts:
    """What a call needs to reach somebody, and to go on where that leads elsewhere.

    `origin` is who dials: whose routes and toll count. `occupied` takes the room on trunks until whoever is
    reached leaves. `redirections` are those of a call that is only passed on; `display` is what phones show
    in place of the caller's name.
    """

    def __init__(
        self,
        exchange: Exchange,
        call: Call,
        origin: Peer,
        occupied: Occupancy,
        caller: Caller,
        redirections: Redirections = (),
        display: str | None = None,
    ) -> None:
        self.origin = origin
        self.occupied = occupied
        self._exchange = exchange
        self._call = call
        self._caller = caller
        self._redirections = redirections
        self._display = display
        self._held: set[str] = set()
        rooms, now_us = occupied.rooms, exchange.now_us
        self._toll = CallToll(exchange.toll, origin, occupied, rooms, call.spent, now_us)

    def phone(self, name: str) -> Sequence[Attempt]:
        """The only attempt at a phone of ours."""
        return [Attempt(lambda: self._ring(name), name)]

    def trunk(self, name: str, number: str) -> Sequence[Attempt]:
        """The attempts at a trunk on which the call has room."""
        self._held.add(name)
        return [self.at(hop, number) for hop in self._exchange.trunks.next_hops(name)]

    def further_trunk(self, name: str, number: str, emergency: bool) -> Sequence[Attempt]:
        """The attempts at another trunk, on which room has to be found first."""
        attempts = [self.at(hop, number) for hop in self._exchange.trunks.next_hops(name)]
        return [
            replace(each, dial=_after(lambda: self._make_room(name, number, emergency), each.dial))
            for each in attempts
        ]

    def permits(self, number: str) -> bool:
        """Whether the caller may spend on a number of a trunk."""
        return self._toll.permits(number)

    def at(self, hop: NextHop, number: str) -> Attempt:
        """The attempt at one target."""
        trunk = self._exchange.config.trunks.get(hop.trunk)
        patience_s = 0.0 if trunk is None else trunk.unreachable_after
        return Attempt(lambda: self._dial(hop, number), number, hop, patience_s)

    # Inside

    def _make_room(self, trunk: str, number: str, emergency: bool) -> None:
        room = None
        if trunk not in self._held:
            admitted = self._exchange.limits.admit(trunk, self._exchange.now(), emergency)
            if isinstance(admitted, Refusal):
                raise Unreachable(503, "Service Unavailable")
            room = admitted
        if not emergency and not self._toll.pay(number):
            if room is not None:
                room.turn_away()
            raise Unreachable(403, "Forbidden")
        if room is not None:
            self._held.add(trunk)
            self.occupied.rooms.append(room)

    def _ring(self, name: str) -> OutgoingLeg:
        display = self._caller.name if self._display is None else self._display
        call = self._call
        return call.dialling.phone(name, LegRole.CALLEE, display, self._caller.shown, call)

    def _dial(self, hop: NextHop, number: str) -> OutgoingLeg:
        return self._call.dialling.trunk(hop, number, self._caller, self._redirections, self._call)


def _after(first: Callable[[], None], dial: Callable[[], OutgoingLeg]) -> Callable[[], OutgoingLeg]:
    def both() -> OutgoingLeg:
        first()
        return dial()

    return both
