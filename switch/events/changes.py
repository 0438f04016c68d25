"""What has happened, by the rows before and after it."""

from collections.abc import Iterator

from msgspec.structs import replace

from switch.events.rows import AgentNow, CallNow, CallState, Kept, PhoneNow, QueueNow, Row, TrunkNow
from switch.events.types import EventType

_AT_REST = (CallState.TALKING, CallState.HELD)


def call_changes(before: CallNow | None, now: CallNow) -> list[EventType]:
    """Of a call, in order; empty where nothing is another."""
    if before is None:
        born = replace(
            now,
            state=CallState.ROUTED,
            queue=None,
            agent=None,
            ringing=(),
            party=None,
            recording=None,
            queued_at=None,
            answered_at=None,
        )
        return [EventType.CALL_STARTED, *_steps(born, now)]
    if before == now:
        return []
    return list(_steps(before, now)) or [EventType.CALL_CHANGED]


def _steps(before: CallNow, now: CallNow) -> Iterator[EventType]:
    if now.queued_at is not None and (now.queue, now.queued_at) != (before.queue, before.queued_at):
        yield EventType.CALL_QUEUED
    if now.state is CallState.TALKING:
        same = (now.agent, now.party) == (before.agent, before.party)
        if before.answered_at is None:
            yield EventType.CALL_ANSWERED
        elif before.state is CallState.HELD and same:
            yield EventType.CALL_RESUMED
        elif before.state not in _AT_REST or not same:
            yield EventType.CALL_TRANSFERRED
    elif now.state is not before.state and now.state is CallState.HELD:
        yield EventType.CALL_HELD
    elif now.state is not before.state and now.state is CallState.PARKED:
        yield EventType.CALL_PARKED
    if before.recording is not now.recording:
        if now.recording is Kept.PAUSED:
            yield EventType.RECORDING_PAUSED
        elif now.recording is Kept.RECORDED:
            was_paused = before.recording is Kept.PAUSED
            yield EventType.RECORDING_RESUMED if was_paused else EventType.RECORDING_STARTED


def row_change(before: Row | None, now: Row) -> EventType:
    """Of anything else that is another than before."""
    match now:
        case AgentNow():
            return EventType.AGENT_STATE
        case PhoneNow(registered=registered):
            if isinstance(before, PhoneNow) and before.registered is registered:
                return EventType.PHONE_CHANGED
            return EventType.PHONE_REGISTERED if registered else EventType.PHONE_LOST
        case TrunkNow(up=up):
            if isinstance(before, TrunkNow) and before.up is up:
                return EventType.TRUNK_CHANGED
            return EventType.TRUNK_UP if up else EventType.TRUNK_DOWN
        case QueueNow():
            return EventType.QUEUE_CHANGED
        case _:
            return EventType.CALL_CHANGED
