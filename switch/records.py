"""The record of a call, as the API shows it and the history keeps it.

The structs are the contract's JSON, field by field: `to_json` writes them as they stand. Times are aware UTC
datetimes (`utc` makes one from the router's microseconds), durations seconds, counts packets. The same types
describe a call that is still going on: what has not happened yet is None.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from acd.agent import AgentState as AgentState
from switch.calls.ending import EndedBy, Reason, Result

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Direction(StrEnum):
    """Which way a call crosses the switch."""

    INBOUND = "inbound"
    """From a trunk."""
    OUTBOUND = "outbound"
    """From a phone to a trunk."""
    INTERNAL = "internal"
    """From a phone to a phone, or to the switch itself."""


class LegRole(StrEnum):
    """What the party of a leg is in its call."""

    CALLER = "caller"
    AGENT = "agent"
    CALLEE = "callee"
    SUPERVISOR = "supervisor"


class Encryption(StrEnum):
    """How the keys of a leg's SRTP were agreed on."""

    SDES = "sdes"
    """In the session description (RFC 4568)."""
    DTLS = "dtls"
    """By a handshake beside the media (RFC 5763)."""


class SegmentKind(StrEnum):
    """What an interval in which legs were connected was. Consultation is a hold in which whoever holds calls
    somebody else. The last three tell, beside talk and hold, that a supervisor was there, and whom he could
    speak to: nobody, the agent, both.
    """

    TALK = "talk"
    HOLD = "hold"
    CONSULTATION = "consultation"
    PARKED = "parked"
    CONFERENCE = "conference"
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


TALKS: Final = frozenset({SegmentKind.TALK})
HOLDS: Final = frozenset({SegmentKind.HOLD, SegmentKind.CONSULTATION})
"""What talk and hold are the sum of."""


class OfferResult(StrEnum):
    """How the offer of a call to an agent ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    """A colleague took the call, from his own phone or by a late answer."""
    CANCELLED = "cancelled"
    """The caller went elsewhere, or hung up, while the agent rang."""


class LegRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One dialog with one port."""

    id: str
    role: LegRole
    peer: str
    """The trunk's or the phone's name."""
    sip_call_id: str
    sip_status: int | None = None
    """The INVITE's final status."""
    q850: int | None = None
    """The cause that ended it (ITU-T Q.850)."""
    invited_at: datetime
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    codec: str | None = None
    encryption: Encryption | None = None
    """None: in the clear, or no media was agreed on. What was encrypted once never becomes plain."""
    packets_received: int | None = 0
    packets_sent: int | None = 0
    packets_lost: int | None = 0
    """None where a crash took what the port had counted."""
    jitter_s: float | None = None
    """The mean over the leg."""
    mos: float | None = None
    """How its party sounded here, of the E-model (see `media.emodel`); None when no packet came."""
    r: float | None = None
    packets_duplicated: int | None = 0
    packets_discarded: int | None = 0
    bursts: int | None = None
    """Of loss, and what was lost in and between them (RFC 3611 section 4.7.2); lengths are means."""
    burst_loss: float | None = None
    gap_loss: float | None = None
    burst_s: float | None = None
    gap_s: float | None = None
    round_trip_s: float | None = None
    sent_packets_lost: int | None = None
    """This and the rest are what the party reported of what it heard; None if it reported nothing."""
    sent_jitter_s: float | None = None
    sent_mos: float | None = None
    sent_r: float | None = None
    of_trunk: bool = False
    """Whether its peer is a trunk."""


class VisitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One stay of a call in one queue, from entering its line to leaving it."""

    queue: str
    entered_at: datetime
    left_at: datetime | None = None
    wait_s: float | None = None
    result: Result | None = None
    reason: Reason | None = None
    agent: str | None = None
    skills: tuple[str, ...] = ()
    """Those that queue and call asked of an agent, by name."""
    within_s: float | None = None
    short_abandon_s: float | None = None
    """What the service level was measured by when the visit ended; None where that was not noted yet."""
    talk_s: float | None = None
    hold_s: float | None = None
    """With the agent who answered it; None where nobody did."""
    wrap_up_s: float | None = None
    """His, None until it has ended."""


class TransferKind(StrEnum):
    """How an agent sent a caller on."""

    BLIND = "blind"
    """Without having spoken to who gets him."""
    ATTENDED = "attended"


class TransferRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An agent sent the caller on. Kept in the history; not part of the call's JSON."""

    at: datetime
    queue: str
    agent: str
    kind: TransferKind
    to: str
    """The number, or who was called there."""


class SegmentRecord(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One interval in which the same legs were connected in the same way."""

    kind: SegmentKind
    from_: datetime
    to: datetime | None = None
    legs: tuple[str, ...]


class RecordingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The call's recording; `path` is relative to data_dir and ends in `.part` when a crash cut it short."""

    path: str
    duration_s: float | None = None
    sha256: str | None = None


class CallRecord(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A call. `queue`, `agent` and `wait_s` are those of the last answered visit, else of the last."""

    id: str
    direction: Direction
    trunk: str | None = None
    from_: str
    to: str
    queue: str | None = None
    agent: str | None = None
    started_at: datetime
    connected_at: datetime | None = None
    """Our 200: what the carrier bills from."""
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    """An agent's answer, or the callee's."""
    ended_at: datetime | None = None
    wait_s: float | None = None
    talk_s: float = 0.0
    hold_s: float = 0.0
    """Consultations included."""
    wrap_up_s: float | None = None
    """None until wrap-up has ended."""
    result: Result | None = None
    reason: Reason | None = None
    ended_by: EndedBy | None = None
    continued_in: str | None = None
    """The call in which its other party goes on, where a transfer has ended this one."""
    placed_by: str | None = None
    """The agent at whose phone a program placed it."""
    variables: dict[str, str] = {}
    """What programs, or its carrier's headers, said of it."""
    visits: tuple[VisitRecord, ...] = ()
    segments: tuple[SegmentRecord, ...] = ()
    recording: RecordingRecord | None = None
    legs: tuple[LegRecord, ...] = ()


class OfferRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One offer of a call to one agent. Kept in the history; not part of the call's JSON."""

    id: str
    queue: str
    agent: str
    leg: str | None = None
    offered_at: datetime
    ringing_at: datetime | None = None
    ended_at: datetime
    result: OfferResult
    sip_status: int | None = None


class AgentStateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An agent entered a state at `since`; he left it at the `since` of his next record."""

    agent: str
    state: AgentState
    reason: str | None = None
    since: datetime
    call: str | None = None


def utc(us: int) -> datetime:
    """The aware datetime of `us` microseconds since 1970-01-01 UTC, exactly."""
    return _EPOCH + timedelta(microseconds=us)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime, exactly: the inverse of `utc`."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_json(record: msgspec.Struct) -> bytes:
    """The JSON of a record or row: RFC 3339 times in UTC, numbers that are not finite as null."""
    return msgspec.json.encode(record)


def to_builtins(record: msgspec.Struct) -> dict[str, Any]:
    """The same as a dict of plain values, for logs and tests."""
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain
