"""Pickup: a phone takes a call that rings, or talks, at another, by INVITE with Replaces (RFC 3891 section 3)
or by a number that leads to `go: pickup`.

Only a phone may, which has proved who it is: what rings or talks at itself, what its own agent talks to, and
what rings or talks at a phone with which it shares a pickup group. The call of a queue's offer is for the
router to give, to an agent who serves that queue.
"""

from collections.abc import Callable, Iterator

from acd.events import OfferPickedUp
from sip.syntax.malformed import Fault, Malformed
from sip.syntax.message import Request
from sip.syntax.replaces import DialogName
from switch.calls.ending import Reason
from switch.calls.flow import Call
from switch.calls.legs.events import LegEvent
from switch.calls.legs.incoming import IncomingLeg
from switch.calls.legs.leg import Leg
from switch.calls.legs.outgoing import OutgoingLeg
from switch.calls.offering import Offering
from switch.calls.registry import Registry
from switch.calls.transfers.handing import swap
from switch.exchange import Exchange
from switch.peers import Peer, PhonePeer
from switch.records import LegRole


class NoPickup(Exception):
    """There is nothing to be taken, or not by this phone."""

    def __init__(self, reason: Reason, status: int, phrase: str) -> None:
        """`status` and `phrase` are what the phone is told."""
        super().__init__(phrase)
        self.reason = reason
        self.answer = status, phrase


class Pickup:
    """The leg of an agent who wants the call of a colleague's offer, until the router's word."""

    def __init__(self, leg: IncomingLeg, refused: Callable[[], None]) -> None:
        """`refused` is called where the router gives the call to nobody, or to somebody else."""
        self._leg = leg
        self._refused = refused

    def connect(self) -> IncomingLeg | None:
        """The router gives him the call; None if the phone has hung up meanwhile."""
        self._leg.answer()
        return None if self._leg.over else self._leg

    def hang_up(self) -> None:
        """The router does not."""
        self._refused()

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """There is nothing that would change the router's word."""


