"""When an office is open: by the clock on its wall, whatever that clock does."""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest

from acd.queue import ClosedReason
from switch.hours.calendar import AHEAD_DAYS, Calendar, spans, weekly

MADRID = "Europe/Madrid"
H, D = ClosedReason.HOURS, ClosedReason.HOLIDAY


def calendar(rules: str, zone: str = MADRID, **special: str) -> Calendar:
    """`special` by `d2026_12_24`."""
    days = {date(*map(int, day[1:].split("_"))): spans(times) for day, times in special.items()}
    return Calendar(ZoneInfo(zone), weekly(rules), days)


def us(written: str) -> int:
    """Of a moment with its offset from UTC."""
    moment = datetime.fromisoformat(written)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def changes(office: Calendar, start: str, count: int, zone: str = MADRID) -> list[tuple[str, str]]:
    """The next changes, on the wall with the offset, and what is from then on."""
    at, found = us(start), []
    for _ in range(count):
        after = office.next_change(at)
        assert after is not None
        assert office.closed(after - 1) is office.closed(at)
        at = after
        shown = datetime.fromtimestamp(at / 1e6, ZoneInfo(zone))
        found.append((shown.isoformat(timespec="minutes"), str(office.closed(at) or "open")))
    return found


def test_a_week() -> None:
    office = calendar("Mo-Fr 09:00-14:00,16:00-20:00; Sa 10:00-14:00")
    assert changes(office, "2026-11-27T15:00+01:00", 5) == [  # a Friday
        ("2026-11-27T16:00+01:00", "open"),
        ("2026-11-27T20:00+01:00", "hours"),
        ("2026-11-28T10:00+01:00", "open"),
        ("2026-11-28T14:00+01:00", "hours"),
        ("2026-11-30T09:00+01:00", "open"),
    ]


def test_the_last_rule_that_names_a_day_counts() -> None:
    office = calendar("Mo-Fr 09:00-18:00; Jul-Aug Mo-Fr 08:00-15:00; Mo[1] closed")
    assert office.closed(us("2026-07-07T08:30+02:00")) is None
    assert office.closed(us("2026-07-07T16:00+02:00")) is H
    assert office.closed(us("2026-09-07T12:00+02:00")) is H  # first Monday
    assert office.closed(us("2026-09-14T12:00+02:00")) is None


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    office = calendar("Fr-Sa 22:00-02:30", d2026_11_28="closed")
    assert changes(office, "2026-11-27T12:00+01:00", 5) == [
        ("2026-11-27T22:00+01:00", "open"),
        ("2026-11-28T02:30+01:00", "holiday"),
        ("2026-11-29T00:00+01:00", "hours"),
        ("2026-12-04T22:00+01:00", "open"),
        ("2026-12-05T02:30+01:00", "hours"),
    ]


def test_a_holiday_and_a_short_day() -> None:
    office = calendar("Mo-Fr 09:00-18:00", d2026_12_24="09:00-13:00", d2026_12_25="closed")
    assert changes(office, "2026-12-23T17:00+01:00", 7) == [
        ("2026-12-23T18:00+01:00", "hours"),
        ("2026-12-24T00:00+01:00", "holiday"),
        ("2026-12-24T09:00+01:00", "open"),
        ("2026-12-24T13:00+01:00", "holiday"),
        ("2026-12-26T00:00+01:00", "hours"),
        ("2026-12-28T09:00+01:00", "open"),
        ("2026-12-28T18:00+01:00", "hours"),
    ]


def test_over_the_end_of_the_year() -> None:
    office = calendar("Mo-Su 08:00-24:00", d2026_12_31="20:00-04:00", d2027_1_1="closed")
    assert changes(office, "2026-12-31T12:00+01:00", 4) == [
        ("2026-12-31T20:00+01:00", "open"),
        ("2027-01-01T04:00+01:00", "holiday"),
        ("2027-01-02T00:00+01:00", "hours"),
        ("2027-01-02T08:00+01:00", "open"),
    ]


