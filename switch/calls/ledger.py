"""The ledger of one call: what its record will say, noted as it happens. No I/O."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.handling import handled
from switch.calls.legs.leg import Leg
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
    to_us,
    utc,
)


@dataclass(slots=True)
class Visit:
    """One stay in one queue; the router's announcements fill it."""

    id: str
    queue: str
    entered_us: int
    left_us: int | None = None
    result: Result | None = None
    reason: Reason | None = None
    agent: str | None = None
    skills: tuple[str, ...] = ()
    within_s: float | None = None
    short_abandon_s: float | None = None
    wrap_up_s: float | None = None
    """Of its agent, once it has ended."""

    @classmethod
    def resumed(cls, record: VisitRecord) -> "Visit":
        """As its record has it, which knows no id."""
        return cls(
            id="",
            queue=record.queue,
            entered_us=to_us(record.entered_at),
            left_us=_us(record.left_at),
            result=record.result,
            reason=record.reason,
            agent=record.agent,
            skills=record.skills,
            within_s=record.within_s,
            short_abandon_s=record.short_abandon_s,
            wrap_up_s=record.wrap_up_s,
        )

    @property
    def wait_s(self) -> float | None:
        """How long the caller waited here."""
        return None if self.left_us is None else (self.left_us - self.entered_us) / 1e6

    def record(self) -> VisitRecord:
        """As the call's record has it."""
        return VisitRecord(
            queue=self.queue,
            entered_at=utc(self.entered_us),
            left_at=None if self.left_us is None else utc(self.left_us),
            wait_s=self.wait_s,
            result=self.result,
            reason=self.reason,
            agent=self.agent,
            skills=self.skills,
            within_s=self.within_s,
            short_abandon_s=self.short_abandon_s,
            wrap_up_s=self.wrap_up_s,
        )


@dataclass(slots=True)
class Segment:
    """One interval in which the same legs were connected in the same way."""

    kind: SegmentKind
    from_us: int
    legs: tuple[str, ...]
    to_us: int | None = None

    @classmethod
    def resumed(cls, record: SegmentRecord, died_us: int) -> "Segment":
        """As its record has it; what had not ended did at `died_us`."""
        from_us = to_us(record.from_)
        ended_us = max(from_us, died_us) if record.to is None else to_us(record.to)
        return cls(record.kind, from_us, record.legs, ended_us)

    def record(self) -> SegmentRecord:
        """As the call's record has it."""
        to = None if self.to_us is None else utc(self.to_us)
        return SegmentRecord(kind=self.kind, from_=utc(self.from_us), to=to, legs=self.legs)

    def seconds(self, now_us: int) -> float:
        """How long it lasted, or has lasted by `now_us`."""
        return ((self.to_us if self.to_us is not None else now_us) - self.from_us) / 1e6


