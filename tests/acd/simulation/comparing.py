"""Matching at least cost against the order of the lines, on the same days.

`python -m tests.acd.simulation.comparing` prints the table of docs/explanation/matching.md, and draws some of
it where `--plot` says; it takes minutes.
Both policies meet the same callers with the same patience and the same talks, so the interval is that of the
differences, day by day (Student's, 99 degrees of freedom).
"""

import argparse
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acd.events import Configured
from acd.routing import Method, RoutingSettings
from acd.settings import SECOND_US, AgentSettings, QueueSettings
from acd.simulation.chance import Exponential, Lognormal, Weibull
from acd.simulation.day import Day, Phones, Shift, Traffic
from acd.simulation.played import Played
from acd.simulation.player import play
from tests.plots import Interval, intervals

_PLOTTED = (0, 1, 3)
"""Of the measures: the plot shows these."""
T_99 = 1.984  # Student's t, 97.5 %, 99 degrees of freedom
SEEDS = 100
TALK_S = 180.0
INTERVAL_S = 1800.0
WAVES = (0.9, 1.1, 1.2, 0.8)
"""The calls of an interval, beside the mean."""

ROUTINGS = {
    "greedy": RoutingSettings(),
    "optimal": RoutingSettings(Method.OPTIMAL),
    "optimal, gathered 500 ms": RoutingSettings(Method.OPTIMAL, SECOND_US // 2),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a day; `up` if more of it is better."""

    name: str
    unit: str
    up: bool
    of: Callable[[Played], float]


MEASURES = [
    Measure("service level", "%", True, lambda played: 100 * played.figures().service_level),
    Measure("speed of answer", "s", False, lambda played: played.figures().speed_of_answer_s),
    Measure("abandoned", "%", False, lambda played: 100 * _abandoned(played)),
    Measure("level gap", "levels", False, lambda played: played.figures().level_gap),
    Measure("evenness", "Jain", True, lambda played: played.evenness),
]


def _abandoned(played: Played) -> float:
    figures = played.figures()
    return figures.abandoned / figures.offered


def _day(load: float, queues: dict[str, tuple[str, float]], agents: Sequence[dict[str, int]]) -> Day:
    """`queues`: what each asks, and its share of the calls; `load`: erlangs for each agent."""
    calls = load * len(agents) * INTERVAL_S / TALK_S
    traffic = [
        Traffic(name, [share * wave * calls for wave in WAVES], Lognormal(TALK_S, 0.8), Weibull(180.0, 0.9))
        for name, (_, share) in queues.items()
    ]
    return Day(
        [QueueSettings(name, requires, wrap_up_us=0) for name, (requires, _) in queues.items()],
        traffic,
        [Shift(AgentSettings(f"agent{n:02}", skills)) for n, skills in enumerate(agents)],
        Phones(Exponential(3.0)),
        INTERVAL_S,
    )


_LANGUAGES = {
    "english": ("english >= 1", 0.45),
    "spanish": ("spanish >= 1", 0.45),
    "french": ("french >= 1", 0.1),
}
_GRADES = {"first": ("support >= 1", 0.6), "second": ("support >= 4", 0.3), "third": ("support >= 7", 0.1)}
_MANY = {f"q{n}": (f"s{n} >= 1", 0.1) for n in range(10)}

_SPEAKERS = [
    *[{"english": 5}] * 10,
    *[{"spanish": 5}] * 10,
    *[{"english": 5, "spanish": 5}] * 6,
    *[{"english": 5, "spanish": 5, "french": 5}] * 4,
]

SCENARIOS: dict[str, Day] = {
    "equal agents, 85 %": _day(0.85, {"support": ("support >= 1", 1.0)}, [{"support": 5}] * 30),
    "three languages, few speak all, 70 %": _day(0.7, _LANGUAGES, _SPEAKERS),
    "three languages, few speak all, 85 %": _day(0.85, _LANGUAGES, _SPEAKERS),
    "three languages, few speak all, 110 %": _day(1.1, _LANGUAGES, _SPEAKERS),
    "three grades of one skill, 80 %": _day(0.8, _GRADES, [{"support": 1 + n % 9} for n in range(36)]),
    "ten skills, three of them each, 80 %": _day(
        0.8, _MANY, [{f"s{(n + k * (1 + n // 10)) % 10}": 5 for k in range(3)} for n in range(40)]
    ),
    "every agent has every skill, 85 %": _day(
        0.85, _MANY, [{f"s{k}": 1 + (n + k) % 9 for k in range(10)} for n in range(40)]
    ),
    "ten agents, 60 %": _day(0.6, _LANGUAGES, _SPEAKERS[::3]),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """The greedy mean, and by how much the other differs from it: mean and half of the 95 % interval."""

    greedy: float
    mean: float
    half: float

    def verdict(self, up: bool) -> str:
        """Whether the other is better where more is (`up`) or is not better."""
        if abs(self.mean) <= self.half:
            return "same"
        return "better" if (self.mean > 0) == up else "worse"


def compare(day: Day, routing: RoutingSettings, seeds: int, t: float = T_99) -> list[Difference]:
    """Each measure, over so many days."""
    agents = [shift.agent for shift in day.shifts]
    differences: list[list[float]] = [[] for _ in MEASURES]
    greedy: list[list[float]] = [[] for _ in MEASURES]
    for seed in range(seeds):
        drawn = day.drawn(seed)
        plain = play(drawn)
        other = play(drawn, configured=Configured(list(day.queues), agents, routing=routing))
        for n, measure in enumerate(MEASURES):
            greedy[n].append(measure.of(plain))
            differences[n].append(measure.of(other) - measure.of(plain))
    return [
        Difference(
            statistics.fmean(values), statistics.fmean(each), t * statistics.stdev(each) / math.sqrt(seeds)
        )
        for values, each in zip(greedy, differences, strict=True)
    ]


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--only", default="", help="scenarios with this in their names")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="an SVG of service level, speed and gap")
    arguments = parser.parse_args()
    plotted: dict[str, list[list[Interval]]] = {}
    scenarios = {name: day for name, day in SCENARIOS.items() if arguments.only in name}
    print("| scenario | matching | " + " | ".join(f"{one.name}, {one.unit}" for one in MEASURES) + " |")
    print("|---|---|" + "---|" * len(MEASURES))
    for name, day in scenarios.items():
        rows = plotted[name] = [[] for _ in _PLOTTED]
        for routing in list(ROUTINGS)[1:]:
            found = compare(day, ROUTINGS[routing], arguments.seeds)
            for row, number in zip(rows, _PLOTTED, strict=True):
                row.append(Interval(found[number].mean, found[number].half))
            cells = [
                f"{each.greedy:.3g} {each.mean:+.2g} ± {each.half:.1g} {each.verdict(measure.up)}"
                for each, measure in zip(found, MEASURES, strict=True)
            ]
            print(f"| {name} | {routing} | {' | '.join(cells)} |", flush=True)
    if arguments.plot is not None:
        panels = [f"{MEASURES[number].name}, {MEASURES[number].unit}" for number in _PLOTTED]
        title = f"Against the order of the lines: mean differences of {arguments.seeds} days, 95 % intervals"
        arguments.plot.write_text(intervals(title, panels, plotted, list(ROUTINGS)[1:]))


if __name__ == "__main__":
    main()
