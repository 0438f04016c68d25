"""A supervisor's acts on callers in queues: asked of the router, and why they cannot be done, in words."""

from collections.abc import Mapping
from typing import Final

import structlog

from acd.acts import WHAT, target_of
from acd.commands import Refusal
from acd.events import Act, CallWithdrawn
from switch.exchange import Exchange

_WHY: Final[Mapping[Refusal, str]] = {
    Refusal.NO_SUCH_CALL: "no call {call!r} in a queue",
    Refusal.TALKING: "call {call!r} does not wait any more: it talks to an agent",
    Refusal.IN_DOUBT: "it is not known yet whether call {call!r} has survived the switch's crash",
    Refusal.BEING_DECIDED: "call {call!r} has just come, and an outside program is asked about it",
    Refusal.RINGING: "call {call!r} rings at an agent's phone just now",
    Refusal.NO_SUCH_AGENT: "no agent {to!r}",
    Refusal.AGENT_OFFLINE: "agent {to!r} is offline",
    Refusal.AGENT_PAUSED: "agent {to!r} is paused",
    Refusal.AGENT_UNREACHABLE: "the phone of agent {to!r} cannot be reached",
    Refusal.AGENT_ENGAGED: "agent {to!r} is engaged",
    Refusal.AGENT_WITHOUT_SKILL: "agent {to!r} lacks the skills that the queue requires",
    Refusal.NO_SUCH_QUEUE: "no queue {to!r}",
    Refusal.SAME_QUEUE: "call {call!r} waits in queue {to!r} already",
    Refusal.QUEUE_CLOSED: "queue {to!r} is closed",
    Refusal.QUEUE_FULL: "queue {to!r} is full",
    Refusal.QUEUE_WITHOUT_AGENTS: "nobody who serves queue {to!r} is present",
    Refusal.NO_SUCH_TARGET: "{to!r} is no target: hangup or phone:NAME",
}


def carry_out(exchange: Exchange, act: Act) -> Refusal:
    """Do it now, if it can be done. The router's answer is logged with who wanted it."""
    dispatch = exchange.dispatch
    dispatch.flush()  # what is on its way to the router comes first
    if isinstance(act, CallWithdrawn) and not _is_phone_of_ours(exchange, act.target):
        refused = Refusal.NO_SUCH_TARGET
        log = structlog.get_logger("router")
        log.info(
            "supervisor acted",
            what=WHAT[type(act)],
            call=act.call,
            to=act.target,
            by=act.by,
            refused=refused.value,
        )
        return refused
    refusal = dispatch.router.refusal(act)
    dispatch.post(act)
    dispatch.flush()
    return refusal


def why(refusal: Refusal, act: Act) -> str:
    """Why it was not done."""
    return _WHY[refusal].format(call=act.call, to=target_of(act))


def _is_phone_of_ours(exchange: Exchange, target: str) -> bool:
    kind, _, phone = target.partition(":")
    return kind != "phone" or phone in exchange.config.phones
