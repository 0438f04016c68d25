"""From what somebody writes to a question: days or moments, a zone, an interval, and whom it concerns."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from switch.figures.facts import Fact
from switch.language import Language
from switch.reports.catalogue import refused
from switch.reports.periods import midnight
from switch.reports.question import Filters, Format, Name, Question

INTERVALS_MIN: Final = (15, 30, 60)
_LONGEST: Final = timedelta(days=3660)
_DAY: Final = timedelta(days=1)


class Wish(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}, forbid_unknown_fields=True):
    """What the API and the command line take. `from` and `to` are days, both included, such as `2026-11-02`,
    or moments with their zone (RFC 3339), of which the second is not included."""

    from_: str | None = None
    """None: today, in the zone."""
    to: str | None = None
    """None: as `from`."""
    zone: str | None = None
    """None: the server's."""
    interval: int = 30
    format: Format = Format.JSON
    language: Language | None = None
    """None: the server's."""
    queue: str | None = None
    agent: str | None = None
    skill: str | None = None
    number: str | None = None
    """That was called."""
    caller: str | None = None
    fact: Fact | None = None
    """Only calls that this fact counts: those behind a figure."""


class NoQuestion(ValueError):
    """What is wrong with a wish, each in a line."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


def question(report: Name, wish: Wish, zone: str, language: Language) -> Question:
    """The question, in the server's zone and language where the wish has none. Raises NoQuestion."""
    faults: list[str] = []
    try:
        local = ZoneInfo(wish.zone or zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NoQuestion([f"zone: {wish.zone!r} is no zone such as Europe/Madrid"]) from None
    first = wish.from_ or datetime.now(local).date().isoformat()
    start = _moment("from", first, local, timedelta(), faults)
    end = _moment("to", wish.to or first, local, _DAY, faults)
    if start is not None and end is not None and not start < end <= start + _LONGEST:
        faults.append("to: must come after from, and at most ten years later")
    if wish.interval not in INTERVALS_MIN:
        faults.append("interval: has 15, 30 or 60 minutes")
    filters = Filters(**{key: getattr(wish, key) for key in Filters.__struct_fields__})
    faults += refused(report, filters)
    if faults or start is None or end is None:
        raise NoQuestion(faults)
    return Question(
        report=report,
        start=start,
        end=end,
        zone=local.key,
        language=wish.language or language,
        interval_min=wish.interval,
        filters=filters,
    )


def _moment(key: str, written: str, zone: ZoneInfo, after: timedelta, faults: list[str]) -> datetime | None:
    """A moment as it stands, or the midnight of a day, `after` that."""
    try:
        if len(written) == len("2026-11-02"):
            return midnight(date.fromisoformat(written) + after, zone)
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    faults.append(
        f"{key}: {written!r} is no day such as 2026-11-02, nor a moment such as 2026-11-02T08:00:00+01:00"
    )
    return None
