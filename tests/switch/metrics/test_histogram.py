"""Histograms as Prometheus means them, and the sliding ratio."""

from hypothesis import given
from hypothesis import strategies as st

from switch.metrics.histogram import Histogram, SlidingRatio


def test_a_value_on_a_bound_is_in_its_bucket() -> None:
    histogram = Histogram([1, 2])
    for value in (0.5, 1.0, 1.5, 2.0, 2.5):
        histogram.observe(value)
    assert histogram.buckets() == [("1.0", 2.0), ("2.0", 4.0), ("+Inf", 5.0)]
    assert histogram.total == 7.5


def test_a_copy_stands_still() -> None:
    histogram = Histogram([1])
    copy = histogram.copy()
    histogram.observe(0)
    histogram.widen([3])
    assert copy.buckets() == [("1.0", 0.0), ("+Inf", 0.0)]


@given(st.lists(st.floats(0, 10)), st.lists(st.floats(0, 10)), st.lists(st.floats(0, 10)))
def test_new_bounds_never_make_a_bucket_fall(old: list[float], new: list[float], values: list[float]) -> None:
    histogram = Histogram(old)
    for value in values:
        histogram.observe(value)
    before = dict(histogram.buckets())
    histogram.widen(new)
    after = dict(histogram.buckets())
    assert {bound: after[bound] for bound in before} == before
    counts = [count for _, count in histogram.buckets()]
    assert counts == sorted(counts)
    assert histogram.bounds == sorted(set(old) | set(new))


@given(st.lists(st.tuples(st.integers(0, 200), st.booleans())))
def test_the_ratio_is_that_of_the_window(outcomes: list[tuple[int, bool]]) -> None:
    """In whole bins: an outcome leaves the window at most one bin late."""
    ratio, now, seen = SlidingRatio(window_us=1000, bin_us=10), 0, []
    for passed, good in outcomes:
        now += passed
        ratio.add(good, now)
        seen.append((now, good))
        kept = [was_good for when, was_good in seen if when - when % 10 + 10 > now - 1000]
        assert ratio.counts(now) == (sum(kept), len(kept))