@dataclass(slots=True)
class Ledger:
    """Who called, when, and what became of it."""

    id: str
    direction: Direction
    trunk: str | None
    from_: str
    to: str
    started_us: int
    placed_by: str | None = None
    """The agent at whose phone a program placed it."""
    variables: dict[str, str] = field(default_factory=dict)
    """Replaced as a whole, never changed: rows that were told have it too."""
    legs: list[Leg] = field(default_factory=list)
    former: list[LegRecord] = field(default_factory=list)
    """Of legs that a crash of ours has ended, or that had ended before it."""
    turned_away: LegRecord | None = None
    """The leg of a caller who was refused before there was one."""
    visits: list[Visit] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    offers: list[OfferRecord] = field(default_factory=list)
    transfers: list[TransferRecord] = field(default_factory=list)
    recording: RecordingRecord | None = None
    recorded_before: bool = False
    """A crash has cut the recording: its parts are put together when the call is booked."""
    connected_us: int | None = None
    answered_us: int | None = None
    ended_us: int | None = None
    result: Result | None = None
    reason: Reason | None = None
    ended_by: EndedBy | None = None
    continued_in: str | None = None
    _connection: Segment | None = None
    """The segment in which the parties are now, and likewise a supervisor's."""
    _supervision: Segment | None = None
    _conference: Segment | None = None

    @classmethod
    def resumed(cls, record: CallRecord, died_us: int) -> "Ledger":
        """Of a call that goes on after a crash, as last noted: who was connected was so until `died_us`. Its
        legs are yet to come.
        """
        return cls(
            id=record.id,
            direction=record.direction,
            trunk=record.trunk,
            from_=record.from_,
            to=record.to,
            started_us=to_us(record.started_at),
            placed_by=record.placed_by,
            variables=record.variables,
            visits=[Visit.resumed(each) for each in record.visits],
            segments=[Segment.resumed(each, died_us) for each in record.segments],
            recording=record.recording,
            recorded_before=record.recording is not None,
            connected_us=_us(record.connected_at),
            answered_us=_us(record.answered_at),
        )

    def waits_on(self, visit: Visit) -> None:
        """He stands in line after a crash, as the router has it, which may not have been noted yet."""
        last = self.visits[-1] if self.visits else None
        if last is not None and last.left_us is None:
            if (last.queue, last.entered_us) == (visit.queue, visit.entered_us):
                last.id = visit.id
                return
            last.left_us, last.result, last.reason = (
                visit.entered_us,
                Result.OVERFLOWED,
                Reason.SWITCH_RESTARTED,
            )
        self.visits.append(visit)

    def connected(self, now_us: int) -> None:
        """Our 200 to the caller."""
        if self.connected_us is None:
            self.connected_us = now_us

    def answered(self, now_us: int) -> None:
        """An agent's or the callee's answer."""
        if self.answered_us is None:
            self.answered_us = now_us

    def joined(self, kind: SegmentKind, legs: Sequence[Leg], now_us: int) -> None:
        """From now on these legs are connected like this; what was before ends."""
        self.parted(now_us)
        self._connection = self._segment(kind, legs, now_us)

    def parted(self, now_us: int) -> None:
        """The legs are not connected any more."""
        if self._connection is not None:
            self._connection.to_us = now_us
            self._connection = None

    def supervised(self, kind: SegmentKind, legs: Sequence[Leg], now_us: int) -> None:
        """From now on a supervisor is with them like this; as he was before ends."""
        self.unsupervised(now_us)
        self._supervision = self._segment(kind, legs, now_us)

    def unsupervised(self, now_us: int) -> None:
        """No supervisor is with them any more."""
        if self._supervision is not None:
            self._supervision.to_us = now_us
            self._supervision = None

    def conferring(self, legs: Sequence[Leg], now_us: int) -> None:
        """From now on they are three."""
        self.alone(now_us)
        self._conference = self._segment(SegmentKind.CONFERENCE, legs, now_us)

    def alone(self, now_us: int) -> None:
        """They are not three any more."""
        if self._conference is not None:
            self._conference.to_us = now_us
            self._conference = None

    def visit(self, id: str) -> Visit | None:
        """The visit of the router's id."""
        return next((visit for visit in self.visits if visit.id == id), None)

    @property
    def connected_as(self) -> SegmentKind | None:
        """How the parties are connected now; None where they are not."""
        return None if self._connection is None else self._connection.kind

    def wrapped_up(self, agent: str, wrap_up_s: float) -> None:
        """The wrap-up of the last visit that the agent answered has ended."""
        visit = next((each for each in reversed(self.visits) if each.agent == agent), None)
        if visit is not None:
            visit.wrap_up_s = wrap_up_s

    def transferred(self, kind: TransferKind, to: str, now_us: int) -> None:
        """The agent of the last answered visit has sent the caller on."""
        visit = self.served
        if visit is not None and visit.agent is not None:
            self.transfers.append(
                TransferRecord(at=utc(now_us), queue=visit.queue, agent=visit.agent, kind=kind, to=to)
            )

    @property
    def waiting(self) -> bool:
        """Whether the caller is in a queue's line."""
        return bool(self.visits) and self.visits[-1].left_us is None

    @property
    def overflowed(self) -> bool:
        """Whether the last queue sent the caller on."""
        return bool(self.visits) and self.visits[-1].result is Result.OVERFLOWED

    @property
    def was_served(self) -> bool:
        """Whether an agent took the caller out of the last queue."""
        return bool(self.visits) and self.visits[-1].result is Result.ANSWERED

    @property
    def served(self) -> Visit | None:
        """The visit that the flat fields of the record speak of: the last answered one, else the last."""
        answered = [visit for visit in self.visits if visit.result is Result.ANSWERED]
        return next(reversed(answered or self.visits), None)

    def seconds(self, kinds: Collection[SegmentKind], now_us: int) -> float:
        """The sum of all segments of these kinds."""
        return round(sum(segment.seconds(now_us) for segment in self.segments if segment.kind in kinds), 6)

    def _segment(self, kind: SegmentKind, legs: Sequence[Leg], now_us: int) -> Segment:
        segment = Segment(kind, now_us, tuple(leg.id for leg in legs))
        self.segments.append(segment)
        return segment

    def record(self, now_us: int, *, counted: bool = True) -> CallRecord:
        """The call's record as of now; only if `counted` with what the ports have counted."""
        served = self.served
        turned_away = self.turned_away
        legs = [turned_away] if turned_away else [leg.record(counted=counted) for leg in self.legs]
        if self.former:
            legs = sorted([*self.former, *legs], key=lambda leg: leg.invited_at)
        segments = tuple(segment.record() for segment in self.segments)
        agents = {leg.id for leg in legs if leg.role is LegRole.AGENT}
        return CallRecord(
            id=self.id,
            direction=self.direction,
            trunk=self.trunk,
            from_=self.from_,
            to=self.to,
            queue=served.queue if served else None,
            agent=served.agent if served else None,
            started_at=utc(self.started_us),
            connected_at=None if self.connected_us is None else utc(self.connected_us),
            queued_at=utc(self.visits[0].entered_us) if self.visits else None,
            answered_at=None if self.answered_us is None else utc(self.answered_us),
            ended_at=None if self.ended_us is None else utc(self.ended_us),
            wait_s=served.wait_s if served else None,
            talk_s=self.seconds(TALKS, now_us),
            hold_s=self.seconds(HOLDS, now_us),
            wrap_up_s=served.wrap_up_s if served else None,
            result=self.result,
            reason=self.reason,
            ended_by=self.ended_by,
            continued_in=self.continued_in,
            placed_by=self.placed_by,
            variables=self.variables,
            visits=handled([visit.record() for visit in self.visits], segments, agents),
            segments=segments,
            recording=self.recording,
            legs=tuple(legs),
        )


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