class Pickups:
    """Finds what a phone may take, and takes it."""

    def __init__(self, exchange: Exchange, registry: Registry) -> None:
        self._exchange = exchange
        self._registry = registry

    # What is meant

    def replaced(self, request: Request, by: Peer) -> Leg | None:
        """The leg whose place an INVITE wants by its Replaces; None where it has none. Raises NoPickup, and
        Malformed(400).
        """
        if "Replaces" not in request.headers:
            return None
        name = _name(request)
        endpoint = self._exchange.endpoint
        session = endpoint.named(name)
        leg = None if session is None else self._registry.leg_of(session)
        if leg is None and (session is not None or endpoint.is_over(name)):
            raise NoPickup(Reason.DECLINED, 603, "Already Over")
        if leg is None or (not leg.answered and isinstance(leg, IncomingLeg)):
            raise NoPickup(Reason.NOT_FOUND, 481, "No Such Dialog")
        self._permit(by, leg)
        if leg.answered and name.early_only:
            raise NoPickup(Reason.BUSY, 486, "Already Answered")
        if not leg.answered and not _rings(leg):
            raise NoPickup(Reason.DECLINED, 603, "Already Over")
        if leg.answered and not _talks(leg):
            raise NoPickup(Reason.NOT_ACCEPTABLE, 488, "Cannot Be Replaced")
        return leg

    def ringing(self, by: Peer, extension: str) -> Leg:
        """What rings at a phone, or without `extension` what rings longest at any phone that shares a pickup
        group with `by`. Raises NoPickup.
        """
        if extension:
            legs = list(self._ringing(extension))
            if legs:
                self._permit(by, legs[0])
        else:
            phones = (name for name in self._exchange.config.phones if self._share_a_group(by.name, name))
            legs = [leg for name in phones if name != by.name for leg in self._ringing(name)]
            legs = [leg for leg in legs if self._serves(by, leg)]
        if not legs:
            raise NoPickup(Reason.NOT_FOUND, 404, "Nothing Rings There")
        return min(legs, key=lambda leg: (leg.ringing_at is None, leg.ringing_at))

    def call_of(self, place: Leg | Call) -> Call:
        """The call that a leg belongs to, or rings for. Raises NoPickup where that is over."""
        owner = place.owner if isinstance(place, Leg) else place
        found = owner if isinstance(owner, Call) else None
        if isinstance(owner, Offering):
            found = self._registry.calls.get(owner.call)
        if found is None or found.over:
            raise NoPickup(Reason.DECLINED, 603, "Already Over")
        return found

    # Taking it

    def take(self, place: Leg | Call, leg: IncomingLeg, refused: Callable[[NoPickup], None]) -> None:
        """Let `leg` have the place of another, or whoever waits in a call for anybody. `refused` is called
        where the router is against it.
        """
        if isinstance(place, Call):
            place.pick_up(leg)
            return
        match place.owner:
            case Call() as call if place.answered:
                if place is call.caller:
                    swap(self._exchange, call)
                call.replace(leg)
            case Call() as call:
                call.pick_up(leg)
            case Offering() as offering:
                self._ask_router(offering, leg, refused)

    def role(self, by: Peer, place: Leg | Call) -> LegRole:
        """What `by` is to the call when he takes it: the agent who has it already, or whom the router has to
        ask, or somebody who was dialled.
        """
        if isinstance(place, Call):
            return LegRole.CALLEE
        if isinstance(place.owner, Offering):
            return LegRole.AGENT
        agent = _agent(place)
        same = agent is not None and self._exchange.staffing.agent_at(by.name) == agent
        return LegRole.AGENT if same else LegRole.CALLEE

    # Inside

    def _ask_router(self, offering: Offering, leg: IncomingLeg, refused: Callable[[NoPickup], None]) -> None:
        agent = self._exchange.staffing.agent_at(leg.peer.name) or ""
        pickups, dispatch = self._registry.pickups, self._exchange.dispatch

        def turned_down() -> None:
            refused(NoPickup(Reason.NOT_ALLOWED, 403, "Not Yours To Take"))

        pickups[leg.id] = leg.owner = Pickup(leg, turned_down)
        dispatch.post(OfferPickedUp(offer=offering.offer, agent=agent, pickup=leg.id))
        dispatch.flush()

    def _permit(self, by: Peer, leg: Leg) -> None:
        """Raises NoPickup where the leg is none that `by` may take."""
        if not isinstance(by, PhonePeer) or not self._may(by.name, leg):
            raise NoPickup(Reason.NOT_ALLOWED, 403, "Not Yours To Take")

    def _may(self, by: str, leg: Leg) -> bool:
        if not isinstance(leg.peer, PhonePeer):
            return False
        if leg.peer.name == by or self._share_a_group(by, leg.peer.name):
            return True
        agent = _agent(leg)
        return agent is not None and self._exchange.staffing.agent_at(by) == agent

    def _share_a_group(self, one: str, other: str) -> bool:
        phones = self._exchange.config.phones
        if one not in phones or other not in phones:
            return False
        return not set(phones[one].pickup_group).isdisjoint(phones[other].pickup_group)

    def _serves(self, by: Peer, leg: Leg) -> bool:
        """Whether `by` may have the call, as far as its queue is concerned."""
        if not isinstance(leg.owner, Offering):
            return True
        router = self._exchange.dispatch.router
        agent = router.agent(self._exchange.staffing.agent_at(by.name) or "")
        waiting = router.call(leg.owner.call)
        return agent is not None and waiting is not None and waiting.queue in agent.queues

    def _ringing(self, phone: str) -> Iterator[Leg]:
        return (leg for leg in self._registry.legs_of(phone) if _rings(leg))


def _name(request: Request) -> DialogName:
    """Raises Malformed(400), also where there are several, or Join beside it (RFC 3891 section 3)."""
    lines = request.headers.lines("Replaces")
    name = DialogName.of_replaces(lines[0])
    if len(lines) > 1 or "Join" in request.headers:
        raise Malformed(400, Fault.MALFORMED_REPLACES)
    return name


def _agent(leg: Leg) -> str | None:
    """The router's agent who talks by it."""
    return leg.owner.agent if isinstance(leg.owner, Call) and leg.role is LegRole.AGENT else None


def _rings(leg: Leg) -> bool:
    """Whether it is a phone that rings, and the call still waits for it."""
    if not isinstance(leg, OutgoingLeg) or leg.answered or leg.over or leg.ringing_at is None:
        return False
    match leg.owner:
        case Call() as call:
            party = call.party
            return party is leg or (party is not None and not party.answered and leg in call.ledger.legs)
        case Offering() as offering:
            return offering.rings
    return False


def _talks(leg: Leg) -> bool:
    """Whether it is one of two who talk to each other."""
    owner = leg.owner
    return isinstance(owner, Call) and leg in (owner.caller, owner.party) and owner.bridge is not None
