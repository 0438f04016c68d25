"""The rows as the switch has them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isnan
from typing import TYPE_CHECKING, Final

from switch.events.rows import AgentNow, CallNow, CallState, Kept, PhoneNow, QueueNow, TrunkNow
from switch.records import AgentState, SegmentKind, utc

if TYPE_CHECKING:
    from switch.calls.talking import Talking
    from switch.exchange import Exchange

_CONNECTED: Final[Mapping[SegmentKind, CallState]] = {
    SegmentKind.TALK: CallState.TALKING,
    SegmentKind.HOLD: CallState.HELD,
    SegmentKind.CONSULTATION: CallState.HELD,
    SegmentKind.PARKED: CallState.PARKED,
}


def call_now(call: Talking, ringing: Iterable[str]) -> CallNow:
    """A call; `ringing` are the agents to whom it is offered."""
    ledger, agents = call.ledger, tuple(ringing)
    visit = ledger.visits[-1] if ledger.visits else None
    return CallNow(
        id=call.id,
        direction=ledger.direction,
        trunk=ledger.trunk,
        from_=ledger.from_,
        to=ledger.to,
        name="" if call.identity.withheld else call.identity.display,
        state=_state(call, agents),
        queue=None if visit is None else visit.queue,
        agent=call.agent,
        ringing=agents,
        party=None if call.party is None else call.party.peer.name,
        recording=_kept(call),
        started_at=utc(ledger.started_us),
        queued_at=None if visit is None else utc(visit.entered_us),
        answered_at=None if ledger.answered_us is None else utc(ledger.answered_us),
        placed_by=ledger.placed_by,
        variables=ledger.variables,
    )


def _state(call: Talking, ringing: tuple[str, ...]) -> CallState:
    connected = call.ledger.connected_as
    if connected is not None:
        return _CONNECTED[connected]
    if call.party is not None:
        return CallState.TALKING if call.party.answered else CallState.RINGING
    if ringing:
        return CallState.RINGING
    return CallState.WAITING if call.ledger.waiting else CallState.ROUTED


def _kept(call: Talking) -> Kept | None:
    recording = call.taps.recording
    if recording is None or not recording.running:
        return None
    return Kept.PAUSED if recording.paused else Kept.RECORDED


def queue_now(exchange: Exchange, name: str, agents: Mapping[AgentState, int]) -> QueueNow | None:
    """A queue that these may serve; None where there is none of that name."""
    queue = exchange.dispatch.router.facts.queues.get(name)
    counts = exchange.metrics.counts(name)
    if queue is None or counts is None:
        return None
    level = counts.service_level(exchange.now_us())
    since_us = next(iter(queue.visits.values()), None)
    return QueueNow(
        name=name,
        waiting=len(queue.visits),
        longest_since=None if since_us is None else utc(since_us),
        agents={state: agents.get(state, 0) for state in AgentState},
        offered=counts.offered,
        answered=counts.answered,
        abandoned=counts.abandoned,
        service_level=None if isnan(level) else round(level, 6),
        closed=queue.closed,
    )


def agent_now(exchange: Exchange, name: str) -> AgentNow | None:
    """An agent."""
    view = exchange.dispatch.router.agent(name)
    if view is None:
        return None
    return AgentNow(
        name=name,
        phone=exchange.staffing.phone_of(name),
        state=AgentState(view.state.value),
        reason=view.reason or None,
        since=utc(view.since_us),
        skills=view.skills,
        queues=view.queues,
        call=view.call,
    )


def phone_now(exchange: Exchange, name: str) -> PhoneNow | None:
    """A phone of the configuration."""
    if name not in exchange.config.phones:
        return None
    registered = bool(exchange.registrations.bindings(name))
    return PhoneNow(name=name, agent=exchange.staffing.agent_at(name), registered=registered)


def trunk_now(exchange: Exchange, name: str) -> TrunkNow | None:
    """A trunk of the configuration."""
    if name not in exchange.config.trunks:
        return None
    trunk = exchange.trunks.trunk(name)
    ours = None if trunk is None else trunk.registration
    return TrunkNow(
        name=name,
        up=exchange.trunks.is_up(name),
        registered=None if ours is None else ours.registered,
    )
