"""What the API answers of the running switch: the contract's JSON."""

from datetime import datetime
from enum import StrEnum

import msgspec

from acd.queue import ClosedReason
from switch.calls.supervision import Mode
from switch.records import AgentState


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """A queue now; the counts are those of `/metrics`, since the switch started."""

    name: str
    waiting: int
    longest_wait_s: float
    agents: dict[AgentState, int]
    """How many agents that may take its calls are in each state; every state is there."""
    offered: int
    answered: int
    abandoned: int
    service_level: float | None
    """0 to 1 over the last 30 minutes; None while there is nothing to divide by."""
    closed: ClosedReason | None = None
    """hours, holiday or emergency; None while it is open."""
    closed_by: str | None = None
    """This and the next two of a queue that somebody has closed out of turn."""
    closed_why: str | None = None
    closed_since: datetime | None = None
    changes_at: datetime | None = None
    """When its calendar opens or closes next; None where it has none, or that is far away."""


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent now."""

    name: str
    phone: str | None
    state: AgentState
    reason: str | None
    since: datetime
    skills: dict[str, int]
    call: str | None


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """One binding of a phone."""

    uri: str
    transport: str
    source: str
    """Address and port that its REGISTER came from."""
    expires_at: datetime
    reachable: bool
    user_agent: str | None = None


class PhoneRow(msgspec.Struct, frozen=True, kw_only=True):
    """A phone of the configuration and its registrations."""

    name: str
    agent: str | None
    registered: bool
    contacts: tuple[ContactRow, ...] = ()
    do_not_disturb: bool = False


class PreferencesRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of calls to a phone. A forwarding is the number that the phone would dial, or null;
    `no_answer_after` is in seconds of ringing.
    """

    phone: str
    do_not_disturb: bool
    always: str | None
    busy: str | None
    no_answer: str | None
    no_answer_after: int


class ProvisioningRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a phone gets its files. Who knows the URL can read the phone's secret."""

    phone: str
    maker: str
    mac: str | None
    url: str
    """Of the folder, which is what the phone is told."""
    files: tuple[str, ...]
    """What lies in it, besides the page of a generic phone."""


class TargetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One socket of a carrier, where calls to its trunk go."""

    uri: str
    """The target as the configuration has it."""
    place: str
    """Transport, address and port: `udp:192.0.2.1:5060`."""
    up: bool
    """Whether calls go there while others could take them."""
    health: str
    """up, doubted (one miss), suspect (two), down, or returning (down, and answered once)."""
    status: int | None
    """Of its last answer to OPTIONS; null where there was none."""


class RegistrationRow(msgspec.Struct, frozen=True, kw_only=True):
    """Our registration with a carrier."""

    uri: str
    """The address of record."""
    registered: bool
    state: str
    expires_at: datetime | None
    """When it ends unless it is renewed."""
    status: int | None
    """Of the registrar's last answer; null where there was none."""


class TrunkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A trunk's health."""

    name: str
    up: bool
    """Whether calls to it have somewhere to go; a trunk that only calls us is up."""
    calls: int
    max_calls: int
    proxy: str | None
    targets: tuple[TargetRow, ...] = ()
    registration: RegistrationRow | None = None
    leaving: bool = False
    """Removed by a reload, kept until its last call ends."""


class BanRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is not listened to."""

    address: str
    user: str | None
    """Banned is who says that he is this user; None: everybody at the address."""
    failures: int
    since: datetime
    until: datetime


class RecordingState(StrEnum):
    """Whether what is said now is kept."""

    RECORDING = "recording"
    PAUSED = "paused"
    """Silence is, as long as it is paused."""


class RecordingRow(msgspec.Struct, frozen=True, kw_only=True):
    """The recording of a call in progress."""

    call: str
    state: RecordingState
    path: str
    """Relative to data_dir."""


class ForkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A speech service that hears a call in progress, or heard it."""

    id: str
    url: str
    rate: int
    """Hz; 16 bits, two channels."""
    state: str
    """connecting, open or ended."""
    frames_sent: int
    frames_dropped: int
    """Of 20 ms: while the service did not read, or was not there."""
    error: str | None
    """The newest trouble with the connection."""


class SupervisionState(StrEnum):
    """How far a supervisor has come."""

    RINGING = "ringing"
    CONNECTED = "connected"


class SupervisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who supervises a call, and how."""

    call: str
    phone: str
    mode: Mode
    state: SupervisionState


class PlaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call's place with the router: waiting in a queue, offered to an agent, or talking to one."""

    call: str
    queue: str
    state: str
    """asking (of an outside program), waiting, offered or talking."""
    priority: int
    queued_at: datetime
    """Since when the caller waits: what the order goes by."""
    entered_at: datetime
    """When he came to this queue."""
    agent: str | None
    """Whose phone rings for him, of several the first, or who talks to him."""
    ringing: tuple[str, ...]
    """All whose phones ring for him."""
    assigned: str | None
    """The only agent whom he waits for, because a supervisor said so."""
    steps: tuple[int, ...]
    """Of the queue's recipe, those that he has taken; 1 is the first."""


class TicketRow(msgspec.Struct, frozen=True, kw_only=True):
    """Lets one WebSocket in, once: `/api/v1/events?ticket=…`."""

    ticket: str
    expires_in_s: float


class HoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the other side of a call is on hold, and by which phone."""

    call: str
    phone: str
    held: bool
    """By a program, or by the phone itself."""


class TransferRow(msgspec.Struct, frozen=True, kw_only=True):
    """A caller who was sent on."""

    call: str
    by: str
    """The phone or trunk whose number it was, and which has left."""
    to: str
    """What it dialled."""
    target: str
    """Where that leads: phone:NAME, queue:NAME, trunk:NAME, echo, tone or clock."""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the switch takes calls, and if not, why."""

    ready: bool
    detail: str


class Reloaded(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a reload. With errors nothing was changed."""

    applied: bool
    errors: tuple[str, ...] = ()
    """One line for each mistake, as `centralita check` prints it."""
    changes: tuple[str, ...] = ()


class Draining(msgspec.Struct, frozen=True, kw_only=True):
    """The switch takes no new calls but emergency ones."""

    calls: int
