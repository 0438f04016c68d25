"""The toll: each limit of phones and trunks, by the hour and the day, and what a restart keeps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from switch.config.schema import Config
from switch.config.toll import PhoneToll
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.toll.account import Spending
from switch.toll.guard import Spent, TollGuard, TollLimit

MADRID = ZoneInfo("Europe/Madrid")
PHONE, OTHER, TRUNK = PhonePeer("1001"), PhonePeer("1002"), TrunkPeer("carrier")
MINUTE_US = 60_000_000


def at(text: str) -> int:
    """A moment on Madrid's clocks, in UTC microseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=MADRID).timestamp() * 1e6)


NOON = at("2026-11-23 12:00")  # a Monday


@dataclass
class Talk:
    """A call as the toll sees it."""

    answered_us: int | None = None
    ended_us: int | None = None


class Desk:
    """A toll with one phone's limits, and the alarms it gave."""

    def __init__(self, **limits: Any) -> None:
        self.alarms: list[tuple[Peer, TollLimit]] = []
        self.toll = TollGuard(lambda origin, limit, now_us: self.alarms.append((origin, limit)))
        self.limit(**limits)

    def limit(self, **limits: Any) -> None:
        phones = {"1001": {"secret": "x", "toll": limits}, "1002": {"secret": "x"}}
        trunks = {"carrier": {"proxy": "sip:192.0.2.1", "toll": limits}}
        self.toll.configure(Config.model_validate({"phones": phones, "trunks": trunks}))

    def call(self, now_us: int, number: str = "600111222", origin: Peer = PHONE) -> Spending:
        """A call that is answered at once."""
        talk = Talk(now_us)
        admitted = self.toll.admit(origin, number, talk, now_us)
        assert isinstance(admitted, Spending), admitted
        return admitted

    def refused(self, now_us: int, number: str = "600111222", origin: Peer = PHONE) -> TollLimit:
        admitted = self.toll.admit(origin, number, Talk(), now_us)
        assert isinstance(admitted, TollLimit)
        return admitted

    def book(self, now_us: int) -> list[Spent]:
        """What has changed since it was last asked."""
        return list(self.toll.changes(lambda: now_us))


def end(spending: Spending, now_us: int) -> None:
    assert isinstance(spending.talk, Talk)
    spending.talk.ended_us = now_us
    spending.release()
    spending.release()


def test_a_phone_has_limits_by_itself_and_keeps_those_that_are_not_named() -> None:
    toll = Config.model_validate({"phones": {"1001": {"secret": "x", "toll": {"minutes_a_day": 9}}}})
    assert toll.phones["1001"].toll == PhoneToll(calls_at_once=4, calls_an_hour=100, minutes_a_day=9)


@pytest.mark.parametrize("origin", [PHONE, TRUNK])
def test_calls_at_once(origin: Peer) -> None:
    desk = Desk(calls_at_once=2)
    first, _ = desk.call(NOON, origin=origin), desk.call(NOON, origin=origin)
    assert desk.refused(NOON, origin=origin) is TollLimit.CALLS_AT_ONCE
    end(first, NOON)
    desk.call(NOON, origin=origin)
    assert desk.alarms == [(origin, TollLimit.CALLS_AT_ONCE)]


def test_each_has_an_account_of_its_own() -> None:
    desk = Desk(calls_at_once=1)
    desk.call(NOON)
    desk.call(NOON, origin=TRUNK)
    for _ in range(4):
        desk.call(NOON, origin=OTHER)


def test_calls_an_hour_those_refused_do_not_count() -> None:
    desk = Desk(calls_an_hour=3)
    for minutes in (0, 10, 20):
        end(desk.call(NOON + minutes * MINUTE_US), NOON + minutes * MINUTE_US)
    assert desk.refused(NOON + 59 * MINUTE_US) is TollLimit.CALLS_AN_HOUR
    desk.call(NOON + 60 * MINUTE_US)
    assert desk.refused(NOON + 61 * MINUTE_US) is TollLimit.CALLS_AN_HOUR


