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
    resolution: float = RESOLUTION,
    attempts: Sequence[float] = ATTEMPTS,
) -> Limit[OutcomeT]:
    """The most load, from `least` to `most`, of whose runs more than half are clean.

    Probes go on until what they carried and what they did not are a part of `resolution` apart; the long runs
    begin at the first of `attempts`, which are parts of what probes carried.

    `measure` is given a load and seconds. A load at which the generator is late however often it is tried
    counts as not carried: the limit is then the generator's, and true as far as it goes. NoLimit if there
    is none.
    """
    probed = _probe_upwards(measure, least, most, resolution)
    for part in attempts:
        load = max(int(probed * part), least)
        if runs := _clean_runs(measure, load):
            return Limit(load, runs)
    raise NoLimit(f"a load of {probed} passed a probe of {PROBE_S:g} s, but {load} no runs of {RUN_S:g} s")


def _clean_runs(measure: Callable[[int, float], OutcomeT], load: int) -> list[OutcomeT]:
    """The long runs, of which most are clean; empty as soon as they cannot be, or the generator cannot."""
    runs: list[OutcomeT] = []
    failed = 0
    while len(runs) < RUNS:
        runs.append(_sound(measure, load, RUN_S))
        failed += not runs[-1].clean
        if runs[-1].void or 2 * failed > RUNS:
            return []
    return runs


def run_at(measure: Callable[[int, float], OutcomeT], load: int) -> Limit[OutcomeT]:
    """The long runs at one load, whether clean or not."""
    return Limit(load, [_sound(measure, load, RUN_S) for _ in range(RUNS)])


def _probe_upwards(
    measure: Callable[[int, float], OutcomeT], least: int, most: int, resolution: float
) -> int:
    """The most load that probes carry: in growing steps until one is too much, then between the last two."""
    carried, failed = 0, most + 1
    load = least
    while load < failed:
        if _carries(measure, load):
            carried = load
            load = min(int(load * FACTOR), most) if load < most else failed
        else:
            failed = load
    if not carried:
        raise NoLimit(f"a load of {least} was not carried")
    while failed <= most and failed - carried > max(carried * resolution, 1):
        middle = (carried + failed) // 2
        carried, failed = (middle, failed) if _carries(measure, middle) else (carried, middle)
    return carried


def _carries(measure: Callable[[int, float], OutcomeT], load: int) -> bool:
    """Whether a probe is clean, or the one after a probe that failed (one may be a neighbour's doing)."""
    failed = 0
    for _ in range(PROBE_TRIES):
        probe = measure(load, PROBE_S)
        if not probe.void and probe.clean:
            return True
        failed += not probe.void
        if failed == 2:
            break
    return False


def _sound(measure: Callable[[int, float], OutcomeT], load: int, seconds: float) -> OutcomeT:
    """A measurement that is not void, if one of several tries is not."""
    outcome = measure(load, seconds)
    for _ in range(RUN_TRIES - 1):
        if not outcome.void:
            break
        outcome = measure(load, seconds)
    return outcome
