"""Synthetic days: what is drawn, and what is played."""

import math
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from acd.commands import Command
from acd.events import Configured, Event
from acd.journal import Header, decode, encode, encode_header, replay
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
from acd.simulation.chance import Chance, Constant, Duration, Exponential, Lognormal, Never, Weibull
from acd.simulation.day import START_US, Day, Phones, Shift, Traffic
from acd.simulation.player import Player, play
from tests.acd.simulation.days import markov, ten_hours, unlimited

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("duration", "mean_s", "deviation_s"),
    [
        (Exponential(180.0), 180.0, 180.0),
        (Lognormal(240.0, 0.5), 240.0, 120.0),
        (Weibull(100.0, 2.0), 100.0 * math.gamma(1.5), 100.0 * math.sqrt(1 - math.gamma(1.5) ** 2)),
        (Constant(7.0), 7.0, 0.0),
    ],
)
def test_times_have_the_mean_and_the_deviation_that_they_name(
    duration: Duration, mean_s: float, deviation_s: float
) -> None:
    chance = Chance(5)
    drawn = [duration.quantile(chance.uniform(1, n)) for n in range(20_000)]
    assert statistics.fmean(drawn) == pytest.approx(mean_s, rel=0.03)
    assert statistics.pstdev(drawn) == pytest.approx(deviation_s, rel=0.06)


def test_a_draw_depends_on_its_seed_and_its_name_alone() -> None:
    assert Chance(1).uniform(2, 3) == Chance(1).uniform(2, 3)
    names = [(1,), (0, 1), (1, 0), (2,), (0, 0, 1)]
    assert len({Chance(seed).uniform(*name) for seed in range(100) for name in names}) == 500


