"""What changes hands: a party goes from call to call with all that comes with it, and caller and party may
change places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from switch.calls.legs.leg import Leg
from switch.calls.ringing.occupancy import Occupancy
from switch.calls.transfers.brought import Brought
from switch.identities.caller import Caller
from switch.peers import PhonePeer
from switch.records import LegRole
from switch.toll.account import Spending

if TYPE_CHECKING:
    from switch.calls.talking import Talking
    from switch.exchange import Exchange


def swap(exchange: Exchange, call: Talking) -> None:
    """Caller and party change places, as where the caller is the one who leaves. A second time undoes it."""
    if call.party is None:
        return
    identity = call.party_identity or _called_as(exchange, call)
    call.caller, call.party = call.party, call.caller
    call.caller_side, call.reaching.occupied = call.reaching.occupied, call.caller_side
    call.identity, call.party_identity = identity, call.identity
    call.hear_caller()


def give_away(call: Talking, stays: Leg) -> Brought:
    """Part with whoever `stays` talks to, for another call; this one is to be ended then."""
    call.part()
    call.settle()
    if stays is call.party:
        leg, occupied, call.caller_side = call.caller, call.caller_side, Occupancy()
    else:
        assert call.party is not None
        leg, occupied, call.reaching.occupied = call.party, call.reaching.occupied, Occupancy()
        call.party = None
    ledger = call.ledger
    ledger.legs.remove(leg)
    agent = call.agent if leg.role is LegRole.AGENT else None
    if agent is None:
        return Brought(leg, occupied)
    call.agent = None
    call.place.forget()
    visits, offers, ledger.visits, ledger.offers = ledger.visits, ledger.offers, [], []
    return Brought(leg, occupied, agent, call.queued_as, call.place, visits, offers)


def receive(call: Talking, brought: Brought) -> None:
    """Take what another call has given away; its leg is the party already."""
    call.reaching.occupied = brought.occupied
    pay_for(call, brought.occupied)
    _take_in(call, brought.leg)
    call.agent = brought.agent or call.agent  # who may be the caller, if his own has sent him on
    if brought.place is not None:
        call.place.succeed(brought.place)
    call.queued_as = call.queued_as or brought.queue
    call.ledger.visits += brought.visits
    call.ledger.offers += brought.offers
    call.brought = brought
    if call.leaving is None:
        call.departed(None)


def await_party_of(other: Talking, call: Talking) -> None:
    """Whoever rings for the caller of the other call rings for this one's, in the place of whom he talks to,
    who stays until his own BYE.
    """
    before, call.party, other.party = call.party, other.party, None
    call.reaching.over()
    call.reaching, other.reaching = other.reaching, call.reaching
    pay_for(call, call.reaching.occupied)
    for leg in call.reaching.ringing:
        other.ledger.legs.remove(leg)
        _take_in(call, leg)
    call.leave_alone(before, stays=True)
    call.reaching.move(call, call.called, call.let_hear)


def _take_in(call: Talking, leg: Leg) -> None:
    """The leg is one of this call's, in the place of a party."""
    call.ledger.legs.append(leg)
    leg.owner = call
    if leg.role is LegRole.CALLER:
        leg.take_role(LegRole.CALLEE)
    call.book.leg_confirmed(leg, call)
    call.book.leg_changed(leg)


def pay_for(call: Talking, occupied: Occupancy) -> None:
    """What is spent on it is spent by this call."""
    for room in occupied.rooms:
        if isinstance(room, Spending):
            room.on_limit = call.spent


def _called_as(exchange: Exchange, call: Talking) -> Caller:
    """As whom the caller's party calls in turn."""
    if call.party is not None and isinstance(call.party.peer, PhonePeer):
        return exchange.identities.desk(call.party.peer.name)
    return Caller(number=call.ledger.to)
