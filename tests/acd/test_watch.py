"""Who waits in vain, by the facts alone: nobody does in random histories, and whoever is made to is found."""

import pytest

from acd import events as e
from acd.router import Router
from acd.watch import Levels, kept_waiting, skills_of
from tests.acd.history import History


def found(router: Router) -> list[tuple[str, str]]:
    facts, free = router.facts, dict[Levels, list[str]]()
    for agent in facts.agents.values():
        if agent.free:
            free.setdefault(skills_of(agent), []).append(agent.name)
    return list(kept_waiting(facts, facts.calls.values(), free))


@pytest.mark.parametrize("seed", range(5))
def test_nobody_waits_in_vain(seed: int) -> None:
    history = History(seed)
    for _ in range(300):
        history.play(1)
        assert found(history.router) == []


def test_whom_an_index_loses_is_found_and_helped() -> None:
    history = History(1)
    lost = 0
    for _ in range(600):
        history.play(1)
        free = list(history.router._board.eligibility.agents)
        if not free:
            continue
        router = Router.restore(history.router.snapshot())
        router._board.eligibility.agents.clear()
        agent = router.facts.agents[free[0]]
        for queue in router.facts.queues.values():
            router.step(
                e.CallQueued(
                    call=f"new in {queue.settings.name}",
                    queue=queue.settings.name,
                    queued_at_us=router.now_us,
                ),
                router.now_us,
            )
        if (waiting := found(router)) and agent.free:
            lost += 1
            router.step(e.IndexesDoubted(), router.now_us)
            assert found(router) == [], waiting
    assert lost > 20
