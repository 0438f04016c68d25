"""The figures of a queue, and the law that holds for every interval."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.calls.ending import Reason, Result
from switch.metrics.queue_counts import VISIT_RESULTS, QueueCounts, QueueReading, QueueTarget

SECOND = 1_000_000
START = 1_700_000_000 * SECOND


def at(seconds: float) -> int:
    return START + round(seconds * SECOND)


def queue() -> QueueCounts:
    return QueueCounts(QueueTarget(within_s=20.0, short_abandon_s=5.0))


def ended(counts: QueueCounts, result: Result, wait_s: float, now_s: float, visit: int = 1) -> None:
    assert counts.visit_started(visit, at(now_s - wait_s))
    assert counts.visit_ended(visit, result, Reason.CALLER_HUNG_UP, wait_s, at(now_s))


def gone(reading: QueueReading) -> int:
    return reading.answered + reading.abandoned + reading.overflowed + reading.otherwise.total()


steps = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from([None, *VISIT_RESULTS]), st.floats(0, 100), st.floats(0, 100)
    )
)


@given(steps, steps)
def test_the_law_holds_for_every_interval(
    before: list[tuple[int, Result | None, float, float]],
    during: list[tuple[int, Result | None, float, float]],
) -> None:
    """Offered + waiting at the start = answered + abandoned + overflowed + otherwise + waiting at the end."""
    counts, now_s = queue(), 0.0

    def run(several: list[tuple[int, Result | None, float, float]]) -> QueueReading:
        nonlocal now_s
        for visit, result, wait_s, passed_s in several:
            now_s += passed_s
            if result is None:
                counts.visit_started(visit, at(now_s))
            else:
                counts.visit_ended(visit, result, Reason.MAX_WAIT, wait_s, at(now_s))
        return counts.reading(at(now_s))

    start, end = run(before), run(during)
    assert end.offered - start.offered + start.waiting == gone(end) - gone(start) + end.waiting
    waits = sum(sum(histogram.counts) for histogram in end.waits.values())
    assert waits == gone(end)
    assert end.answered_within <= end.answered
    assert end.abandoned_short <= end.abandoned
    assert isnan(end.service_level) or 0.0 <= end.service_level <= 1.0


def test_a_visit_starts_once_and_ends_once() -> None:
    counts = queue()
    assert counts.visit_started("a", at(0))
    assert not counts.visit_started("a", at(1))
    assert counts.visit_ended("a", Result.ANSWERED, Reason.AGENT_ANSWERED, 1.0, at(1))
    assert not counts.visit_ended("a", Result.ABANDONED, Reason.CALLER_HUNG_UP, 2.0, at(2))
    assert (counts.offered, counts.answered, counts.abandoned, counts.waiting) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("result", "wait_s", "level"),
    [
        (Result.ANSWERED, 0.0, 1.0),
        (Result.ANSWERED, 20.0, 1.0),
        (Result.ANSWERED, 20.001, 0.0),
        (Result.ABANDONED, 5.0, None),
        (Result.ABANDONED, 5.001, 0.0),
        (Result.ABANDONED, 300.0, 0.0),
        (Result.OVERFLOWED, 300.0, None),
        (Result.FAILED, 300.0, None),
        (Result.REJECTED, 0.0, None),
        (Result.VOICEMAIL, 30.0, None),
        (Result.CALLBACK, 30.0, None),
    ],
)
def test_what_an_ended_visit_does_to_the_service_level(
    result: Result, wait_s: float, level: float | None
) -> None:
    counts = queue()
    ended(counts, result, wait_s, 100.0)
    found = counts.service_level(at(100))
    assert found == level if level is not None else isnan(found)


def test_who_waits_longer_than_the_target_counts_as_missed() -> None:
    counts = queue()
    ended(counts, Result.ANSWERED, 3.0, 3.0)
    counts.visit_started("late", at(0))
    assert (counts.waiting_late(at(20)), counts.service_level(at(20))) == (0, 1.0)
    assert (counts.waiting_late(at(20.000001)), counts.service_level(at(20.000001))) == (1, 0.5)
    counts.visit_ended("late", Result.ANSWERED, Reason.AGENT_ANSWERED, 25.0, at(25))
    assert counts.service_level(at(25)) == 0.5


def test_the_service_level_forgets_after_30_minutes() -> None:
    counts = queue()
    ended(counts, Result.ANSWERED, 60.0, 60.0)
    ended(counts, Result.ANSWERED, 1.0, 600.0, visit=2)
    assert counts.service_level(at(1799)) == 0.5
    assert counts.service_level(at(1862)) == 1.0
    assert isnan(counts.service_level(at(2402)))


def test_the_longest_wait_is_that_of_the_earliest_start() -> None:
    counts = queue()
    assert counts.longest_wait_s(at(9)) == 0.0
    counts.visit_started("new", at(5))
    counts.visit_started("requeued at its old place", at(2))
    assert counts.longest_wait_s(at(9)) == 7.0
    assert counts.longest_wait_s(at(1)) == 0.0


def test_a_new_target_counts_from_now_on() -> None:
    counts = queue()
    ended(counts, Result.ANSWERED, 25.0, 30.0)
    counts.target = QueueTarget(within_s=30.0)
    ended(counts, Result.ANSWERED, 25.0, 60.0)
    assert counts.answered_within == 1
