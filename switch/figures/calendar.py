"""Intervals of 15, 30 or 60 minutes and days, by the clock on the wall of an IANA zone, in UTC microseconds.

They begin at whole quarters, halves and hours of local time, and wherever the clock is changed. A day of 25
hours has 100 quarters, one of 23 has 92; an hour that comes twice is two intervals.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from switch.records import to_us, utc

_STEP: Final = timedelta(minutes=15)


class Interval(IntEnum):
    """How long an interval is, in minutes of local time."""

    QUARTER = 15
    HALF = 30
    HOUR = 60
    DAY = 1440


class Span(NamedTuple):
    """From a moment to before another, UTC microseconds."""

    start_us: int
    end_us: int

    @classmethod
    def of(cls, start: datetime, end: datetime) -> "Span":
        """Between aware moments. Raises ValueError for such without a zone, and where the end is no later."""
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError(f"a time without a zone: {start} to {end}")
        if start >= end:
            raise ValueError(f"a span that ends no later than it begins: {start} to {end}")
        return cls(to_us(start.astimezone(UTC)), to_us(end.astimezone(UTC)))

    @classmethod
    def days(cls, first: date, last: date, zone: ZoneInfo) -> "Span":
        """Whole local days, both included."""
        return cls.of(midnight(first, zone), midnight(last + timedelta(days=1), zone))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a local day begins, in UTC; where the clock skips midnight, when it is set on."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(at_us: int, zone: ZoneInfo) -> date:
    """The local day of a moment."""
    return utc(at_us).astimezone(zone).date()


def days(span: Span, zone: ZoneInfo) -> Iterator[Span]:
    """The span cut at local midnights."""
    start_us = span.start_us
    while start_us < span.end_us:
        following = to_us(midnight(day_of(start_us, zone) + timedelta(days=1), zone))
        yield Span(start_us, min(following, span.end_us))
        start_us = following


def intervals(span: Span, zone: ZoneInfo, interval: Interval | None) -> Iterator[Span]:
    """The span cut at every interval's start; whole without one."""
    if interval is None:
        yield span
        return
    for day in days(span, zone):
        yield from [day] if interval is Interval.DAY else _of_day(day, zone, interval)


def _of_day(day: Span, zone: ZoneInfo, interval: Interval) -> Iterator[Span]:
    at = midnight(day_of(day.start_us, zone), zone)
    start_us, offset = day.start_us, at.astimezone(zone).utcoffset()
    while (at_us := to_us(at)) < day.end_us:
        local = at.astimezone(zone)
        begins = (local.hour * 60 + local.minute) % interval == 0
        if start_us < at_us and (begins or local.utcoffset() != offset):
            yield Span(start_us, at_us)
            start_us = at_us
        offset = local.utcoffset()
        at += _STEP
    yield Span(start_us, day.end_us)
