"""Where a route leads, as the flow that directs a call there."""

from dataclasses import replace
from typing import assert_never

from acd.queue import ClosedReason
from switch.calls.conferences import Conferences
from switch.calls.flow import Flow
from switch.config.desk import Code
from switch.config.targets import (
    ClockTarget,
    CodeTarget,
    ConferenceTarget,
    DialledPhone,
    EchoTarget,
    HangupTarget,
    ParkTarget,
    PhoneTarget,
    PickupTarget,
    QueueTarget,
    ToneTarget,
    TrunkTarget,
)
from switch.exchange import Exchange
from switch.flows.clock import clock
from switch.flows.closed import closed
from switch.flows.code import feature_code
from switch.flows.conference import conference
from switch.flows.direct import to_phone, to_trunk
from switch.flows.echo import echo
from switch.flows.park import park
from switch.flows.queue import queue
from switch.flows.tone import tone
from switch.identities.caller import Caller
from switch.identities.redirection import Redirections
from switch.routes import Routed


def flow_to(
    exchange: Exchange,
    conferences: Conferences,
    routed: Routed,
    caller: Caller,
    redirections: Redirections = (),
) -> Flow:
    """The flow of a call that takes this route; `redirections` are those of one that is only passed on."""
    caller = identified(caller, routed)
    match routed.go:
        case QueueTarget(name=name):
            route, settings = routed.route, exchange.config.queues[name]
            prefer, requires = route.prefer_agent or "", route.requires or ""
            return queue(name, settings, route.priority, caller, prefer, requires)
        case EchoTarget():
            return echo
        case ToneTarget():
            return tone
        case ConferenceTarget(name=name):
            return conference(name, conferences)
        case CodeTarget(code=Code.PARK, arguments=arguments):
            return park(exchange, "".join(arguments))
        case CodeTarget():
            return feature_code(exchange, routed.go)
        case ClockTarget():
            return clock(exchange.local_time)
        case PhoneTarget(name=name):
            return to_phone(name, caller)
        case DialledPhone():
            return to_phone(routed.number, caller)
        case TrunkTarget(name=name):
            return to_trunk(name, routed.number, caller, redirections)
        case ParkTarget():
            return park(exchange, routed.number)
        case HangupTarget():
            return closed(exchange.hours.closed(routed.route.hours or "") or ClosedReason.HOURS)
        case PickupTarget():
            raise ValueError("who picks up has no call of his own")
        case _:
            assert_never(routed.go)


def identified(caller: Caller, routed: Routed) -> Caller:
    """As whom he takes this route: who helps in an emergency must be able to call back."""
    return replace(caller, withheld=False) if routed.route.emergency else caller
