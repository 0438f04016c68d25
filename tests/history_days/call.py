"""A call as the days make it: what its record will say, gathered while it happens."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from msgspec.structs import replace

from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.handling import handled
from switch.records import (
    HOLDS,
    TALKS,
    CallRecord,
    Direction,
    LegRecord,
    LegRole,
    OfferRecord,
    RecordingRecord,
    SegmentKind,
    SegmentRecord,
    TransferKind,
    TransferRecord,
    VisitRecord,
    utc,
)
from tests.history_days.centre import QUEUES, ZONE


def new_id(random: Random, now_us: int) -> str:
    """26 characters, sorted by time, as the switch's are; of the seed."""
    return f"{now_us // 1000:012X}{random.getrandbits(56):014X}"


@dataclass
class LegNotes:
    """One dialog; times in microseconds."""

    id: str
    role: LegRole
    peer: str
    invited_us: int
    ringing_us: int | None = None
    answered_us: int | None = None
    ended_us: int | None = None
    status: int = 200

    def record(self, random: Random, ended_us: int) -> LegRecord:
        """Up to the call's end, with what a port would have counted."""
        end_us = self.ended_us or ended_us
        heard_s = 0.0 if self.answered_us is None else (end_us - self.answered_us) / 1e6
        lost = random.choice((0, 0, 0, 1, 7))
        heard = heard_s > 0.1
        return LegRecord(
            id=self.id,
            role=self.role,
            peer=self.peer,
            sip_call_id=f"{self.id}@{self.peer}.example",
            sip_status=self.status,
            q850=16 if self.status in (200, 487) else 17 if self.status == 486 else 19,
            invited_at=utc(self.invited_us),
            ringing_at=_utc(self.ringing_us),
            answered_at=_utc(self.answered_us),
            ended_at=utc(end_us),
            codec="PCMA" if heard else None,
            packets_received=int(heard_s * 50),
            packets_sent=int(heard_s * 50),
            packets_lost=lost if heard else 0,
            jitter_s=round(random.uniform(0.0005, 0.009), 6) if heard else None,
            mos=round(4.41 - lost * 0.05, 2) if heard else None,
        )


@dataclass
class CallNotes:
    """Who called, when, and what became of it; times in microseconds."""

    id: str
    direction: Direction
    from_: str
    to: str
    started_us: int
    trunk: str | None
    legs: list[LegNotes] = field(default_factory=list)
    visits: list[VisitRecord] = field(default_factory=list)
    segments: list[SegmentRecord] = field(default_factory=list)
    offers: list[OfferRecord] = field(default_factory=list)
    transfers: list[TransferRecord] = field(default_factory=list)
    connected_us: int | None = None
    answered_us: int | None = None
    continued_in: str | None = None
    queue: str | None = None
    """In whose line it stands."""
    entered_us: int = 0
    ended: bool = False
    offer: str | None = None
    """The one that rings."""

    def leave(self, now_us: int, result: Result, reason: Reason, agent: str | None = None) -> None:
        """It stands in line no more."""
        assert self.queue is not None
        visit = VisitRecord(
            queue=self.queue,
            entered_at=utc(self.entered_us),
            left_at=utc(now_us),
            wait_s=(now_us - self.entered_us) / 1e6,
            result=result,
            reason=reason,
            agent=agent,
            skills=QUEUES[self.queue].skills,
            within_s=QUEUES[self.queue].within_s,
            short_abandon_s=5.0,
        )
        self.visits.append(visit)
        self.queue = None

    def wrapped_up(self, agent: str, wrap_up_s: float) -> None:
        """The wrap-up of the last visit that the agent answered has ended."""
        n = max(n for n, visit in enumerate(self.visits) if visit.agent == agent)
        self.visits[n] = replace(self.visits[n], wrap_up_s=wrap_up_s)

    def transfer(self, kind: TransferKind, to: str, now_us: int) -> None:
        """The agent who answered last sends the caller on."""
        visit = self.visits[-1]
        assert visit.agent is not None
        self.transfers.append(
            TransferRecord(at=utc(now_us), queue=visit.queue, agent=visit.agent, kind=kind, to=to)
        )

    def connect(self, kind: SegmentKind, from_us: int, to_us: int, other: LegNotes) -> None:
        """Caller and `other` were connected like this."""
        legs = (self.legs[0].id, other.id)
        self.segments.append(SegmentRecord(kind=kind, from_=utc(from_us), to=utc(to_us), legs=legs))

    def record(
        self, random: Random, ended_us: int, result: Result, reason: Reason, by: EndedBy
    ) -> CallRecord:
        """Whole, at its end."""
        answered = [visit for visit in self.visits if visit.result is Result.ANSWERED]
        served = next(reversed(answered or self.visits), None)
        talk_s, hold_s = self._seconds(TALKS), self._seconds(HOLDS)
        agents = {leg.id for leg in self.legs if leg.role is LegRole.AGENT}
        return CallRecord(
            id=self.id,
            direction=self.direction,
            trunk=self.trunk,
            from_=self.from_,
            to=self.to,
            queue=served.queue if served else None,
            agent=served.agent if served else None,
            started_at=utc(self.started_us),
            connected_at=_utc(self.connected_us),
            queued_at=self.visits[0].entered_at if self.visits else None,
            answered_at=_utc(self.answered_us),
            ended_at=utc(ended_us),
            wait_s=served.wait_s if served else None,
            talk_s=talk_s,
            hold_s=hold_s,
            wrap_up_s=served.wrap_up_s if served else None,
            result=result,
            reason=reason,
            ended_by=by,
            continued_in=self.continued_in,
            visits=handled(self.visits, self.segments, agents),
            segments=tuple(self.segments),
            recording=self._recording(random, talk_s + hold_s),
            legs=tuple(
                replace(leg.record(random, ended_us), of_trunk=leg.peer == self.trunk) for leg in self.legs
            ),
        )

    def _seconds(self, kinds: frozenset[SegmentKind]) -> float:
        spans = [one.to - one.from_ for one in self.segments if one.kind in kinds and one.to is not None]
        return round(sum(span.total_seconds() for span in spans), 6)

    def _recording(self, random: Random, heard_s: float) -> RecordingRecord | None:
        recorded = any(
            QUEUES[visit.queue].record and visit.result is Result.ANSWERED for visit in self.visits
        )
        if not recorded:
            return None
        date = utc(self.started_us).astimezone(ZONE).date()
        path = f"recordings/{date:%Y/%m/%d}/{self.id}.wav"
        return RecordingRecord(
            path=path, duration_s=round(heard_s, 6), sha256=f"{random.getrandbits(256):064x}"
        )


def _utc(us: int | None) -> datetime | None:
    return None if us is None else utc(us)
