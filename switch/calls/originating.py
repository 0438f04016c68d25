"""Calls that a program makes for a phone: it rings, and once it is answered it calls as if it had dialled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from switch.calls.admitting import admit, watch_spending
from switch.calls.flow import Call
from switch.calls.ledger import Ledger
from switch.calls.refusing import NotAdmitted
from switch.calls.registry import Registry
from switch.calls.ringing.dialling import MAX_FORWARDS
from switch.calls.ringing.occupancy import Sides
from switch.calls.ringing.unreachable import Unreachable
from switch.calls.summons import Summons
from switch.calls.supervision import NotNow
from switch.config.targets import CodeTarget, ParkTarget, PickupTarget
from switch.exchange import Exchange
from switch.flows.leading import flow_to
from switch.ids import new_id
from switch.peers import PhonePeer
from switch.phones.makers import Alerting
from switch.records import Direction

RING_S: Final = 30.0
"""So long a phone rings for whoever sits there, unless the program says otherwise."""
NO_VARIABLES: Final[Mapping[str, str]] = {}


def originate(
    exchange: Exchange,
    registry: Registry,
    phone: str,
    to: str,
    *,
    answers: bool = False,
    ring_s: float = RING_S,
    variables: Mapping[str, str] = NO_VARIABLES,
    by: str,
) -> Call:
    """Ring a phone of ours, and let it call `to` when it is answered: by its own routes, limits and toll, as
    if it had dialled that. A phone that `answers` is asked to do so by itself. What becomes of it, the call's
    record says, and that the agent who sits there placed it. Raises NotNow, and nothing has happened.
    """
    if phone not in exchange.config.phones:
        raise NotNow(f"no phone {phone!r}")
    if registry.is_busy(phone):
        raise NotNow(f"phone {phone!r} is busy")
    now_us = exchange.now_us()
    agent = exchange.staffing.agent_at(phone)
    ledger = Ledger(new_id(now_us), Direction.INTERNAL, None, phone, to, now_us, agent, dict(variables))
    sides = Sides()
    summons = Summons(exchange, registry, ledger)
    try:
        routed = admit(exchange, PhonePeer(phone), ledger, sides)
        if isinstance(routed.go, CodeTarget | ParkTarget | PickupTarget):
            raise NotNow(f"{to!r} is for the phone itself to dial")
        caller = exchange.identities.desk(phone)
        flow = flow_to(exchange, registry.conferences, routed, caller)
        leg = summons.ring(phone, Alerting(answers=answers))
    except BaseException as error:
        sides.turn_away()
        if isinstance(error, NotAdmitted):
            raise NotNow(f"phone {phone!r} may not call {to!r} now: {error.reason.value}") from None
        if isinstance(error, Unreachable):
            raise NotNow(f"phone {phone!r} cannot be reached: {error.status} {error.phrase}") from None
        raise
    call = Call(exchange, registry, ledger, leg, caller, MAX_FORWARDS, sides)
    summons.begin(call, flow, ring_s)
    watch_spending(call, sides)
    registry.call_started(call)
    structlog.get_logger("call").info("call originated", call=call.id, phone=phone, to=to, by=by)
    return call