def test_a_call_that_is_turned_away_is_none_of_the_hours() -> None:
    desk = Desk(calls_an_hour=1, calls_at_once=1)
    for _ in range(3):
        desk.call(NOON).turn_away()
    spending = desk.call(NOON)
    end(spending, NOON)
    spending.turn_away()
    assert desk.refused(NOON) is TollLimit.CALLS_AN_HOUR


def test_minutes_a_day_count_talk_and_nothing_else() -> None:
    desk = Desk(minutes_a_day=10)
    ringing = desk.toll.admit(PHONE, "1", Talk(), NOON)
    assert isinstance(ringing, Spending)
    end(ringing, NOON + 30 * MINUTE_US)
    end(desk.call(NOON), NOON + 9 * MINUTE_US)
    assert desk.toll.used_s(PHONE, NOON) == 540
    end(desk.call(NOON), NOON + MINUTE_US)
    assert desk.refused(NOON + 10 * MINUTE_US) is TollLimit.MINUTES_A_DAY


def test_running_calls_end_at_the_limit_together() -> None:
    desk = Desk(minutes_a_day=10)
    calls = [desk.call(NOON), desk.call(NOON)]
    assert desk.toll.wake_s(NOON, 3600.0) == 300
    assert desk.toll.over(NOON + 5 * MINUTE_US - 1) == []
    assert desk.toll.over(NOON + 5 * MINUTE_US) == calls
    assert desk.alarms == [(PHONE, TollLimit.MINUTES_A_DAY)]
    assert desk.toll.wake_s(NOON + 6 * MINUTE_US, 3600.0) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-11-23 23:50", "2026-11-24 00:04"),
        ("2026-03-28 23:50", "2026-03-29 00:04"),  # the day has 23 hours
        ("2026-10-25 23:50", "2026-10-26 00:04"),  # and this one had 25
    ],
)
def test_a_new_day_begins_at_midnight_in_the_timezone(before: str, after: str) -> None:
    desk = Desk(minutes_a_day=11)
    call = desk.call(at(before))
    assert desk.toll.over(at(after)) == [], "ten minutes yesterday, four today"
    assert desk.toll.used_s(PHONE, at(after)) == 240
    end(call, at(after))
    assert desk.toll.used_s(PHONE, at(after)) == 240


def test_a_call_over_midnight_counts_today_even_if_nobody_looked_meanwhile() -> None:
    desk = Desk(minutes_a_day=11)
    end(desk.call(at("2026-11-23 23:50")), at("2026-11-24 00:04"))
    assert desk.toll.used_s(PHONE, at("2026-11-24 00:05")) == 240


def test_destinations_after_the_routes_rules() -> None:
    desk = Desk(destinations=["[6-9]????????", "0034*"])
    for number in ("600111222", "0034600111222"):
        desk.call(NOON, number)
        assert desk.toll.permits(PHONE, number, NOON) is None
    for number in ("0053123456", "60011122", "+34600111222", ""):
        assert desk.refused(NOON, number) is TollLimit.DESTINATION
        assert desk.toll.permits(PHONE, number, NOON) is TollLimit.DESTINATION


HOURS = {
    "hours": "Mo-Fr 08:00-20:00",
    "calls_at_once": 3,
    "outside": {"calls_at_once": 1, "destinations": ["112"]},
}


@pytest.mark.parametrize(
    ("when", "calls"),
    [
        ("2026-11-23 08:00", 3),
        ("2026-11-23 19:59", 3),
        ("2026-11-23 20:00", 1),
        ("2026-11-22 12:00", 1),
        ("2026-11-23 07:59", 1),
    ],
)
def test_other_limits_hold_outside_of_the_hours(when: str, calls: int) -> None:
    desk = Desk(**HOURS)
    for _ in range(calls):
        desk.call(at(when), "112")
    assert desk.refused(at(when), "112") is TollLimit.CALLS_AT_ONCE
    inside = calls == 3
    assert (desk.toll.permits(PHONE, "600111222", at(when)) is None) is inside


