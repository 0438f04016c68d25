"""Blind transfer: whoever talks to the caller sends him on to a number that he himself could dial.

He leaves as soon as somebody is called there, or stays until he hangs up, where he wants to be told what
becomes of it; with a number that leads to nobody nothing changes. The caller hears ringing, or what the queue
plays. Where nobody answers, he talks again to who sent him on, if that one has stayed; else his phone is rung
once more; then the call ends.

The rights are those of who sends on, not the caller's: his routes, and his toll until whoever was called
leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import structlog

from media.codecs import CODECS
from switch.calls.causes import NORMAL_CLEARING, Farewell
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.legs.leg import Leg
from switch.calls.parting import Parting, cut_off
from switch.calls.ringing.attempts import Attempts
from switch.calls.ringing.hunting import Attempt
from switch.calls.ringing.occupancy import Occupancy
from switch.calls.ringing.unreachable import Unreachable
from switch.calls.supervision import NotNow
from switch.calls.transfers.handing import swap
from switch.calls.transfers.parking import park
from switch.config.targets import (
    ConferenceTarget,
    DialledPhone,
    EchoTarget,
    Led,
    ParkTarget,
    PhoneTarget,
    PickupTarget,
    QueueTarget,
    TrunkTarget,
)
from switch.exchange import Exchange
from switch.flows.leading import flow_to, identified
from switch.identities.redirection import MAX_REDIRECTIONS, Cause, Redirection, Redirections, count
from switch.peers import Peer, PhonePeer
from switch.records import LegRole, TransferKind
from switch.routes import Routed

if TYPE_CHECKING:
    from switch.calls.conferences import Conferences
    from switch.calls.flow import Call

RING_TIMEOUT_S: Final = 30.0
_WHY: Final[Mapping[int, str]] = {
    403: "the toll of {by} allows no call there",
    404: "there is no such phone or number",
    480: "it is not registered",
    488: "there is no codec, or no encryption, for both",
    503: "there is no way or no room",
}
"""Nobody could be called."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a number leads that somebody dials for the caller. `number` is as its trunk gets it."""

    by: Peer
    dialled: str
    number: str
    go: Led

    def __str__(self) -> str:
        return f"{self.go}:{self.number}" if isinstance(self.go, DialledPhone | ParkTarget) else str(self.go)


Tell = Callable[[int], None]
"""Hears by SIP statuses what becomes of a transfer: 180, and at last 200 or why not."""


def _nobody(status: int) -> None:
    """Nobody wants to be told."""


class Transfer:
    """A caller who was sent on, from the leaving of his party until somebody has him or he is given up."""

    def __init__(self, exchange: Exchange, call: Call, by: Peer, tell: Tell = _nobody) -> None:
        """`by` is rung again when nobody answers, if it is a phone; whoever it is may be told."""
        self._tell = tell
        self._exchange = exchange
        self._of = call
        self._back = by if isinstance(by, PhonePeer) else None
        self._timer = exchange.loop.call_later(RING_TIMEOUT_S, self._unanswered)

    def rings(self) -> None:
        """Somebody is called, and hears it."""
        self._tell(180)

    def answered(self) -> None:
        """Somebody has the caller."""
        self._over(200)

    def over(self) -> None:
        """The call has ended."""
        self._over(487)

    def in_vain(self, parting: Parting) -> None:
        """Nobody answers; without somebody to go back to the call ends so."""
        if self._of.leaving is not None:
            self._over(480 if parting.told is None else parting.told.status)
            self._of.take_back()
            return
        back, self._back = self._back, None
        self._timer.cancel()
        self._tell(480 if parting.told is None else parting.told.status)
        log = structlog.get_logger("call").bind(call=self._of.id, reason=parting.reason.value)
        if back is not None:
            attempts = Attempts(self._exchange, self._of, back, Occupancy(), self._of.identity)
            try:
                self._of.call_next(attempts, attempts.itself(back.name))
            except Unreachable as error:
                log.info("no way back", phone=back.name, why=error.phrase)
            else:
                log.info("call goes back", phone=back.name)
                self._timer = self._exchange.loop.call_later(RING_TIMEOUT_S, self._unanswered)
                return
        self._of.end_in_vain(parting._replace(result=cut_off(self._of.ledger, None)))

    def _over(self, status: int) -> None:
        self._timer.cancel()
        self._of.transfer = None
        self._tell(status)

    def _unanswered(self) -> None:
        if self._of.party is not None:
            self._of.party.end(Farewell(q850=NORMAL_CLEARING))
        told = Farewell(status=480, q850=19)  # no answer from user (user alerted)
        self.in_vain(Parting(Result.REJECTED, Reason.NO_ANSWER, EndedBy.SWITCH, told))


