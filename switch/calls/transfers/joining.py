"""Attended transfer: whoever is in two calls hands the other party of one over to that of the other.

The two go on in one call, by the first of these rules that decides: that in which he was called, as its
caller stays where he is; that which came through a queue; the one that began first. The other call, a
consultation, is over: `completed`, `transferred`, and its record names the call that goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from media.codecs import CODECS
from switch.calls.causes import NORMAL_CLEARING, Farewell
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.legs.leg import Leg
from switch.calls.supervision import NotNow
from switch.calls.transfers.departing import Departure
from switch.calls.transfers.handing import give_away, swap
from switch.calls.transfers.transferring import Tell, Transfer, transfer
from switch.calls.variables import joined
from switch.exchange import Exchange
from switch.records import LegRole, TransferKind

if TYPE_CHECKING:
    from switch.calls.conferences import Conferences
    from switch.calls.flow import Call

_ENDED_BY = {
    LegRole.CALLER: EndedBy.CALLER,
    LegRole.AGENT: EndedBy.AGENT,
    LegRole.SUPERVISOR: EndedBy.SUPERVISOR,
}


class End:
    """One end of a call, as whoever is there sees it: his own leg, and the other side's."""

    def __init__(self, call: Call, own: Leg) -> None:
        self.call = call
        self.own = own

    @property
    def ended_by(self) -> EndedBy:
        """Who ends the call, if whoever is here does."""
        return _ENDED_BY.get(self.own.role, EndedBy.CALLEE)

    @property
    def other(self) -> Leg | None:
        """Who is at the other side, ringing or talking."""
        return self.call.party if self.own is self.call.caller else self.call.caller

    @property
    def is_up(self) -> bool:
        """Whether both are answered."""
        return self.own.answered and self.other is not None and self.other.answered


def end_of(leg: Leg) -> End | None:
    """Where the leg has its place in a call; None where it has none, or none any more."""
    from switch.calls.flow import Call

    call = leg.owner
    return End(call, leg) if isinstance(call, Call) and leg in (call.caller, call.party) else None


def join(exchange: Exchange, conferences: Conferences, first: End, second: End, tell: Tell) -> None:
    """Let the others of both ends talk to each other. `tell` is told by a SIP status what becomes of it, at
    once where both are up. Raises NotNow, and nothing has changed.
    """
    if first.call is second.call or first.own.peer != second.own.peer:
        raise NotNow("these are not two calls of the same phone", 403)
    if not first.is_up or first.call.transfer is not None or second.call.transfer is not None:
        raise NotNow(f"call {first.call.id!r} is not connected", 481)
    if second.is_up:
        _join(exchange, first, second)
        tell(200)
    elif second.own is second.call.caller and second.call.ledger.waiting:
        transfer(exchange, conferences, first.call, second.call.ledger.to, EndedBy.AGENT, first.own, tell)
        end_joined(second, first.call)
    elif second.own is second.call.caller and second.other is not None:
        _await(exchange, first, second, tell)
    else:
        raise NotNow(f"call {second.call.id!r} has nobody to be transferred to", 481)


def _join(exchange: Exchange, first: End, second: End) -> None:
    judge_agents(first, second)
    judge(exchange, first.other, second.other)
    _note(exchange, first, second, TransferKind.ATTENDED)
    kept, left = sorted((first, second), key=rank)
    if kept.own is kept.call.caller:
        swap(exchange, kept.call)
    brought = give_away(left.call, left.own)
    kept.call.take_over(brought.leg, brought, stays=kept is first)
    if left is first:
        Departure(exchange, left.own, None, lambda _: end_joined(left, kept.call))
    else:
        end_joined(left, kept.call)


def rank(end: End) -> tuple[bool, bool, int]:
    """Of two ends that are joined the one with less is kept."""
    ledger = end.call.ledger
    return end.own is end.call.caller, not ledger.visits, ledger.started_us


def _await(exchange: Exchange, first: End, second: End, tell: Tell) -> None:
    """Who rings for one rings for the other."""
    _note(exchange, first, second, TransferKind.BLIND)
    if first.own is first.call.caller:
        swap(exchange, first.call)
    first.call.await_party_of(second.call)
    first.call.transfer = Transfer(exchange, first.call, first.own.peer, tell)
    end_joined(second, first.call)


def _note(exchange: Exchange, first: End, second: End, kind: TransferKind) -> None:
    """If who connects the two is an agent whom a queue has found: his caller is transferred."""
    for his, other in ((first, second), (second, first)):
        if his.own.role is LegRole.AGENT:
            his.call.ledger.transferred(kind, other.call.ledger.to, exchange.now_us())
            return


def judge_agents(*ends: End) -> None:
    """The router knows an agent by his caller. Raises NotNow where both others are agents that it found."""
    agents = [end.call.agent for end in ends if end.other is not None and end.other.role is LegRole.AGENT]
    if len(agents) > 1 and None not in agents:
        raise NotNow(f"not yet: agents that queues have found cannot be connected: {agents}", 501)


def judge(exchange: Exchange, *legs: Leg | None) -> None:
    """Whether they could hear each other. Raises NotNow."""
    ports = [leg.port for leg in legs if leg is not None]
    if not all(exchange.plane.mixes(ports[0], port) for port in ports):
        raise NotNow("their media are at different workers", 503)
    codecs = {leg.agreed.codec for leg in legs if leg is not None and leg.agreed is not None}
    if len(codecs) > 1 and not all(CODECS[codec].is_heard for codec in codecs):
        raise NotNow(f"no codec is common to both: {', '.join(sorted(codecs))}", 488)


def end_joined(left: End, kept: Call) -> None:
    """The consultation is over; whoever made it hears of it if he has not hung up."""
    call, log = left.call, structlog.get_logger("call")
    if call.over:
        return
    log.info(
        "call transferred", call=kept.id, consultation=call.id, leg=left.own.id, phone=left.own.peer.name
    )
    call.ledger.continued_in = kept.id
    kept.ledger.variables = joined(kept.ledger.variables, call.ledger.variables)
    result = Result.ANSWERED if call.ledger.was_served else Result.COMPLETED
    told = Farewell(status=487, q850=NORMAL_CLEARING)
    call.end(result, Reason.TRANSFERRED, left.ended_by, told)
