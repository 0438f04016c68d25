"""The router against theory: `python -m tests.acd.simulation.theory` prints the table of
docs/explanation/matching.md.

Each point is a queue of equal agents, simulated over independent days; a day's first eighth, in which the
line is younger than theory has it, is left out. The interval is Student's, over the days' means.
"""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from acd.settings import SECOND_US
from acd.simulation.erlang import Expected, erlang_a, erlang_c
from acd.simulation.played import Figures
from acd.simulation.player import play
from tests.acd.simulation.days import TALK_S, markov

T_19 = 2.093  # Student's t, 97.5 %, 19 degrees of freedom
DAYS = 20
CALLS = 4_000

MEASURES: dict[str, Callable[[Figures], float]] = {
    "delayed": lambda figures: figures.delayed,
    "mean_wait_s": lambda figures: figures.mean_wait_s,
    "abandoned": lambda figures: figures.abandoned / figures.offered,
}


@dataclass(frozen=True, slots=True)
class Point:
    """So many agents under so many erlangs; `patience_s` is exponential, None for callers who never give
    up."""

    agents: int
    load: float
    patience_s: float | None = None

    @property
    def expected(self) -> Expected:
        """What theory says."""
        calls_per_s = self.load / TALK_S
        if self.patience_s is None:
            return erlang_c(self.agents, calls_per_s, TALK_S)
        return erlang_a(self.agents, calls_per_s, TALK_S, self.patience_s)

    def __str__(self) -> str:
        return f"M/M/{self.agents}{'' if self.patience_s is None else '+M'}"


POINTS = [
    *(Point(agents, load) for agents, load in ((1, 0.5), (1, 0.7), (2, 1.4), (3, 2.4), (5, 4.0))),
    *(Point(agents, load) for agents, load in ((8, 6.0), (10, 8.5), (20, 17.0), (40, 36.0), (80, 74.0))),
    *(Point(agents, load, 180.0) for agents, load in ((1, 0.8), (2, 2.0), (4, 4.4), (8, 8.0), (15, 13.5))),
    *(
        Point(agents, load, 60.0)
        for agents, load in ((5, 6.0), (10, 10.0), (20, 22.0), (40, 40.0), (80, 90.0))
    ),
]


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean and the half of its 95 % interval."""

    mean: float
    half: float

    def covers(self, value: float) -> bool:
        """Whether the interval holds that value."""
        return abs(self.mean - value) <= self.half


def simulate(point: Point, days: int = DAYS, calls: int = CALLS, t: float = T_19) -> dict[str, Measured]:
    """Each measure, as the router has it."""
    day = markov(point.agents, point.load, calls, point.patience_s)
    since_us = day.start_us + round(day.interval_s * SECOND_US / 8)
    first = days * (POINTS.index(point) if point in POINTS else len(POINTS))  # no two points share a day
    seen = [play(day.drawn(first + n)).figures(since_us=since_us) for n in range(days)]
    measured = {}
    for name, measure in MEASURES.items():
        values = [measure(figures) for figures in seen]
        measured[name] = Measured(statistics.fmean(values), t * statistics.stdev(values) / math.sqrt(days))
    return measured


def main() -> None:
    """The table, and how many intervals hold what theory says."""
    covered = dict.fromkeys(MEASURES, 0)
    print("| queue | erlangs | patience | delayed | mean wait, s | abandoned |")
    print("|---|---:|---:|---:|---:|---:|")
    for point in POINTS:
        measured, cells = simulate(point), []
        for name in MEASURES:
            value, found = getattr(point.expected, name), measured[name]
            covered[name] += found.covers(value)
            mark = "" if found.covers(value) else " **out**"
            cells.append(f"{value:.4g}: {found.mean:.4g} ± {found.half:.2g}{mark}")
        patience = "" if point.patience_s is None else f"{point.patience_s:g} s"
        print(f"| {point} | {point.load:g} | {patience} | {' | '.join(cells)} |", flush=True)
    print(", ".join(f"{name}: {count} of {len(POINTS)}" for name, count in covered.items()))


if __name__ == "__main__":
    main()
