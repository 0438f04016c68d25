"""The router's clock: no jumps, no way back."""

import pytest

from switch.clock import COMPARE_EVERY_US, MAX_SLEW_PPM, Clock

SECOND = 1_000_000
START = 1_795_000_000 * SECOND


class Times:
    """Both clocks of a machine, in the test's hand."""

    def __init__(self) -> None:
        self.wall_us = START
        self.monotonic_s = 4711.25

    def clock(self, floor_us: int = 0) -> Clock:
        return Clock(lambda: self.wall_us, lambda: self.monotonic_s, floor_us)

    def pass_by(self, seconds: float) -> None:
        self.wall_us += round(seconds * SECOND)
        self.monotonic_s += seconds


def test_it_starts_at_the_wall_clock_and_advances_with_the_monotonic_one() -> None:
    times = Times()
    clock = times.clock()
    assert clock.now_us() == START
    times.pass_by(2.5)
    assert clock.now_us() == START + 2_500_000


@pytest.mark.parametrize("step_s", [-3600, -1, 1, 3600])
def test_a_step_of_the_wall_clock_is_slewed_by_500_ppm_at_most(step_s: int) -> None:
    times = Times()
    clock = times.clock()
    times.wall_us += step_s * SECOND
    before = clock.now_us()
    for _ in range(5_000):
        times.pass_by(0.01)
        now = clock.now_us()
        assert now >= before
        before = now
    slewed = clock.now_us() - (START + 50 * SECOND)
    assert abs(slewed) <= 50 * MAX_SLEW_PPM
    assert slewed * step_s > 0


def test_a_small_difference_is_absorbed_whole() -> None:
    times = Times()
    clock = times.clock()
    times.wall_us += 1_000
    for _ in range(100):
        times.pass_by(0.1)
        clock.now_us()
    assert clock.now_us() == times.wall_us


def test_never_backwards_however_often_it_is_asked() -> None:
    times = Times()
    clock = times.clock(floor_us=START + 10 * SECOND)
    before = clock.now_us()
    for _ in range(10_000):
        times.pass_by(0.000_001)
        assert before <= (before := clock.now_us())


def test_never_below_the_journals_last() -> None:
    times = Times()
    floor = START + 3600 * SECOND
    clock = times.clock(floor)
    assert clock.now_us() == floor
    for _ in range(10):
        times.pass_by(COMPARE_EVERY_US / SECOND)
        assert clock.now_us() > floor


def test_how_long_to_sleep() -> None:
    times = Times()
    clock = times.clock()
    assert clock.seconds_until(START + 1_500_000) == 1.5
    assert clock.seconds_until(START - 1) == 0.0
