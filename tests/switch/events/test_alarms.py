"""Alarms: what lasts is told once when it begins and once when it is over, and stands in between."""

from switch.events.alarms import Alarms
from switch.events.types import Alarm, AlarmData, AlarmState
from switch.records import utc

AWAY = Alarm.DATABASE_AWAY


def test_what_lasts_is_told_twice_and_stands_meanwhile() -> None:
    told: list[AlarmData] = []
    now_us = 1_000_000
    alarms = Alarms(lambda: now_us)
    alarms.tell = told.append
    assert alarms.begin(AWAY, "database", "connection refused")
    now_us = 9_000_000
    assert not alarms.begin(AWAY, "database", "password refused")
    assert alarms.stands(AWAY)
    [row] = alarms.standing()
    assert (row.alarm, row.subject, row.detail) == (AWAY, "database", "password refused")
    assert row.since == utc(1_000_000)
    alarms.over(AWAY, "another")
    alarms.over(AWAY, "database")
    alarms.over(AWAY, "database")
    assert [(each.state, each.detail) for each in told] == [
        (AlarmState.BEGUN, "connection refused"),
        (AlarmState.OVER, "password refused"),
    ]
    assert alarms.standing() == []
    assert not alarms.stands(AWAY)
    assert alarms.begin(AWAY, "database", "again"), "and may begin anew"


def test_what_only_happens_does_not_stand() -> None:
    told: list[AlarmData] = []
    alarms = Alarms(lambda: 0)
    alarms.tell = told.append
    alarms.once(Alarm.TOLL_LIMIT, "phone 1001", "calls_at_once")
    alarms.once(Alarm.TOLL_LIMIT, "phone 1001", "calls_at_once")
    assert [each.state for each in told] == [AlarmState.HAPPENED] * 2
    assert alarms.standing() == []
