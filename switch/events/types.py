"""The closed list of what is told, as data: for each type its `data` and its meaning."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from switch.events.rows import (
    AgentNow,
    CallNow,
    Kind,
    OfferDone,
    OfferNow,
    PhoneNow,
    QueueNow,
    Snapshot,
    TrunkNow,
)
from switch.records import CallRecord


class EventType(StrEnum):
    """What happened. The part before the full stop is what it happened to."""

    SNAPSHOT = "snapshot"
    CALL_STARTED = "call.started"
    CALL_QUEUED = "call.queued"
    CALL_ANSWERED = "call.answered"
    CALL_HELD = "call.held"
    CALL_RESUMED = "call.resumed"
    CALL_PARKED = "call.parked"
    CALL_TRANSFERRED = "call.transferred"
    CALL_CHANGED = "call.changed"
    CALL_ENDED = "call.ended"
    OFFER_MADE = "offer.made"
    OFFER_ENDED = "offer.ended"
    RECORDING_STARTED = "recording.started"
    RECORDING_PAUSED = "recording.paused"
    RECORDING_RESUMED = "recording.resumed"
    AGENT_STATE = "agent.state"
    AGENT_REMOVED = "agent.removed"
    QUEUE_CHANGED = "queue.changed"
    QUEUE_CLOSED = "queue.closed"
    QUEUE_OPENED = "queue.opened"
    QUEUE_REMOVED = "queue.removed"
    PHONE_REGISTERED = "phone.registered"
    PHONE_LOST = "phone.lost"
    PHONE_CHANGED = "phone.changed"
    PHONE_REMOVED = "phone.removed"
    TRUNK_UP = "trunk.up"
    TRUNK_DOWN = "trunk.down"
    TRUNK_CHANGED = "trunk.changed"
    TRUNK_REMOVED = "trunk.removed"
    CONFIG_RELOADED = "config.reloaded"
    ALARM = "alarm"


class Alarm(StrEnum):
    """What somebody should look at."""

    CALLER_KEPT_WAITING = "caller_kept_waiting"
    """Somebody waits although an agent is free for him: the switch's own watchdog."""
    TOLL_LIMIT = "toll_limit"
    """A phone or a trunk spends more than it may."""
    WEBHOOK_DEAD = "webhook_dead"
    """A webhook has failed for too long, and is told nothing any more."""
    WEBHOOK_DROPPED = "webhook_dropped"
    """What a webhook was still to be told took too much room, and its oldest part is gone."""
    JOURNAL_FAILING = "journal_failing"
    """The disk does not take the router's journal: calls go on, a crash now would lose events."""
    DATABASE_AWAY = "database_away"
    """The database does not answer: what is to be booked waits on the disk."""
    HISTORY_FULL = "history_full"
    """Nor does the disk take it: it waits in memory, and the oldest is lost when that is full."""
    DISK_FULL = "disk_full"
    """So little room is left under data_dir, or for recordings, that they may soon not be written."""
    RECORDING_FAILED = "recording_failed"
    """A call is not recorded, or not to its end."""
    RECORDER_BEHIND = "recorder_behind"
    """The disk is slower than the recording of a call: parts of it are left out."""


LASTING: Final = (
    Alarm.WEBHOOK_DEAD,
    Alarm.JOURNAL_FAILING,
    Alarm.DATABASE_AWAY,
    Alarm.HISTORY_FULL,
    Alarm.DISK_FULL,
)
"""Those that begin and are over; the others happen."""


class AlarmState(StrEnum):
    """Whether an alarm lasts."""

    HAPPENED = "happened"
    """It has no end."""
    BEGUN = "begun"
    """It stands until it is told to be over."""
    OVER = "over"


