"""Intervals by the clock on the wall: days of 23 and 25 hours, changes by half an hour and at midnight."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from switch.figures import Interval, Span
from switch.figures import intervals as ours
from switch.records import utc
from tests.figures.brute_force import intervals

DAYS = (
    ("Europe/Madrid", date(2026, 3, 29), 92),
    ("Europe/Madrid", date(2026, 10, 25), 100),
    ("Europe/Madrid", date(2026, 6, 1), 96),
    ("Australia/Lord_Howe", date(2026, 4, 5), 98),
    ("Australia/Lord_Howe", date(2026, 10, 4), 94),
    ("Asia/Beirut", date(2026, 3, 29), 92),
    ("Asia/Kathmandu", date(2026, 6, 1), 96),
)


@pytest.mark.parametrize("interval", Interval)
@pytest.mark.parametrize(("zone", "day", "quarters"), DAYS)
def test_a_days_intervals(zone: str, day: date, quarters: int, interval: Interval) -> None:
    span = Span.days(day, day, ZoneInfo(zone))
    found = list(ours(span, ZoneInfo(zone), interval))
    assert found == [
        Span.of(*each) for each in intervals(utc(span.start_us), utc(span.end_us), zone, interval)
    ]
    assert (found[0].start_us, found[-1].end_us) == span
    if interval is Interval.QUARTER:
        assert len(found) == quarters


def test_a_span_begins_and_ends_where_it_is_told_to() -> None:
    start, end = datetime(2026, 6, 1, 8, 7, tzinfo=UTC), datetime(2026, 6, 1, 9, 1, tzinfo=UTC)
    found = list(ours(Span.of(start, end), ZoneInfo("Europe/Madrid"), Interval.HALF))
    assert [(utc(each.start_us).minute, utc(each.end_us).minute) for each in found] == [
        (7, 30),
        (30, 0),
        (0, 1),
    ]


def test_what_is_no_span_is_refused() -> None:
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="no later"):
        Span.of(moment, moment)
    with pytest.raises(ValueError, match="without a zone"):
        Span.of(moment.replace(tzinfo=None), moment)
