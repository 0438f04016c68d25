"""Whether a call may begin: its route, room on its trunks, and what may be spent there."""

from switch.calls.ending import Reason
from switch.calls.flow import Call
from switch.calls.ledger import Ledger
from switch.calls.refusing import NotAdmitted
from switch.calls.ringing.occupancy import Sides
from switch.config.schema import Route
from switch.config.targets import TrunkTarget
from switch.desk.codes import Dialled
from switch.exchange import Exchange
from switch.limits import Refusal, Slot
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.records import Direction
from switch.routes import Routed
from switch.toll.account import Spending
from switch.toll.guard import TollLimit

DRAIN_RETRY_S = 30
"""What a caller is told to wait while the switch drains."""


def admit(
    exchange: Exchange, peer: Peer, ledger: Ledger, sides: Sides, code: Dialled | None = None
) -> Routed:
    """Where the call that `ledger` begins leads; `sides` hold what it takes. Raises NotAdmitted."""
    routed = (
        exchange.routes.match(peer, ledger.to)
        if code is None
        else Routed(Route(phone=peer.name, go=code.target), code.shown)
    )
    if routed is None:
        raise NotAdmitted(Reason.NO_ROUTE)
    emergency = routed.route.emergency
    if emergency and isinstance(peer, PhonePeer):
        exchange.preferences.called_for_help(peer.name, exchange.now())
    if exchange.draining and not emergency:
        raise NotAdmitted(Reason.DRAINING, DRAIN_RETRY_S)
    if isinstance(peer, TrunkPeer):
        sides.caller.rooms.append(_slot(exchange, peer.name, emergency, arriving=True))
    if isinstance(routed.go, TrunkTarget):
        sides.party.rooms.append(_slot(exchange, routed.go.name, emergency))
        if not emergency:
            sides.party.rooms.append(_spending(exchange, peer, routed.number, sides))
        if ledger.direction is Direction.INTERNAL:
            ledger.direction, ledger.trunk = Direction.OUTBOUND, routed.go.name
    return routed


def watch_spending(call: Call, sides: Sides) -> None:
    """End the call when whoever makes it has used up what he may spend."""
    for room in sides.party.rooms:
        if isinstance(room, Spending):
            room.on_limit = call.spent


def _slot(exchange: Exchange, trunk: str, emergency: bool, *, arriving: bool = False) -> Slot:
    admitted = exchange.limits.admit(trunk, exchange.now(), emergency, arriving=arriving)
    if isinstance(admitted, Refusal):
        raise NotAdmitted(Reason.LIMIT, admitted.retry_after_s)
    return admitted


def _spending(exchange: Exchange, peer: Peer, number: str, sides: Sides) -> Spending:
    """What the caller may spend on the trunk."""
    admitted = exchange.toll.admit(peer, number, sides.party, exchange.now_us())
    if isinstance(admitted, TollLimit):
        raise NotAdmitted(Reason.TOLL_LIMIT)
    return admitted
