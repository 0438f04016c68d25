"""The search for a limit, on a load whose limit we know."""

from dataclasses import dataclass, replace

import pytest

from tests.bench.searching import PROBE_S, RUN_S, RUN_TRIES, RUNS, NoLimit, find_limit


@dataclass(frozen=True, slots=True)
class Trial:
    load: int
    clean: bool
    void: bool = False


class Machine:
    """Carries `probes` in a short probe and `runs` in a long run; late the first `late` times."""

    def __init__(self, probes: int, runs: int | None = None, late: int = 0) -> None:
        self.probes = probes
        self.runs = probes if runs is None else runs
        self.late = late
        self.seen: list[tuple[int, float]] = []

    def measure(self, load: int, seconds: float) -> Trial:
        self.seen.append((load, seconds))
        self.late -= 1
        return Trial(load, load <= (self.probes if seconds == PROBE_S else self.runs), self.late >= 0)


@pytest.mark.parametrize("carried", [100, 101, 160, 255, 999, 1000, 1999])
def test_the_limit_is_found_within_the_resolution(carried: int) -> None:
    limit = find_limit(Machine(carried).measure, 100, 2000)
    assert carried * 0.94 <= limit.load <= carried
    assert len(limit.runs) == RUNS


def test_no_load_beyond_the_most_is_tried() -> None:
    machine = Machine(10_000)
    assert find_limit(machine.measure, 100, 2000).load == 2000
    assert max(load for load, _ in machine.seen) == 2000


def test_a_search_is_a_few_probes_and_three_runs() -> None:
    machine = Machine(900)
    find_limit(machine.measure, 100, 2000)
    seconds = [seconds for _, seconds in machine.seen]
    assert seconds.count(PROBE_S) <= 15
    assert seconds[-RUNS:] == [RUN_S] * RUNS
    assert sum(seconds) < 150


def test_one_probe_that_fails_alone_does_not_end_the_search() -> None:
    machine = Machine(1000)

    def measure(load: int, seconds: float) -> Trial:
        trial = machine.measure(load, seconds)
        return replace(trial, clean=trial.clean and len(machine.seen) != 4)

    assert find_limit(measure, 100, 2000).load >= 940


def test_a_limit_that_long_runs_do_not_hold_is_lowered_until_they_do() -> None:
    limit = find_limit(Machine(1000, runs=900).measure, 100, 2000)
    assert 800 <= limit.load <= 900
    assert len(limit.runs) == RUNS
    assert all(run.clean for run in limit.runs)


def test_a_late_generator_is_asked_again() -> None:
    assert find_limit(Machine(500, late=RUN_TRIES - 1).measure, 100, 2000).load > 450


def test_a_generator_that_is_always_late_gives_no_figure() -> None:
    with pytest.raises(NoLimit, match="100 was not carried"):
        find_limit(Machine(500, late=10**6).measure, 100, 2000)


def test_where_the_generator_ends_the_limit_is_its_own() -> None:
    machine = Machine(1000)

    def measure(load: int, seconds: float) -> Trial:
        return replace(machine.measure(load, seconds), void=load > 700)

    assert 650 <= find_limit(measure, 100, 2000).load <= 700


def test_a_machine_that_carries_nothing_has_no_limit() -> None:
    with pytest.raises(NoLimit, match="100 was not carried"):
        find_limit(Machine(99).measure, 100, 2000)


def test_probes_without_runs_are_no_limit() -> None:
    with pytest.raises(NoLimit, match="no runs"):
        find_limit(Machine(1000, runs=10).measure, 100, 2000)


@pytest.mark.parametrize(("runs", "decided"), [(1, False), (2, True)])
def test_a_limit_that_two_runs_decide_stands_when_time_is_over(runs: int, decided: bool) -> None:
    machine = Machine(100)

    def measure(load: int, seconds: float) -> Trial:
        if [seconds for _, seconds in machine.seen].count(RUN_S) == runs:
            raise NoLimit("no time")
        return machine.measure(load, seconds)

    if decided:
        assert find_limit(measure, 100, 100).load == 100
    else:
        with pytest.raises(NoLimit, match="no time"):
            find_limit(measure, 100, 100)


def test_the_median_is_the_middle_run() -> None:
    limit = find_limit(Machine(500).measure, 100, 2000)
    figures = iter([3.0, 1.0, 2.0])
    assert limit.median(lambda run: next(figures)) == 2.0


@pytest.mark.parametrize("carried", [100, 130, 999, 1000, 1300, 1999])
def test_a_search_may_begin_at_a_guess(carried: int) -> None:
    limit = find_limit(Machine(carried).measure, 100, 2000, first=1000, factor=1.25)
    assert carried * 0.94 <= limit.load <= carried


def test_enough_ends_the_probes_once_something_was_carried() -> None:
    machine = Machine(1000)
    limit = find_limit(machine.measure, 100, 2000, first=1600, enough=lambda: True)
    assert limit.load == 1000
    assert [load for load, seconds in machine.seen if seconds == PROBE_S] == [1600, 1600, 1000]
