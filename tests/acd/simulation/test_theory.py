"""The router against Erlang's and Palm's formulas."""

import math

import pytest

from acd.simulation.erlang import erlang_a, erlang_b, erlang_c, service_level
from tests.acd.simulation.theory import MEASURES, POINTS, Point, simulate

T_9 = 2.262  # Student's t, 97.5 %, 9 degrees of freedom


@pytest.mark.parametrize(("agents", "load", "blocked"), [(1, 1.0, 0.5), (2, 1.0, 0.2), (10, 5.0, 0.01838)])
def test_erlang_b_is_the_published_table(agents: int, load: float, blocked: float) -> None:
    assert erlang_b(agents, load) == pytest.approx(blocked, rel=1e-3)


def test_one_agent_is_the_textbook_queue() -> None:
    """M/M/1: delayed = rho, mean wait = rho * talk / (1 - rho)."""
    expected = erlang_c(1, 0.5 / 180, 180)
    assert expected.delayed == pytest.approx(0.5)
    assert expected.mean_wait_s == pytest.approx(180)
    assert service_level(1, 0.5 / 180, 180, 0) == pytest.approx(0.5)


def test_erlang_c_is_its_own_sum() -> None:
    """Against the formula as Erlang wrote it, with factorials."""
    load, agents = 8.5, 10
    last = load**agents / math.factorial(agents) * agents / (agents - load)
    delayed = last / (sum(load**k / math.factorial(k) for k in range(agents)) + last)
    assert erlang_c(agents, load / 180, 180).delayed == pytest.approx(delayed, rel=1e-12)


def test_erlang_a_becomes_c_where_nobody_gives_up_and_poisson_where_patience_is_a_talk() -> None:
    patient, never = erlang_a(10, 8 / 180, 180, 1e9), erlang_c(10, 8 / 180, 180)
    assert patient.mean_wait_s == pytest.approx(never.mean_wait_s, rel=1e-4)
    assert patient.delayed == pytest.approx(never.delayed, rel=1e-4)
    # Leaving at one rate whether served or waiting, callers present are Poisson (M/M/infinity).
    tail = 1 - sum(math.exp(-8) * 8**k / math.factorial(k) for k in range(10))
    assert erlang_a(10, 8 / 180, 180, 180).delayed == pytest.approx(tail, rel=1e-9)
    assert erlang_a(2_000, 2_000 / 180, 180, 60).abandoned == pytest.approx(0.01, abs=0.005)


def test_a_line_without_end_is_said() -> None:
    with pytest.raises(ValueError, match="too many for 10 agents"):
        erlang_c(10, 10 / 180, 180)


@pytest.mark.parametrize("point", [Point(3, 2.1), Point(8, 8.0, 120.0)], ids=str)
def test_a_small_simulation_agrees(point: Point) -> None:
    measured = simulate(point, days=10, calls=600, t=T_9)
    for name in MEASURES:
        assert measured[name].covers(getattr(point.expected, name)), name


@pytest.mark.long
@pytest.mark.timeout(900)
def test_95_percent_intervals_cover_17_of_20_points() -> None:
    covered = dict.fromkeys(MEASURES, 0)
    for point in POINTS:
        for name, found in simulate(point).items():
            covered[name] += found.covers(getattr(point.expected, name))
    assert all(count >= 17 for count in covered.values()), covered
