"""Of visits to queues: which skills were asked for, and how long their agents handled them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec.structs import replace

from acd.skills import parse
from switch.calls.ending import Result
from switch.records import HOLDS, TALKS, SegmentKind, SegmentRecord, VisitRecord


def skills_asked(*requirements: str | None) -> tuple[str, ...]:
    """The names of the skills that these expressions ask for, in order."""
    return tuple(sorted({skill for each in requirements if each for skill in parse(each).wanted()}))


def handled(
    visits: Sequence[VisitRecord], segments: Sequence[SegmentRecord], agents: Collection[str]
) -> tuple[VisitRecord, ...]:
    """The visits, each answered one with its talk and hold in seconds: until the next visit, and as long as
    the leg of its agent is there. `agents` are the ids of the legs of agents. What has not ended counts
    nothing.
    """
    following = [*(visit.entered_at for visit in visits[1:]), None][: len(visits)]
    return tuple(
        visit if visit.result is not Result.ANSWERED else _handled(visit, until, segments, agents)
        for visit, until in zip(visits, following, strict=True)
    )


def _handled(
    visit: VisitRecord, until: datetime | None, segments: Sequence[SegmentRecord], agents: Collection[str]
) -> VisitRecord:
    its = [
        each
        for each in segments
        if visit.left_at is not None
        and each.from_ >= visit.left_at
        and (until is None or each.from_ < until)
        and each.kind in TALKS | HOLDS
    ]
    leg = next((leg for each in its for leg in each.legs if leg in agents), None)

    def seconds(kinds: Collection[SegmentKind]) -> float:
        return sum(
            (each.to - each.from_).total_seconds()
            for each in its
            if leg in each.legs and each.kind in kinds and each.to is not None
        )

    return replace(visit, talk_s=round(seconds(TALKS), 6), hold_s=round(seconds(HOLDS), 6))
