"""How a limit is found: upwards with short probes until one fails, then three long runs there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

PROBE_S: Final = 5.0
RUN_S: Final = 20.0
RUNS: Final = 3
FACTOR: Final = 1.6
RESOLUTION: Final = 0.05
ATTEMPTS: Final = (1.0, 0.85, 0.7, 0.5)
"""The parts of what probes carried that long runs are tried at, until they hold."""
PROBE_TRIES: Final = 3
"""How often a load is probed while the generator is late."""
RUN_TRIES: Final = 2
"""How often a long run is tried then: two cost as much time as a step down, which is likelier to hold."""


class Outcome(Protocol):
    """One probe or run."""

    @property
    def clean(self) -> bool:
        """The load was carried: nothing lost, nothing late."""

    @property
    def void(self) -> bool:
        """The generator itself was late, so the run says nothing about what it loaded."""


OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class NoLimit(RuntimeError):
    """Not even the least load was carried, or not for long."""


@dataclass(frozen=True, slots=True)
class Limit(Generic[OutcomeT]):
    """The most load that was carried, and the runs at it."""

    load: int
    runs: list[OutcomeT]

    def median(self, of: Callable[[OutcomeT], float]) -> float:
        """The middle one of a figure over the runs."""
        return sorted(map(of, self.runs))[len(self.runs) // 2]


def find_limit(
    measure: Callable[[int, float], OutcomeT],
    least: int,
    most: int,
    *,
    first: int = 0,
    factor: float = FACTOR,
    resolution: float = RESOLUTION,
    attempts: Sequence[float] = ATTEMPTS,
    enough: Callable[[], bool] = lambda: False,
) -> Limit[OutcomeT]:
    """The most load, from `least` to `most`, of whose runs more than half are clean.

    Probes begin at `first` (or `least`) and go on, each `factor` times the last, until what they carried and
    what they did not are a part of `resolution` apart, or until it is `enough` and something was carried; the
    long runs begin at the first of `attempts`, which are parts of what probes carried.

    `measure` is given a load and seconds. A load at which the generator is late however often it is tried
    counts as not carried: the limit is then the generator's, and true as far as it goes. NoLimit if there
    is none.
    """
    probed = _probe(_Probes(measure, least, most, factor, enough), min(max(first, least), most), resolution)
    for part in attempts:
        load = max(int(probed * part), least)
        if runs := _clean_runs(measure, load):
            return Limit(load, runs)
    raise NoLimit(f"a load of {probed} passed a probe of {PROBE_S:g} s, but {load} no runs of {RUN_S:g} s")


def _clean_runs(measure: Callable[[int, float], OutcomeT], load: int) -> list[OutcomeT]:
    """The long runs, of which most are clean; empty as soon as they cannot be, or the generator cannot. Where
    time is over after as many clean ones as decide, the last is left out.
    """
    runs: list[OutcomeT] = []
    failed = 0
    while len(runs) < RUNS:
        try:
            runs.append(_sound(measure, load, RUN_S))
        except NoLimit:
            if 2 * (len(runs) - failed) > RUNS:
                break
            raise
        failed += not runs[-1].clean
        if runs[-1].void or 2 * failed > RUNS:
            return []
    return runs


def run_at(measure: Callable[[int, float], OutcomeT], load: int) -> OutcomeT:
    """One long run at a load, whether clean or not."""
    return _sound(measure, load, RUN_S)


@dataclass(frozen=True, slots=True)
class _Probes(Generic[OutcomeT]):
    measure: Callable[[int, float], OutcomeT]
    least: int
    most: int
    factor: float
    enough: Callable[[], bool]

    def bracket(self, load: int) -> tuple[int, int]:
        """What was carried and what was not, one step apart; `most` + 1 where all was carried."""
        if self.carries(load):
            return self._upwards(load)
        while load > self.least:
            failed, load = load, max(int(load / self.factor), self.least)
            if self.carries(load):
                return load, failed
        raise NoLimit(f"a load of {self.least} was not carried")

    def _upwards(self, carried: int) -> tuple[int, int]:
        while carried < self.most and not self.enough():
            load = min(int(carried * self.factor), self.most)
            if not self.carries(load):
                return carried, load
            carried = load
        return carried, self.most + 1

    def carries(self, load: int) -> bool:
        """Whether a probe is clean, or the one after a probe that failed (one may be a neighbour's doing)."""
        failed = 0
        for _ in range(PROBE_TRIES):
            probe = self.measure(load, PROBE_S)
            if not probe.void and probe.clean:
                return True
            failed += not probe.void
            if failed == 2:
                break
        return False


def _probe(probes: _Probes[OutcomeT], first: int, resolution: float) -> int:
    """The most load that probes carry: step by step until one is too much, then between the last two."""
    carried, failed = probes.bracket(first)
    while failed <= probes.most and failed - carried > max(carried * resolution, 1) and not probes.enough():
        middle = (carried + failed) // 2
        carried, failed = (middle, failed) if probes.carries(middle) else (carried, middle)
    return carried


def _sound(measure: Callable[[int, float], OutcomeT], load: int, seconds: float) -> OutcomeT:
    """A measurement that is not void, if one of several tries is not."""
    outcome = measure(load, seconds)
    for _ in range(RUN_TRIES - 1):
        if not outcome.void:
            break
        outcome = measure(load, seconds)
    return outcome
