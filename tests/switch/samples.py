"""Records to write, read and serve."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from switch.calls.ending import EndedBy, Reason, Result
from switch.records import (
    CallRecord,
    Direction,
    Encryption,
    LegRecord,
    LegRole,
    OfferRecord,
    OfferResult,
    RecordingRecord,
    SegmentKind,
    SegmentRecord,
    TransferKind,
    TransferRecord,
    VisitRecord,
)

NOON = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def leg(name: str, role: LegRole, peer: str) -> LegRecord:
    return LegRecord(
        id=name,
        role=role,
        peer=peer,
        of_trunk=peer == "carrier",
        sip_call_id=f"{name}@example",
        sip_status=200,
        q850=16,
        invited_at=at(0 if role is LegRole.CALLER else 1),
        ringing_at=at(2),
        answered_at=at(3.2),
        ended_at=at(64.2),
        codec="PCMA",
        encryption=Encryption.SDES,
        packets_received=3210,
        packets_sent=3208,
        packets_lost=0,
        jitter_s=0.001,
        mos=4.4,
        r=92.2,
        packets_duplicated=1,
        packets_discarded=2,
        bursts=1,
        burst_loss=0.5,
        gap_loss=0.001,
        burst_s=0.08,
        gap_s=30.1,
        round_trip_s=0.02,
        sent_packets_lost=3,
        sent_jitter_s=0.002,
        sent_mos=4.3,
        sent_r=89.5,
    )


def answered_call(name: str = "01J0000000000000000000CALL", ended_at: datetime | None = None) -> CallRecord:
    """The call of the contract: answered by Ana after 3.2 s, 61 s of talk, the caller hung up."""
    ended = ended_at or at(64.2)
    return CallRecord(
        id=name,
        direction=Direction.INBOUND,
        trunk="carrier",
        from_="+34600111222",
        to="+34911000000",
        queue="support",
        agent="ana",
        started_at=at(0),
        connected_at=at(0),
        queued_at=at(0),
        answered_at=at(3.2),
        ended_at=ended,
        wait_s=3.2,
        talk_s=61.0,
        result=Result.ANSWERED,
        reason=Reason.CALLER_HUNG_UP,
        ended_by=EndedBy.CALLER,
        visits=(
            VisitRecord(
                queue="support",
                entered_at=at(0),
                left_at=at(3.2),
                wait_s=3.2,
                result=Result.ANSWERED,
                reason=Reason.AGENT_ANSWERED,
                agent="ana",
            ),
        ),
        segments=(
            SegmentRecord(kind=SegmentKind.TALK, from_=at(3.2), to=at(64.2), legs=(f"{name}-a", f"{name}-b")),
        ),
        variables={"ticket": "4711", "who": "Núria «la jefa»"},
        recording=RecordingRecord(
            path=f"recordings/2026/11/21/{name}.wav", duration_s=61.0, sha256="ab" * 32
        ),
        legs=(leg(f"{name}-a", LegRole.CALLER, "carrier"), leg(f"{name}-b", LegRole.AGENT, "1001")),
    )


def waiting_call(name: str = "01J0000000000000000000WAIT") -> CallRecord:
    """A call in progress that waits in the queue."""
    ended = answered_call(name)
    return replace(
        ended,
        agent=None,
        answered_at=None,
        ended_at=None,
        wait_s=None,
        talk_s=0.0,
        result=None,
        reason=None,
        ended_by=None,
        visits=(VisitRecord(queue="support", entered_at=at(0)),),
        segments=(),
        recording=None,
        legs=ended.legs[:1],
    )


def offer(name: str, result: OfferResult = OfferResult.ANSWERED) -> OfferRecord:
    return OfferRecord(
        id=name,
        queue="support",
        agent="ana",
        offered_at=at(1),
        ringing_at=at(2),
        ended_at=at(3),
        result=result,
    )


def transfer() -> TransferRecord:
    return TransferRecord(at=at(60), queue="support", agent="ana", kind=TransferKind.BLIND, to="1002")