class TestChangeOfTheClock:
    """Madrid: 2026-03-29 02:00 is 03:00; 2026-10-25 03:00 is 02:00 once more."""

    def test_closing_at_a_time_that_there_is_not(self) -> None:
        office = calendar("Sa 22:00-02:30")
        assert changes(office, "2026-03-28T23:00+01:00", 1) == [("2026-03-29T03:00+02:00", "hours")]
        assert office.closed(us("2026-03-29T01:59+01:00")) is None

    def test_opening_at_a_time_that_there_is_not(self) -> None:
        office = calendar("Su 02:30-05:00")
        assert changes(office, "2026-03-28T23:00+01:00", 2) == [
            ("2026-03-29T03:00+02:00", "open"),
            ("2026-03-29T05:00+02:00", "hours"),
        ]

    def test_hours_that_there_are_not(self) -> None:
        office = calendar("Su 02:15-02:45")
        assert changes(office, "2026-03-28T23:00+01:00", 1) == [("2026-04-05T02:15+02:00", "open")]

    def test_closing_at_a_time_that_comes_twice_is_closing_once(self) -> None:
        office = calendar("Sa 22:00-02:30; Su 09:00-10:00")
        assert changes(office, "2026-10-24T23:00+02:00", 2) == [
            ("2026-10-25T02:30+02:00", "hours"),
            ("2026-10-25T09:00+01:00", "open"),
        ]
        assert office.closed(us("2026-10-25T02:15+01:00")) is H

    def test_opening_at_a_time_that_comes_twice_is_opening_once(self) -> None:
        office = calendar("Su 02:30-04:00")
        assert changes(office, "2026-10-24T23:00+02:00", 2) == [
            ("2026-10-25T02:30+02:00", "open"),
            ("2026-10-25T04:00+01:00", "hours"),
        ]

    def test_a_gap_at_midnight(self) -> None:
        office = calendar("Su 00:00-10:00", "America/Santiago")  # 2026-09-06 00:00 is 01:00
        found = changes(office, "2026-09-05T12:00-04:00", 1, "America/Santiago")
        assert found == [("2026-09-06T01:00-03:00", "open")]

    def test_a_gap_of_half_an_hour(self) -> None:
        office = calendar("Su 02:10-05:00", "Australia/Lord_Howe")  # 2026-10-04 02:00 is 02:30
        found = changes(office, "2026-10-03T12:00+10:30", 1, "Australia/Lord_Howe")
        assert found == [("2026-10-04T02:30+11:00", "open")]


def test_a_zone_on_the_other_side_of_midnight() -> None:
    office = calendar("Mo-Fr 09:00-17:00", "Pacific/Auckland")
    assert office.closed(us("2026-11-22T20:30+00:00")) is None  # there it is Monday, half past nine
    assert office.closed(us("2026-11-27T01:00+00:00")) is None  # Friday afternoon
    assert office.closed(us("2026-11-27T21:00+00:00")) is H  # Saturday


def test_always_and_never() -> None:
    assert calendar("24/7").next_change(us("2026-11-22T20:30+00:00")) is None
    assert calendar("closed").next_change(us("2026-11-22T20:30+00:00")) is None
    assert calendar("closed").closed(0) is H
    assert calendar("24/7").closed(0) is None


def test_days_that_touch_are_no_change() -> None:
    office = calendar("Mo 00:00-24:00; Tu 00:00-12:00")
    assert changes(office, "2026-11-23T08:00+01:00", 1) == [("2026-11-24T12:00+01:00", "hours")]


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("Mo-Fr 9-18", "no rule"),
        ("Mon 09:00-10:00", "names no days"),
        ("Mo 25:00-26:00", "hours are 00 to 23"),
        ("Mo 09:00-49:00", "hours are 00 to 23"),
        ("Mo 09:61-10:00", "hours are 00 to 23"),
        ("Mo 09:00-40:00", "longer than a day"),
        ("PH off", "on_holidays"),
        ("sunrise-sunset", "no rule"),
        ("Mo-Fr 09:00-18:00, Sa 10:00-14:00", "write ';' between rules"),
        ("Mo-Fr 09:00-14:00 16:00-18:00", "',' between times"),
        (" ; ", "names no hours"),
    ],
)
def test_what_is_no_rule(rules: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        weekly(rules)


def test_a_look_at_the_calendar_does_not_hold_up_the_loop() -> None:
    special = {date(2026, 1, 1) + timedelta(26 * number): () for number in range(180)}
    rules = weekly("Mo-Fr 09:00-18:00; Sa 10:00-14:00; Jul-Aug Mo-Fr 08:00-15:00")
    office = Calendar(ZoneInfo(MADRID), rules, special)
    closed_for_long = Calendar(ZoneInfo(MADRID), weekly("Jan 09:00-10:00"))
    for each in (office, closed_for_long):
        each.next_change(us("2026-06-01T00:00+02:00"))  # the library's first use
    took = []
    for each in (office, closed_for_long):
        began = perf_counter()
        for number in range(20):
            each.next_change(us("2026-06-01T00:00+02:00") + number * 3_600_000_000)
        took.append((perf_counter() - began) / 20)
    print(f"a look {AHEAD_DAYS} days ahead: {[round(one * 1e6) for one in took]} us")
    assert max(took) < 0.02  # a busy machine's; on a quiet one well below 1 ms
