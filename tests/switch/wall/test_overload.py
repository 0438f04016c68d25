"""Overload: what counts as too late, who is refused, and when it is over."""

import pytest

from switch.wall.overload import CALM_AFTER_S, LAGS, Overload, State

LIMIT_S = 0.1


def test_a_backlog_near_the_limit_refuses_until_it_is_gone() -> None:
    overload = Overload(LIMIT_S)
    overload.waited(1, 0.055)
    assert not overload.refuses(10.0)
    overload.waited(1, 0.065)
    assert overload.refuses(10.1)
    overload.waited(1, 0.0)
    assert not overload.refuses(10.11)
    assert overload.state is State.PRESSED


def test_while_it_lasts_a_smaller_backlog_refuses() -> None:
    overload = Overload(LIMIT_S)
    overload.waited(1, 0.065)
    assert overload.refuses(10.0)
    overload.waited(1, 0.045)
    assert overload.refuses(10.1), "who is refused shall hear it well within the limit"
    overload.waited(1, 0.035)
    assert not overload.refuses(10.1)


def test_the_patient_wait_longer() -> None:
    overload = Overload(LIMIT_S)
    overload.waited(1, 0.23)
    assert not overload.refuses(10.0, patience=4.0)
    overload.waited(1, 0.25)
    assert overload.refuses(10.0, patience=4.0)


def test_it_is_over_when_nothing_had_to_be_refused_for_a_while() -> None:
    overload = Overload(LIMIT_S)
    overload.waited(1, 0.065)
    assert overload.refuses(10.0)
    overload.waited(1, 0.045)
    assert not overload.refuses(10.0 + CALM_AFTER_S + 0.01)
    assert overload.state is State.CALM


def test_a_late_timer_is_a_pause_many_in_a_row_are_an_overload() -> None:
    overload = Overload(LIMIT_S)
    for _ in range(LAGS):
        assert not overload.refuses(1.0)
        overload.lagged(0.15)
    assert overload.refuses(2.0)
    overload.lagged(0.0)
    assert not overload.refuses(2.1)


def test_each_socket_has_its_own_backlog() -> None:
    overload = Overload(LIMIT_S)
    overload.waited(1, 0.08)
    overload.waited(2, 0.0)
    assert overload.lateness() == pytest.approx(0.08)
    overload.waited(2, 0.05)
    overload.waited(1, 0.0)
    assert overload.lateness() == pytest.approx(0.05)


def test_zero_never_refuses() -> None:
    overload = Overload(0.0)
    overload.waited(1, 9.0)
    for _ in range(LAGS):
        overload.lagged(9.0)
    assert not overload.refuses(100.0)
    overload.configure(LIMIT_S)
    assert overload.refuses(100.0)


def simulate(offered_per_s: float, seconds: float, limit_s: float = LIMIT_S) -> tuple[float, list[float]]:
    """Goodput, and how long each refused call waited: calls cost 4 ms, refusals 150 us, drains 10 ms."""
    overload = Overload(limit_s)
    arrivals = [number / offered_per_s for number in range(int(offered_per_s * seconds))]
    now, at, taken, waits = 0.0, 0, 0, []
    while at < len(arrivals):
        now = max(now, arrivals[at])
        until, waited = now + 0.01, now - arrivals[at]
        while at < len(arrivals) and arrivals[at] <= now < until:
            if overload.refuses(now):
                now += 0.00015
                waits.append(now - arrivals[at])
            else:
                now += 0.004
                taken += 1
            at += 1
        overload.waited(1, waited if at < len(arrivals) and arrivals[at] <= now else 0.0)
    return taken / now, waits


@pytest.mark.parametrize(("times", "share"), [(1.5, 0.9), (3.0, 0.85), (6.0, 0.75)])
def test_goodput_stays_and_refusals_are_quick_beyond_the_limit(times: float, share: float) -> None:
    goodput, waits = simulate(250.0 * times, 20.0)
    assert goodput > share * 250
    late = [wait for wait in waits if wait > 0.1]
    assert len(late) < 0.02 * len(waits)


def test_below_the_limit_nobody_is_refused() -> None:
    assert simulate(225.0, 20.0)[1] == []
