"""The laws of the router under random histories: see `tests.acd.history`."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from acd.journal import Header, decode, encode, encode_header, replay
from acd.router import Router
from acd.routing import Method, RoutingSettings
from tests.acd.history import KINDS, PLAIN, History, Kind


@pytest.mark.parametrize("seed", range(6))
def test_laws_hold_after_every_step(seed: int) -> None:
    history = History(seed)
    history.play(2_000)
    history.end_everything()


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 130))
def test_laws_hold_in_long_histories(seed: int) -> None:
    history = History(seed)
    history.play(10_000)
    history.end_everything()


@pytest.mark.parametrize("seed", range(6))
def test_replay_gives_the_same_commands_and_hash(seed: int) -> None:
    history = History(seed)
    history.play(2_000)
    fresh = Router()
    for now_us, event, commands in history.steps:
        assert fresh.step(event, now_us) == commands
    assert fresh.state_hash() == history.router.state_hash()


@pytest.mark.parametrize("seed", range(4))
def test_replay_from_the_journals_bytes(seed: int) -> None:
    history = History(seed)
    history.play(1_000)
    data = encode_header(Header("main", 1)) + b"".join(
        encode(sequence, now_us, event, commands)
        for sequence, (now_us, event, commands) in enumerate(history.steps, 1)
    )
    fresh = Router()
    assert replay(fresh, decode(data).records) == len(history.steps)
    assert fresh.state_hash() == history.router.state_hash()


@pytest.mark.parametrize("seed", range(4))
def test_a_snapshot_anywhere_goes_on_as_the_router_would(seed: int) -> None:
    history = History(seed)
    history.play(1_500)
    dice = random.Random(seed)
    router = Router()
    for now_us, event, commands in history.steps:
        if dice.random() < 0.05:
            restored = Router.restore(router.snapshot())
            assert restored.state_hash() == router.state_hash()
            router = restored
        assert router.step(event, now_us) == commands
    assert router.state_hash() == history.router.state_hash()
    assert router.deadline() == history.router.deadline()


ROUTINGS = {
    "optimal": RoutingSettings(Method.OPTIMAL),
    "gathered": RoutingSettings(gather_us=500_000),
    "optimal and gathered": RoutingSettings(Method.OPTIMAL, 500_000),
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("routing", ROUTINGS.values(), ids=ROUTINGS)
def test_the_laws_hold_whatever_the_routing(routing: RoutingSettings, seed: int) -> None:
    history = History(seed, routing=routing)
    history.play(1_500)
    dice = random.Random(seed)
    router = Router()
    for now_us, event, commands in history.steps:
        if dice.random() < 0.05:
            router = Router.restore(router.snapshot())
        assert router.step(event, now_us) == commands
    assert router.state_hash() == history.router.state_hash()
    history.end_everything()


DICE = st.randoms(use_true_random=False)


class Told(RuleBasedStateMachine):
    """A history that hypothesis makes up: any kind of event, or some without the others, in any order."""

    steps = 0
    """Of all of them."""

    @initialize(dice=DICE, routing=st.sampled_from([PLAIN, *ROUTINGS.values()]))
    def begins(self, dice: random.Random, routing: RoutingSettings) -> None:
        self.history = History(dice, routing=routing)

    def teardown(self) -> None:
        Told.steps += len(self.history.steps)
        self.history.end_everything()


def tells(kind: Kind) -> Any:
    """The rule that something of that kind happens, after a while."""

    def happens(self: Told, dice: random.Random) -> None:
        self.history.dice = dice
        self.history.let_time_pass()
        if (event := kind(self.history)) is not None:
            self.history.step(event)

    return rule(dice=DICE)(happens)


RULES = {kind.__name__: tells(kind) for kind in (History.said_again, *(kind for _, kind in KINDS))}
Anything = type("Anything", (Told,), RULES)


@pytest.mark.parametrize(
    ("examples", "least"),
    [(30, 1_000), pytest.param(1_250, 100_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])],
)
def test_the_laws_hold_in_whatever_hypothesis_makes_up(examples: int, least: int) -> None:
    """Where a law breaks, it finds the shortest such history; those above are longer than it can make."""
    Told.steps = 0
    chosen = settings(max_examples=examples, stateful_step_count=100, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Anything, settings=chosen)
    print(f"{Told.steps:,} steps")
    assert Told.steps >= least
