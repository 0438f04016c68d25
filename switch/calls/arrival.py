"""A call arrives: who sent it was settled before; here it is routed, admitted and given to its flow."""

from collections.abc import Callable
from functools import partial
from typing import assert_never

import structlog

from media.aio.plane import NoPorts
from media.port import Port
from sip import events as sip
from sip.dialogs.offer_answer import NotAcceptable, Offer
from sip.syntax.message import Malformed, Request
from sip.syntax.sdp import SdpError
from switch.calls.admitting import DRAIN_RETRY_S, admit, watch_spending
from switch.calls.causes import Farewell, q850_of
from switch.calls.ending import Reason
from switch.calls.flow import Call
from switch.calls.ledger import Ledger
from switch.calls.legs.incoming import IncomingLeg
from switch.calls.legs.leg import Leg
from switch.calls.legs.media import Terms
from switch.calls.offered import usable, usable_with
from switch.calls.refusing import NotAdmitted, book_refusal, turn_away
from switch.calls.registry import Registry
from switch.calls.ringing.dialling import MAX_FORWARDS
from switch.calls.ringing.occupancy import Sides
from switch.calls.supervision import NotNow
from switch.calls.transfers.joining import End, end_of
from switch.calls.transfers.pickup import NoPickup, Pickups
from switch.calls.transfers.three_way import confer
from switch.calls.variables import heard
from switch.config.desk import Code
from switch.config.targets import (
    CodeTarget,
    ConferenceTarget,
    DialledPhone,
    Led,
    ParkTarget,
    PhoneTarget,
    PickupTarget,
    TrunkTarget,
)
from switch.config.trunk import DidFrom
from switch.desk.codes import Dialled
from switch.exchange import Exchange
from switch.flows.leading import flow_to
from switch.identities.caller import Caller
from switch.identities.redirection import MAX_REDIRECTIONS, Cause, Redirection, Redirections, count
from switch.ids import new_id
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.records import Direction, LegRole
from switch.routes import Routed, called_number


