"""The service level of the last half hour."""

from acd.service_level import MINUTE_US, MINUTES, ServiceLevel


def test_is_what_was_answered_in_time_of_all_that_counts() -> None:
    level = ServiceLevel()
    assert level.thousandths(0) is None
    level.count(0, True)
    level.count(MINUTE_US, False)
    level.count(MINUTE_US, True)
    assert level.thousandths(MINUTE_US) == 666


def test_forgets_what_is_older_than_half_an_hour() -> None:
    level = ServiceLevel()
    level.count(0, False)
    for minute in range(1, 100):
        level.count(minute * MINUTE_US, True)
    assert len(level.minutes) == MINUTES
    assert level.thousandths(99 * MINUTE_US) == 1000
    assert level.thousandths(200 * MINUTE_US) is None