def transfer(
    exchange: Exchange,
    conferences: Conferences,
    call: Call,
    number: str,
    by: EndedBy,
    sender: Leg | None = None,
    tell: Tell = _nobody,
) -> Destination:
    """Send the caller on to where `number` leads if his party dials it, and let the party leave. `by` is who
    asks for it. Where it is the phone of a leg, its `sender` stays until he has heard that it worked, and may
    be the caller, who sends on his party. Raises NotNow, and nothing has changed.
    """
    if call.party is None or call.bridge is None:
        raise NotNow(f"call {call.id!r} is not connected", 481)
    is_callers = sender is call.caller
    if is_callers:
        swap(exchange, call)
    is_agents = not is_callers and call.agent is not None
    try:
        to = _send_on(exchange, conferences, call, number, tell, stays=sender is not None)
    except NotNow:
        if is_callers:
            swap(exchange, call)
        raise
    if is_agents:
        call.ledger.transferred(TransferKind.BLIND, number, exchange.now_us())
    log = structlog.get_logger("call")
    log.info("call transferred", call=call.id, phone=to.by.name, to=str(to), by=by.value)
    return to


def _send_on(
    exchange: Exchange, conferences: Conferences, call: Call, number: str, tell: Tell, *, stays: bool
) -> Destination:
    """Let the party send the caller on. Raises NotNow."""
    party = call.party
    assert party is not None
    routed = exchange.routes.match(party.peer, number)
    if routed is None:
        raise NotNow(f"no route of {party.peer.name!r} leads to {number!r}", 404)
    to = Destination(party.peer, number, routed.number, routed.go)
    if isinstance(to.go, ConferenceTarget | PickupTarget):
        raise NotNow(f"not yet: a call cannot be transferred to {to.go}", 501)
    if isinstance(to.go, ParkTarget):
        to = replace(to, number=park(exchange, call, routed.number, stays=stays).slot)
        tell(200)
    elif isinstance(to.go, QueueTarget) and call.agent is not None and call.caller.role is LegRole.AGENT:
        raise NotNow(f"not yet: agent {call.agent!r} cannot be transferred to {to.go}", 501)
    elif isinstance(to.go, TrunkTarget | PhoneTarget | DialledPhone):
        _call(exchange, call, to, routed, tell, stays=stays)
    else:
        agreed, is_ours = call.caller.agreed, not isinstance(to.go, EchoTarget)
        if is_ours and agreed is not None and not CODECS[agreed.codec].is_heard:
            raise NotNow(f"call {call.id!r} has a codec without prompts or music: {agreed.codec}", 488)
        if call.supervision is not None and not isinstance(to.go, QueueTarget):
            call.supervision.leave(f"call goes to {to}")
        call.go_on(flow_to(exchange, conferences, routed, call.identity), stays=stays)
        tell(200)
    return to


def _call(
    exchange: Exchange, call: Call, to: Destination, routed: Routed, tell: Tell, *, stays: bool
) -> None:
    """Call whom it leads to. Raises NotNow."""
    caller, occupied = identified(call.identity, routed), Occupancy()
    attempts = Attempts(exchange, call, to.by, occupied, caller, _redirections(call))
    try:
        call.call_next(attempts, _first(call, attempts, to, routed), stays=stays)
    except Unreachable as error:
        occupied.turn_away()
        why = _WHY.get(error.status, error.phrase).format(by=to.by.name)
        raise NotNow(f"{to.dialled!r} cannot be reached: {why}", error.status) from None
    call.transfer = Transfer(exchange, call, to.by, tell)


def _redirections(call: Call) -> Redirections:
    """Why we call over a trunk for somebody who is none of ours. Raises NotNow where it goes round."""
    if call.identity.ours:
        return ()
    redirections = (*call.identity.redirections, Redirection(call.ledger.to, Cause.DEFLECTION))
    if count(redirections) > MAX_REDIRECTIONS:
        raise NotNow(f"call {call.id!r} was redirected too often", 482)
    return redirections


def _first(call: Call, attempts: Attempts, to: Destination, routed: Routed) -> Sequence[Attempt]:
    """Whom to call first. Raises NotNow."""
    if isinstance(to.go, TrunkTarget):
        return attempts.further_trunk(to.go.name, to.number, routed.route.emergency)
    phone = to.go.name if isinstance(to.go, PhoneTarget) else to.number
    if any(leg.peer == PhonePeer(phone) and not leg.over for leg in call.ledger.legs):
        raise NotNow(f"phone {phone!r} is in the call already", 486)
    return attempts.phone(phone)