class Arrival:
    """Admits calls to the switch."""

    def __init__(self, exchange: Exchange, registry: Registry) -> None:
        self._exchange = exchange
        self._registry = registry
        self._pickups = Pickups(exchange, registry)

    def invited(self, invite: sip.IncomingInvite) -> None:
        """Take the INVITE, or refuse it with the status of its reason."""
        try:
            self._take(invite)
        except BaseException:  # ours: whoever calls gets an answer even so, and the log the error
            self._exchange.endpoint.reject(invite.session, 500, self._exchange.now())
            raise

    def _take(self, invite: sip.IncomingInvite) -> None:
        peer = invite.peer
        if not isinstance(peer, TrunkPeer | PhonePeer):
            raise TypeError(f"unknown peer {peer!r}")
        sides = Sides()
        try:
            caller, number = self._parties(invite.request, peer)
            code = self._code(peer, number)
            ledger = self._ledger(invite.request, peer, caller, number if code is None else code.shown)
            if self._picks_up(invite, peer, ledger, code):
                return
        except Malformed as error:
            self._exchange.endpoint.reject(
                invite.session, error.status, self._exchange.now(), reason=error.reason
            )
            return
        self._exchange.tracing.claim(ledger.id, invite.request.call_id, f"caller {peer.name}")
        try:
            routed = admit(self._exchange, peer, ledger, sides, code)
            self._note_redirections(caller, ledger)
            self._verify(invite.request, peer, caller, ledger, routed.route.emergency, sides)
            redirections = self._redirections(routed, ledger, peer, caller)
            flow = flow_to(self._exchange, self._registry.conferences, routed, caller, redirections)
            leg = self._caller(invite, peer, routed)
        except NotAdmitted as refusal:
            turn_away(self._exchange, invite, peer, ledger, sides, refusal)
            return
        except BaseException:  # ours: nobody else is turned away for it
            sides.turn_away()
            raise
        max_forwards = invite.request.max_forwards
        call = Call(
            self._exchange,
            self._registry,
            ledger,
            leg,
            caller,
            MAX_FORWARDS if max_forwards is None else max_forwards,
            sides,
        )
        leg.owner = call
        watch_spending(call, sides)
        call.start(flow)  # first: the flow's first step comes before the router's turn and the note of it
        self._registry.call_started(call)

    def is_emergency(self, request: Request, peer: Peer | None) -> bool:
        """Whether an INVITE is for an emergency service; `peer` is None where nobody has proved anything:
        then From says who it is.
        """
        try:
            origin = peer or self._claimed(request.from_.uri.user or "")
            if isinstance(origin, TrunkPeer):
                number = self._exchange.identities.trunk(origin.name).called(request)
            else:
                number = called_number(request, DidFrom.REQUEST_URI)
        except Malformed:
            return False
        routed = self._exchange.routes.match(origin, number)
        return routed is not None and routed.route.emergency

    def _claimed(self, user: str) -> Peer:
        """Whom a right answer to our challenge would prove."""
        for name, trunk in self._exchange.config.trunks.items():
            if trunk.accept_digest is not None and trunk.accept_digest.user == user:
                return TrunkPeer(name)
        return PhonePeer(user)

    def _picks_up(self, invite: sip.IncomingInvite, peer: Peer, ledger: Ledger, code: Dialled | None) -> bool:
        """Whether it is no call of its own but comes into another's place, which is done here. Raises
        Malformed.
        """
        try:
            both = self._both(peer, code)
            place = both[0].own if both else self._place(invite.request, peer, ledger.to, code)
            if place is None:
                return False
            leg = self._taker(invite, peer, place)
        except NoPickup as error:
            refusal = NotAdmitted(error.reason, answer=error.answer)
        except NotAdmitted as error:
            refusal = error
        else:
            refused = partial(self._refuse_taker, leg, ledger)
            if both:
                self._confer(both, leg, refused)
            else:
                self._pickups.take(place, leg, refused)
            return True
        self._exchange.tracing.claim(ledger.id, invite.request.call_id, f"caller {peer.name}")
        turn_away(self._exchange, invite, peer, ledger, Sides(), refusal)
        return True

    def _place(self, request: Request, peer: Peer, number: str, code: Dialled | None) -> Leg | Call | None:
        """The leg whose place is wanted, or the parked call that is; None for a call of its own. Raises
        NoPickup, and Malformed.
        """
        replaced = self._pickups.replaced(request, peer)
        if replaced is not None:
            return replaced
        if code is not None:
            picks_up = code.target.code is Code.PICKUP
            return self._pickups.ringing(peer, "".join(code.target.arguments)) if picks_up else None
        routed = self._exchange.routes.match(peer, number)
        if routed is not None and routed.go == PickupTarget():
            return self._pickups.ringing(peer, routed.number)
        parks = routed is not None and routed.go == ParkTarget()
        parked = self._exchange.parked.get(routed.number) if routed is not None and parks else None
        return None if parked is None else parked.call

    def _both(self, peer: Peer, code: Dialled | None) -> tuple[End, End] | None:
        """The two calls of a phone that asks for both at once. Raises NoPickup."""
        if code is None or code.target.code is not Code.CONFERENCE:
            return None
        ends = [end for leg in self._registry.legs_of(peer.name) if (end := end_of(leg)) is not None]
        if len(ends) != 2:
            raise NoPickup(Reason.NOT_FOUND, 404, "There Are Not Two Calls")
        return ends[0], ends[1]

    def _confer(self, ends: tuple[End, End], leg: IncomingLeg, refused: Callable[[NoPickup], None]) -> None:
        try:
            confer(self._exchange, ends, leg)
        except NotNow as error:
            refused(NoPickup(Reason.NOT_ALLOWED, error.status, "Not Now"))

    def _taker(self, invite: sip.IncomingInvite, peer: Peer, place: Leg | Call) -> IncomingLeg:
        """The leg of who takes it, near the caller's. Raises NoPickup and NotAdmitted."""
        call, role = self._pickups.call_of(place), self._pickups.role(peer, place)
        terms, offer = self._judged(lambda: usable_with(self._exchange, invite, peer, call.caller))
        port = self._opened(lambda: self._exchange.plane.open(near=call.caller.port))
        self._exchange.tracing.claim(call.id, invite.request.call_id, f"{role.value} {peer.name}")
        return self._leg(invite, peer, port, terms, offer, role)

    def _refuse_taker(self, leg: IncomingLeg, ledger: Ledger, why: NoPickup) -> None:
        status, phrase = why.answer
        leg.end(Farewell(status=status, phrase=phrase, q850=q850_of(status)))
        book_refusal(self._exchange, ledger, why.reason, leg.record())

    def _parties(self, request: Request, peer: Peer) -> tuple[Caller, str]:
        """Who calls, and the number that is called. Raises Malformed."""
        identities = self._exchange.identities
        match peer:
            case TrunkPeer(name=name):
                trunk = identities.trunk(name)
                return trunk.caller(request), trunk.called(request)
            case PhonePeer(name=name):
                return identities.phone(request, name), called_number(request, DidFrom.REQUEST_URI)
            case _:
                assert_never(peer)

    def _ledger(self, request: Request, peer: Peer, caller: Caller, number: str) -> Ledger:
        now_us = self._exchange.now_us()
        if isinstance(peer, TrunkPeer):
            named = self._exchange.config.trunks[peer.name].variables
            said = heard((name, request.headers.get(header)) for name, header in named.items())
            return Ledger(
                new_id(now_us), Direction.INBOUND, peer.name, caller.shown, number, now_us, variables=said
            )
        return Ledger(new_id(now_us), Direction.INTERNAL, None, peer.name, number, now_us)

    def _code(self, peer: Peer, number: str) -> Dialled | None:
        """The feature code that a phone has dialled; a number of an emergency service is none."""
        if not isinstance(peer, PhonePeer):
            return None
        dialled = self._exchange.codes.dialled(number)
        if dialled is None:
            return None
        routed = self._exchange.routes.match(peer, number)
        return None if routed is not None and routed.route.emergency else dialled

    def _verify(
        self,
        request: Request,
        peer: Peer,
        caller: Caller,
        ledger: Ledger,
        emergency: bool,
        sides: Sides,
    ) -> None:
        """Check what a carrier signed of the caller, where its trunk asks for that; the last question, as it
        costs most. Of an emergency call it is only noted.
        """
        if not isinstance(peer, TrunkPeer):
            return
        trunk = self._exchange.identities.trunk(peer.name)
        found = trunk.verify(request, caller, sides.caller.rooms.append)
        if found is None:
            return
        self._exchange.metrics.stir_verified(found.outcome)
        log = structlog.get_logger("call").bind(call=ledger.id)
        log.info("caller verified", verstat=found.outcome.verstat.value, why=found.why, attest=found.attest)
        if trunk.rejects_unverified and found.outcome.refusal is not None and not emergency:
            raise NotAdmitted(Reason.IDENTITY, answer=found.outcome.refusal)

    def _note_redirections(self, caller: Caller, ledger: Ledger) -> None:
        """Say in the log who the call was first meant for, where that is told and may be."""
        if caller.redirections:
            first = caller.redirections[0]
            log = structlog.get_logger("call").bind(call=ledger.id)
            meant_for = "" if first.withheld else first.number
            log.info("call was redirected", meant_for=meant_for, times=count(caller.redirections))

    def _redirections(self, routed: Routed, ledger: Ledger, peer: Peer, caller: Caller) -> Redirections:
        """How a call came here that is only passed on; one that goes round comes to its end."""
        if not (isinstance(peer, TrunkPeer) and isinstance(routed.go, TrunkTarget)):
            return ()
        redirections = (*caller.redirections, Redirection(ledger.to, Cause.UNCONDITIONAL))
        if count(redirections) <= MAX_REDIRECTIONS:
            return redirections
        if routed.route.emergency:
            return ()  # it goes on however it came, and its redirections written out might be too long
        raise NotAdmitted(Reason.REDIRECTED_TOO_OFTEN)

    def _caller(self, invite: sip.IncomingInvite, peer: Peer, routed: Routed) -> IncomingLeg:
        """The caller's leg. What he offers is judged first: nothing absurd makes us open a socket."""
        terms, offer = self._judged(lambda: usable(self._exchange, invite, peer, routed.go))
        port = self._opened(lambda: self._port(routed, peer))
        at_code = isinstance(routed.go, CodeTarget)
        return self._leg(invite, peer, port, terms, offer, LegRole.CALLER, at_code=at_code)

    def _judged(self, judge: Callable[[], tuple[Terms, Offer | None]]) -> tuple[Terms, Offer | None]:
        try:
            return judge()
        except (NotAcceptable, SdpError) as error:
            answer = (error.status, str(error))
            raise NotAdmitted(Reason.NOT_ACCEPTABLE, answer=answer) from None
        except OSError:  # no way back to whoever calls, so no address to write into our SDP
            raise NotAdmitted(Reason.UNREACHABLE) from None

    def _opened(self, open_port: Callable[[], Port]) -> Port:
        try:
            return open_port()
        except NoPorts:
            raise NotAdmitted(Reason.NO_PORTS, DRAIN_RETRY_S) from None

    def _leg(
        self,
        invite: sip.IncomingInvite,
        peer: Peer,
        port: Port,
        terms: Terms,
        offer: Offer | None,
        role: LegRole,
        *,
        at_code: bool = False,
    ) -> IncomingLeg:
        try:
            exchange, book = self._exchange, self._registry
            return IncomingLeg(exchange, book, invite, peer, port, terms, offer, role, at_code=at_code)
        except BaseException:  # ours: no port is lost for it
            port.close()
            raise

    def _port(self, routed: Routed, peer: Peer) -> Port:
        go = routed.go
        if isinstance(go, ConferenceTarget):
            return self._registry.conferences.open_port(go.name)
        near = self._listened(go) or self._talks_by(peer.name if isinstance(peer, PhonePeer) else None)
        return self._exchange.plane.open(near=near or self._talks_by(_phone_called(routed)))

    def _talks_by(self, phone: str | None) -> Port | None:
        """Of a phone that is in a call already: both may become one."""
        legs = self._registry.legs_of(phone) if phone is not None else ()
        return next((leg.port for leg in legs), None)

    def _listened(self, go: Led) -> Port | None:
        """That of the caller whom whoever dials a code wants to listen to."""
        if not isinstance(go, CodeTarget) or go.code is not Code.LISTEN:
            return None
        phone = self._exchange.desk.phone_meant("".join(go.arguments))
        talk = self._registry.talk_at(phone) if phone is not None else None
        return None if talk is None else talk.caller.port


def _phone_called(routed: Routed) -> str | None:
    match routed.go:
        case PhoneTarget(name=name):
            return name
        case DialledPhone():
            return routed.number
    return None
