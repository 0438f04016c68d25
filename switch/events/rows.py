"""What a listener knows of each call, queue, agent, phone and trunk: rows that only change by an event.

No row holds what time alone changes: a wait is told as the time since when it lasts.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from acd.queue import ClosedReason
from switch.records import AgentState, Direction, OfferResult


class Kind(StrEnum):
    """What there are rows of; the key under which an event's data has them, and in plural the snapshot."""

    CALL = "call"
    QUEUE = "queue"
    AGENT = "agent"
    PHONE = "phone"
    TRUNK = "trunk"


class CallState(StrEnum):
    """Where a call in progress is."""

    ROUTED = "routed"
    """Greeted, asked, or on its way to somebody: nobody rings yet."""
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    PARKED = "parked"


class Kept(StrEnum):
    """Whether what is said is recorded."""

    RECORDED = "recorded"
    PAUSED = "paused"


class CallNow(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A call in progress. `queue` is where the caller waits, or was taken from; `agent` talks to him;
    `party` is the phone or trunk of the other side, `name` the caller's display name where he shows one.
    """

    id: str
    direction: Direction
    trunk: str | None
    from_: str
    to: str
    name: str
    state: CallState
    queue: str | None
    agent: str | None
    ringing: tuple[str, ...]
    """Agents whose phones ring for it."""
    party: str | None
    recording: Kept | None
    started_at: datetime
    queued_at: datetime | None
    """When he entered the queue where he is, or last was."""
    answered_at: datetime | None
    placed_by: str | None = None
    """The agent at whose phone a program placed it."""
    variables: dict[str, str] = {}
    """What programs, or its carrier's headers, said of it."""


class OfferNow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's phone rings for a caller: all that a page about the caller needs. `display` is what the
    phone shows; `waited_s` is how long he has waited in all.
    """

    id: str
    queue: str
    agent: str
    phone: str
    display: str
    waited_s: float
    priority: int


class OfferDone(msgspec.Struct, frozen=True, kw_only=True):
    """It rings no more."""

    id: str
    queue: str
    agent: str
    result: OfferResult
    sip_status: int | None


class QueueNow(msgspec.Struct, frozen=True, kw_only=True):
    """A queue. The counts are those of `/metrics`, since the switch started; `longest_since` is when the one
    who waits longest entered; `agents` counts those who may take its calls, by state.
    """

    name: str
    waiting: int
    longest_since: datetime | None
    agents: dict[AgentState, int]
    offered: int
    answered: int
    abandoned: int
    service_level: float | None
    """0 to 1 over the last 30 minutes; null while there is nothing to divide by."""
    closed: ClosedReason | None


class AgentNow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent; `queues` are those that his skills open, `call` rings, talks or is wrapped up."""

    name: str
    phone: str | None
    state: AgentState
    reason: str | None
    since: datetime
    skills: dict[str, int]
    queues: tuple[str, ...]
    call: str | None


class PhoneNow(msgspec.Struct, frozen=True, kw_only=True):
    """A phone; `agent` sits there."""

    name: str
    agent: str | None
    registered: bool


class TrunkNow(msgspec.Struct, frozen=True, kw_only=True):
    """A trunk; `registered` is null where we do not register with the carrier."""

    name: str
    up: bool
    registered: bool | None


Row = CallNow | QueueNow | AgentNow | PhoneNow | TrunkNow


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is, as of its number."""

    calls: tuple[CallNow, ...]
    queues: tuple[QueueNow, ...]
    agents: tuple[AgentNow, ...]
    phones: tuple[PhoneNow, ...]
    trunks: tuple[TrunkNow, ...]
