"""The laws of the router under random histories: see `tests.acd.history`."""

import random

import pytest

from acd.journal import Header, decode, encode, encode_header, replay
from acd.router import Router
from acd.routing import Method, RoutingSettings
from tests.acd.history import History


@pytest.mark.parametrize("seed", range(6))
def test_laws_hold_after_every_step(seed: int) -> None:
    history = History(seed)
    history.play(2_000)
    history.end_everything()
    facts = history.router._board.state
    assert not facts.calls
    assert not facts.offers
    assert not history.visits
    assert history.wrapping == 0
    assert not any(queue.engaged for queue in facts.queues.values())


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 130))
def test_laws_hold_in_long_histories(seed: int) -> None:
    history = History(seed)
    history.play(10_000)
    history.end_everything()
    assert not history.router._board.state.calls


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
    assert not history.router._board.state.calls
