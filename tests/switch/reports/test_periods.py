"""When reports are due and of which period: over weeks and months, and changes of the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from switch.reports.periods import read_every

MADRID = ZoneInfo("Europe/Madrid")


def local(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=MADRID).astimezone(UTC)


@pytest.mark.parametrize(
    ("written", "after", "due", "days"),
    [
        ("daily at 07:00", "2026-11-02T06:59", "2026-11-02T07:00", "2026-11-01 2026-11-02"),
        ("daily at 07:00", "2026-11-02T07:00", "2026-11-03T07:00", "2026-11-02 2026-11-03"),
        ("daily at 00:00", "2026-12-31T23:59", "2027-01-01T00:00", "2026-12-31 2027-01-01"),
        ("weekly on monday at 08:30", "2026-11-03T00:00", "2026-11-09T08:30", "2026-11-02 2026-11-09"),
        ("weekly on friday at 08:30", "2026-11-03T00:00", "2026-11-06T08:30", "2026-10-26 2026-11-02"),
        ("monthly on 1 at 07:00", "2026-11-02T00:00", "2026-12-01T07:00", "2026-11-01 2026-12-01"),
        ("monthly on 28 at 07:00", "2026-12-28T08:00", "2027-01-28T07:00", "2026-12-01 2027-01-01"),
        ("daily at 02:30", "2026-03-28T12:00", "2026-03-29T03:30", "2026-03-28 2026-03-29"),
    ],
)
def test_due(written: str, after: str, due: str, days: str) -> None:
    every = read_every(written)
    assert str(every) == written
    found = every.due_after(local(after), MADRID)
    assert found == local(due)
    period = every.period(found, MADRID)
    assert (period.start, period.end) == tuple(map(local, days.split()))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_days_are_as_long_as_they_are(day: str, hours: int) -> None:
    every = read_every("daily at 07:00")
    period = every.period(local(f"{day}T07:00") + timedelta(days=1), MADRID)
    assert period.start == local(day)
    assert period.end - period.start == timedelta(hours=hours)


def test_an_hour_that_comes_twice_is_due_once() -> None:
    every, moment, due = read_every("daily at 02:30"), local("2026-10-24T12:00"), []
    while moment < local("2026-10-27"):
        moment = every.due_after(moment, MADRID)
        due.append(moment)
    assert due == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)] + [
        datetime(2026, 10, day, 1, 30, tzinfo=UTC) for day in (26, 27)
    ]


@pytest.mark.parametrize(
    "written", ["", "daily", "daily at 7:00", "daily at 24:00", "weekly at 07:00", "monthly on 31 at 07:00"]
)
def test_what_is_no_time(written: str) -> None:
    with pytest.raises(ValueError, match="write it as daily at 07:00"):
        read_every(written)
