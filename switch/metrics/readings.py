"""What a scrape asks of those who count for themselves: the SIP endpoint, the media plane, the router."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from acd.queue import ClosedReason
from sip.aio.closing import Closed
from sip.flow import Transport
from sip.syntax.malformed import Fault
from switch.events.types import Alarm, EventType
from switch.host import Disk, Host
from switch.provisioning.door import Answer
from switch.records import AgentState
from switch.reports.outcomes import MailOutcome
from switch.trace.exporter import HepResult
from switch.webhooks.post import Attempt


@dataclass(frozen=True, slots=True)
class SipReading:
    """What the SIP endpoint has counted; keys are label values in the order of the contract."""

    messages: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    """By direction (in, out), method, code ("" for a request) and transport."""
    retransmissions: Mapping[str, int] = field(default_factory=dict)
    parse_errors: Mapping[tuple[str, Fault], int] = field(default_factory=dict)
    """By transport and reason."""
    strangers: Mapping[str, int] = field(default_factory=dict)
    banned: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    """For overload, by method."""
    bans: int = 0
    connections: Mapping[Transport, int] = field(default_factory=dict)
    """By transport."""
    connections_closed: Mapping[tuple[Transport, Closed], int] = field(default_factory=dict)
    """By transport and reason."""
    truncated: int = 0
    transactions: int = 0
    dialogs: int = 0


@dataclass(frozen=True, slots=True)
class MediaReading:
    """What the media plane has counted."""

    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    packets_lost: int = 0
    strangers: int = 0
    srtp_failed: int = 0
    srtp_replayed: int = 0
    datagrams_dropped: int = 0
    ports: Mapping[str, int] = field(default_factory=dict)
    """By state; every state is there."""
    worker_lag_s: float = 0.0
    events_merged: int = 0
    recorder_dropped_frames: int = 0


@dataclass(frozen=True, slots=True)
class EventsReading:
    """What was told, and to how many."""

    told: Mapping[EventType, int] = field(default_factory=dict)
    """By type."""
    listeners: int = 0
    snapshots: int = 0
    overtaken: int = 0
    """Snapshots of those to who read too slowly."""


@dataclass(frozen=True, slots=True)
class WebhookReading:
    """How one webhook fares."""

    attempts: Mapping[Attempt, int]
    waiting: int
    dropped: int
    dead: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a scrape asks for what Metrics does not hold; each once a scrape, in the loop's thread."""

    sip: Callable[[], SipReading] = SipReading
    media: Callable[[], MediaReading] = MediaReading
    agents: Callable[[], Mapping[str, Mapping[AgentState, int]]] = dict
    """By queue: how many agents that may take its calls are in each state."""
    agents_by_state: Callable[[], Mapping[AgentState, int]] = dict
    queues_closed: Callable[[], Mapping[str, ClosedReason | None]] = dict
    """Why each queue is closed; None while it is open."""
    registrations: Callable[[], Mapping[str, int]] = dict
    """By transport."""
    trunks_up: Callable[[], Mapping[str, bool]] = dict
    trunks_registered: Callable[[], Mapping[str, bool]] = dict
    """Trunks that we register with."""
    hep: Callable[[], Mapping[HepResult, int]] = dict
    """`Tracing.hep`: what became of the copies for the Homer server."""
    provisioning: Callable[[], Mapping[Answer, int]] = dict
    """`Door.counts`."""
    history: Callable[[], Mapping[str, int]] = dict
    """`Writer.counts`."""
    report_mails: Callable[[], Mapping[MailOutcome, int]] = dict
    events: Callable[[], EventsReading] = EventsReading
    alarms: Callable[[], Mapping[Alarm, int]] = dict
    """How many of each last."""
    history_spooled_bytes: Callable[[], int] = int
    """`Writer.spooled_bytes`."""
    history_deleted: Callable[[], Mapping[str, int]] = dict
    """`Retention.deleted`."""
    host: Callable[[], Host] = lambda: Host(Disk(0, 0), 0.0, 0, 0.0)
    is_ready: Callable[[], bool] = bool
    webhooks: Callable[[], Mapping[str, WebhookReading]] = dict
    tasks: Callable[[], int] = int