def test_calls_come_as_the_intervals_say() -> None:
    """Poisson: the count's variance is its mean; spread evenly within an interval."""
    day = Day([], [Traffic("support", [10.0, 0.0, 40.0], Constant(60.0))], [], interval_s=900.0)
    counts = []
    for seed in range(300):
        callers = day.drawn(seed).callers
        counts.append(Counter((caller.at_us - START_US) // (900 * SECOND) for caller in callers))
    for interval, expected in enumerate((10.0, 0.0, 40.0)):
        numbers = [count[interval] for count in counts]
        assert statistics.fmean(numbers) == pytest.approx(expected, rel=0.06)
        assert statistics.pvariance(numbers) == pytest.approx(expected, rel=0.25)
    halves = [
        caller.at_us - START_US < 450 * SECOND for seed in range(300) for caller in day.drawn(seed).callers
    ]
    assert sum(halves) == pytest.approx(1500, rel=0.1)


def test_patience_and_phones_change_no_arrival_and_no_talk() -> None:
    """Common random numbers: what differs between two days is what was said to differ."""
    one = Day([], [Traffic("a", [50.0], Exponential(60.0), Never())], [])
    other = Day([], [Traffic("a", [50.0], Exponential(60.0), Weibull(9.0, 1.0))], [], Phones(ignored=0.5))
    pairs = list(zip(one.drawn(3).callers, other.drawn(3).callers, strict=True))
    assert [(a.at_us, a.talk_us) for a, _ in pairs] == [(b.at_us, b.talk_us) for _, b in pairs]
    assert all(a.patience_us is None and b.patience_us is not None for a, b in pairs)


class TestPlaying:
    def test_one_agent_serves_one_after_another(self) -> None:
        day = Day(
            [unlimited("support")],
            [Traffic("support", [30.0], Constant(120.0))],
            [Shift(AgentSettings("ana"))],
        )
        played = play(day.drawn(1))
        free_us = 0
        for fate in played.fates.values():
            assert fate.answered_us == max(fate.came_us, free_us)
            free_us = fate.answered_us + 120 * SECOND
        (work,) = played.work.values()
        assert work.busy_us == len(played.fates) * 120 * SECOND
        assert work.staffed_us == free_us - START_US

    def test_a_phone_that_rings_rejects_or_is_not_there(self) -> None:
        day = Day(
            [QueueSettings("support", requires="support >= 2", wrap_up_us=5 * SECOND)],
            [Traffic("support", [200.0], Constant(30.0), Exponential(60.0))],
            [Shift(AgentSettings(f"agent{n}", {"support": 5})) for n in range(8)],
            Phones(Constant(3.0), rejected=0.2, ignored=0.2),
        )
        played = play(day.drawn(2))
        figures = played.figures()
        assert figures.answered + figures.abandoned == figures.offered == len(played.fates)
        assert figures.abandoned > 0
        assert min(fate.waited_us for fate in played.fates.values() if fate.agent) == 3 * SECOND
        assert played.offers > figures.answered * 1.3
        assert figures.level_gap == 3.0
        assert all(fate.agent is None for fate in played.fates.values() if fate.abandoned)

    def test_who_has_gone_home_gets_no_call(self) -> None:
        day = Day(
            [unlimited("support")],
            [Traffic("support", [40.0, 40.0], Constant(10.0), Constant(30.0))],
            [Shift(AgentSettings("ana"), until_s=1800.0), Shift(AgentSettings("luis"), 300.0, 900.0)],
        )
        played = play(day.drawn(1))
        late = played.figures(since_us=START_US + 1800 * SECOND)
        assert late.abandoned == late.offered > 20
        assert played.work["luis"].staffed_us == pytest.approx(600 * SECOND, abs=10 * SECOND)
        assert played.figures(queues=["sales"]).offered == 0

    def test_who_let_a_call_ring_does_not_come_back_after_hours(self) -> None:
        day = Day(
            [unlimited("support")],
            [Traffic("support", [60.0, 60.0], Constant(60.0), patience=Constant(300.0))],
            [Shift(AgentSettings("ana"), until_s=1000.0, pauses=[(900.0, 1100.0)])],
            Phones(answers=Constant(5.0), ignored=0.3, returns_s=90.0),
        )
        for seed in range(10):
            played = play(day.drawn(seed))
            last_us = max(fate.answered_us or 0 for fate in played.fates.values())
            assert last_us < START_US + 1005 * SECOND, seed

    def test_who_let_a_call_ring_does_not_come_back_from_lunch_for_that(self) -> None:
        day = Day(
            [unlimited("support")],
            [Traffic("support", [60.0], Constant(60.0), patience=Constant(300.0))],
            [Shift(AgentSettings("ana"), pauses=[(400.0, 1200.0)])],
            Phones(answers=Constant(5.0), ignored=0.5, returns_s=90.0),
        )
        for seed in range(10):
            served_us = [fate.answered_us or 0 for fate in play(day.drawn(seed)).fates.values()]
            assert not [at for at in served_us if 405 * SECOND < at - START_US < 1200 * SECOND], seed

    def test_the_same_day_replays_from_its_journal(self) -> None:
        frames: list[bytes] = []

        def journal(now_us: int, event: Event, commands: Sequence[Command]) -> None:
            frames.append(encode(len(frames) + 1, now_us, event, commands))

        played = play(ten_hours(400).drawn(1), journal)
        fresh = Router()
        data = encode_header(Header("main", 1)) + b"".join(frames)
        assert replay(fresh, decode(data).records) == played.steps
        assert fresh.state_hash() == played.state_hash

    def test_another_process_with_another_hash_seed_plays_the_same(self) -> None:
        program = (
            "from acd.simulation.player import play; from tests.acd.simulation.days import ten_hours;"
            "day = play(ten_hours(300).drawn(4)); print(day.state_hash, day.offers, day.figures())"
        )
        said = {
            subprocess.run(
                [sys.executable, "-c", program],
                env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(said) == 1

    def test_a_policy_may_be_tried_on_a_day(self) -> None:
        drawn = markov(3, 2.5, 200).drawn(1)
        slow = Configured(
            [QueueSettings("support", wrap_up_us=60 * SECOND)], [s.agent for s in drawn.day.shifts]
        )
        plain, tried = play(drawn), Player(drawn, configured=slow).play()
        assert [f.came_us for f in plain.fates.values()] == [f.came_us for f in tried.fates.values()]
        assert tried.figures().speed_of_answer_s > plain.figures().speed_of_answer_s