def test_what_is_not_named_for_outside_stays_as_it_is() -> None:
    desk = Desk(hours="Mo-Fr 08:00-20:00", calls_at_once=2, destinations=["6*"], outside={"calls_at_once": 1})
    night = at("2026-11-23 03:00")
    assert desk.refused(night, "0053123456") is TollLimit.DESTINATION
    desk.call(night)
    assert desk.refused(night) is TollLimit.CALLS_AT_ONCE


def test_hours_without_other_limits_leave_them_as_they_are() -> None:
    desk = Desk(hours="Mo-Fr 08:00-20:00", calls_at_once=1)
    desk.call(at("2026-11-22 03:00"))
    assert desk.refused(at("2026-11-22 03:00")) is TollLimit.CALLS_AT_ONCE


def test_a_reload_changes_limits_and_forgets_nothing() -> None:
    desk = Desk(minutes_a_day=10)
    desk.call(NOON)
    desk.limit(minutes_a_day=5)
    assert desk.refused(NOON + 5 * MINUTE_US) is TollLimit.MINUTES_A_DAY
    desk.limit()
    desk.call(NOON + 6 * MINUTE_US)


def test_whom_the_configuration_does_not_know_any_more_is_not_stopped() -> None:
    desk = Desk(calls_at_once=0)
    desk.call(NOON, origin=PhonePeer("removed"))


def test_a_restart_keeps_the_minutes_of_today_and_the_calls_of_this_hour() -> None:
    desk = Desk(minutes_a_day=10, calls_an_hour=3)
    end(desk.call(NOON), NOON + 5 * MINUTE_US)
    desk.call(NOON + 5 * MINUTE_US)
    desk.call(NOON, origin=TRUNK)
    book = desk.book(NOON + 9 * MINUTE_US)

    again = Desk(minutes_a_day=10, calls_an_hour=3)
    again.toll.restore(book, NOON + 9 * MINUTE_US)
    assert again.toll.used_s(PHONE, NOON + 9 * MINUTE_US) == 540, "what was still running counts to the end"
    assert again.toll.used_s(TRUNK, NOON + 9 * MINUTE_US) == 540
    again.call(NOON + 9 * MINUTE_US)
    assert again.refused(NOON + 9 * MINUTE_US) is TollLimit.CALLS_AN_HOUR

    tomorrow = Desk(minutes_a_day=10, calls_an_hour=3)
    tomorrow.toll.restore(book, NOON + 24 * 60 * MINUTE_US)
    assert tomorrow.toll.used_s(PHONE, NOON + 24 * 60 * MINUTE_US) == 0
    tomorrow.call(NOON + 24 * 60 * MINUTE_US)


def test_the_book_names_only_who_spent_something_new() -> None:
    desk = Desk()
    desk.toll.used_s(OTHER, NOON)
    assert desk.book(NOON) == []
    call = desk.call(NOON)
    day_us = at("2026-11-23 00:00")
    assert desk.book(NOON) == [Spent("phone", "1001", day_us, 0.0, (NOON,))]
    assert desk.book(NOON + MINUTE_US) == []
    desk.toll.talk_goes_on()
    assert desk.book(NOON + MINUTE_US) == [Spent("phone", "1001", day_us, 60.0, (NOON,))]
    end(call, NOON + 2 * MINUTE_US)
    assert desk.book(NOON + 3 * MINUTE_US) == [Spent("phone", "1001", day_us, 120.0, (NOON,))]


def test_what_counts_still_after_a_restart_is_in_the_next_book_too() -> None:
    desk, tomorrow = Desk(), NOON + 24 * 60 * MINUTE_US
    end(desk.call(NOON), NOON + MINUTE_US)
    book = desk.book(NOON)
    desk.toll.restore(book, NOON)
    assert [spent.name for spent in desk.book(NOON)] == ["1001"]
    desk.toll.restore(book, tomorrow)
    assert desk.book(tomorrow) == []


def test_changes_are_told() -> None:
    desk = Desk(calls_at_once=1)
    told: list[None] = []
    desk.toll.on_change = lambda: told.append(None)
    call = desk.call(NOON)
    desk.refused(NOON)
    end(call, NOON)
    assert len(told) == 2
