"""Who calls in one call, and so the attempts of its hunt: a phone, the targets of a trunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import structlog

from switch.calls.ringing.branches import Branches
from switch.calls.ringing.hunting import Attempt
from switch.calls.ringing.occupancy import Occupancy
from switch.calls.ringing.unreachable import Unreachable
from switch.config.targets import DialledPhone, PhoneTarget, TrunkTarget
from switch.exchange import Exchange
from switch.identities.caller import Caller
from switch.identities.redirection import MAX_REDIRECTIONS, Cause, Redirection, Redirections, count
from switch.limits import Refusal
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.records import LegRole
from switch.routes import Routed
from switch.toll.call_toll import CallToll
from switch.trunks.next_hop import NextHop

if TYPE_CHECKING:
    from switch.calls.talking import Talking


class Attempts:
    """What a call needs to reach somebody, and to go on where that leads elsewhere.

    `origin` is who dials: whose routes and toll count. `occupied` takes the room on trunks until whoever is
    reached leaves. `redirections` are those of a call that is only passed on; `display` is what phones show
    in place of the caller's name; `been` are the phones that have forwarded the call.
    """

    def __init__(
        self,
        exchange: Exchange,
        call: Talking,
        origin: Peer,
        occupied: Occupancy,
        caller: Caller,
        redirections: Redirections = (),
        display: str | None = None,
        been: frozenset[str] = frozenset(),
    ) -> None:
        self.origin = origin
        self.occupied = occupied
        self._exchange = exchange
        self._call = call
        self._caller = caller
        self._redirections = redirections
        self._display = display
        self._been = been
        self._held: set[str] = set()
        self._further: list[Attempts] = []
        """Of phones that have forwarded the call."""
        rooms, now_us = occupied.rooms, exchange.now_us
        self._toll = CallToll(exchange.toll, origin, occupied, rooms, call.spent, now_us)

    def move(self, call: Talking) -> None:
        """Whoever is called from now on is called for this call."""
        self._call = call
        self._toll.on_limit = call.spent
        for each in self._further:
            each.move(call)

    def phone(self, name: str) -> Sequence[Attempt]:
        """The attempts at a phone of ours, or where it forwards its calls; none where it has done so."""
        if name in self._been:
            return ()
        wanted = self._exchange.preferences.in_force(name, self._exchange.now())
        if wanted.always is not None and (instead := self._forward(name, wanted.always, Cause.UNCONDITIONAL)):
            return instead
        forwards = partial(self._forwarded, name)
        if wanted.do_not_disturb:
            return forwards(Cause.DO_NOT_DISTURB) or [Attempt(_busy, name)]
        ring_s = float(wanted.no_answer_after) if wanted.no_answer is not None else 0.0
        return [Attempt(lambda: self._ring(name), name, ring_s=ring_s, instead=forwards)]

    def itself(self, name: str) -> Sequence[Attempt]:
        """The only attempt at a phone of ours that rings whatever it wants."""
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

    def routed(self, routed: Routed) -> Sequence[Attempt]:
        """The attempts where a route leads; none where the switch itself would answer."""
        match routed.go:
            case TrunkTarget(name=name):
                emergency = routed.route.emergency
                if not emergency and not self.permits(routed.number):
                    return ()
                return self.further_trunk(name, routed.number, emergency)
            case PhoneTarget(name=name):
                return self.phone(name)
            case DialledPhone():
                return self.phone(routed.number)
            case _:  # who wants the switch itself to answer in his place does not ask for it so
                return ()

    # Inside

    def _forwarded(self, name: str, cause: Cause) -> Sequence[Attempt]:
        """Who is called in place of a phone that is busy or does not answer."""
        wanted = self._exchange.preferences.in_force(name, self._exchange.now())
        number = wanted.no_answer if cause is Cause.NO_ANSWER else wanted.busy
        return () if number is None else self._forward(name, number, cause)

    def _forward(self, name: str, number: str, cause: Cause) -> Sequence[Attempt]:
        """Where a phone forwards the call: by its own routes and toll, neither where the call has been nor to
        an emergency number, as which a reload may have made it.
        """
        call = self._call
        routed = self._exchange.routes.match(PhonePeer(name), number)
        before = self._redirections or call.identity.redirections
        redirections = (*before, Redirection(self._meant_for(name), cause))
        if routed is None or routed.route.emergency or count(redirections) > MAX_REDIRECTIONS:
            return ()
        been = {name, call.caller.peer.name} if isinstance(call.caller.peer, PhonePeer) else {name}
        further = Attempts(
            self._exchange,
            call,
            PhonePeer(name),
            self.occupied,
            self._caller,
            redirections,
            self._display,
            self._been | been,
        )
        instead = further.routed(routed)
        if instead:
            self._further.append(further)
            log = structlog.get_logger("call")
            log.info("call forwarded", call=call.id, phone=name, to=number, cause=cause.value)
        return instead

    def _meant_for(self, name: str) -> str:
        """The number that the caller dialled; of a call that has been forwarded, the phone's."""
        inbound = isinstance(self._call.caller.peer, TrunkPeer) and not self._been
        return self._call.ledger.to or name if inbound else name

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

    def _ring(self, name: str) -> Branches:
        display = self._caller.name if self._display is None else self._display
        call = self._call
        redirections = self._redirections if self._been else ()
        return call.dialling.phone(
            name, LegRole.CALLEE, display, self._caller.shown, call, redirections=redirections
        )

    def _dial(self, hop: NextHop, number: str) -> Branches:
        call, caller = self._call, self._caller
        dial = partial(call.dialling.trunk, hop, number, caller, self._redirections, call)
        return Branches(self._exchange, call.book, [[[dial]]])


def _busy() -> Branches:
    """Of a phone that does not want to be disturbed. Raises Unreachable."""
    raise Unreachable(486, "Busy Here")


def _after(first: Callable[[], None], dial: Callable[[], Branches]) -> Callable[[], Branches]:
    def both() -> Branches:
        first()
        return dial()

    return both