class _Data(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says."""


class CallData(_Data, frozen=True):
    """The call as it is from now on."""

    call: CallNow


class CallEnded(_Data, frozen=True):
    """The call's record, as `GET /api/v1/calls/{id}` gives it."""

    call: CallRecord


class OfferMade(_Data, frozen=True):
    """The offer, and the call that is offered."""

    offer: OfferNow
    call: CallNow


class OfferEnded(_Data, frozen=True):
    """What became of the offer; `call` is null where it has ended before."""

    offer: OfferDone
    call: CallNow | None


class AgentData(_Data, frozen=True):
    """The agent as he is from now on."""

    agent: AgentNow


class QueueData(_Data, frozen=True):
    """The queue as it is from now on."""

    queue: QueueNow


class QueueWord(_Data, frozen=True):
    """The queue, and whose word it was: empty where it was its calendar's."""

    queue: QueueNow
    by: str
    why: str


class PhoneData(_Data, frozen=True):
    """The phone as it is from now on."""

    phone: PhoneNow


class TrunkData(_Data, frozen=True):
    """The trunk as it is from now on."""

    trunk: TrunkNow


class ConfigReloaded(_Data, frozen=True):
    """What is another than before, in words."""

    changes: tuple[str, ...]


class AlarmData(_Data, frozen=True):
    """What is wrong, with whom, and a line for people."""

    alarm: Alarm
    state: AlarmState
    subject: str
    detail: str


class Told(NamedTuple):
    """One type: what its data is, and when it is told."""

    data: type[msgspec.Struct]
    when: str


EVENTS: Final[Mapping[EventType, Told]] = {
    EventType.SNAPSHOT: Told(Snapshot, "first, and again to who has read too slowly or was away too long"),
    EventType.CALL_STARTED: Told(CallData, "a call is in progress"),
    EventType.CALL_QUEUED: Told(CallData, "the caller has entered a queue, or another one"),
    EventType.CALL_ANSWERED: Told(CallData, "caller and agent, or callee, talk"),
    EventType.CALL_HELD: Told(CallData, "one of them holds the other"),
    EventType.CALL_RESUMED: Told(CallData, "they talk again"),
    EventType.CALL_PARKED: Told(CallData, "the caller is parked"),
    EventType.CALL_TRANSFERRED: Told(CallData, "the caller talks to somebody else"),
    EventType.CALL_CHANGED: Told(CallData, "anything else of the call is another"),
    EventType.CALL_ENDED: Told(CallEnded, "the call's record is written; of who was refused the only event"),
    EventType.OFFER_MADE: Told(OfferMade, "an agent's phone is called: the time to show him the caller"),
    EventType.OFFER_ENDED: Told(OfferEnded, "it rings no more: answered, or why not"),
    EventType.RECORDING_STARTED: Told(CallData, "what is said is recorded"),
    EventType.RECORDING_PAUSED: Told(CallData, "silence is recorded instead"),
    EventType.RECORDING_RESUMED: Told(CallData, "what is said is recorded again"),
    EventType.AGENT_STATE: Told(AgentData, "the agent's state, reason, phone, call or skills are others"),
    EventType.AGENT_REMOVED: Told(AgentData, "the agent is no more, as he last was"),
    EventType.QUEUE_CHANGED: Told(QueueData, "a queue's figures, at most twice a second each"),
    EventType.QUEUE_CLOSED: Told(QueueWord, "the queue takes no callers from now on"),
    EventType.QUEUE_OPENED: Told(QueueWord, "it takes callers again"),
    EventType.QUEUE_REMOVED: Told(QueueData, "the queue is no more, as it last was"),
    EventType.PHONE_REGISTERED: Told(PhoneData, "a phone is registered that was not"),
    EventType.PHONE_LOST: Told(PhoneData, "it is not any more"),
    EventType.PHONE_CHANGED: Told(PhoneData, "another agent sits there"),
    EventType.PHONE_REMOVED: Told(PhoneData, "the phone is no more, as it last was"),
    EventType.TRUNK_UP: Told(TrunkData, "calls to the trunk have somewhere to go again"),
    EventType.TRUNK_DOWN: Told(TrunkData, "none of its targets answers"),
    EventType.TRUNK_CHANGED: Told(TrunkData, "our registration with the carrier came or went"),
    EventType.TRUNK_REMOVED: Told(TrunkData, "the trunk is no more, as it last was"),
    EventType.CONFIG_RELOADED: Told(ConfigReloaded, "another configuration is in force"),
    EventType.ALARM: Told(AlarmData, "somebody should look"),
}
REMOVES: Final = frozenset(type for type in EventType if type.endswith((".removed", "call.ended")))
"""After these the row is no more; after every other event the rows in its data are those there are."""
KINDS: Final[Mapping[EventType, tuple[Kind, ...]]] = {
    type: tuple(kind for kind in Kind if kind in told.data.__struct_fields__) for type, told in EVENTS.items()
}
"""Which rows are in an event's data."""


class Envelope(msgspec.Struct, frozen=True):
    """What is told. Numbers go up by one, and never return, not after a restart either: the first of a run is
    larger than any before. `time` is RFC 3339 in UTC.
    """

    seq: int
    time: str
    type: EventType
    data: msgspec.Struct
