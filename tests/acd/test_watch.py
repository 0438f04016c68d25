"""Who waits in vain, by the facts alone: nobody does in random histories, and whoever is made to is found."""

import pytest

from acd import events as e
from acd.recipe import Step
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
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


def waiting_after(step: Step, agent: AgentSettings) -> Router:
    """A caller has taken the step, and the agent, who could have had him before, comes back from a pause."""
    router = Router()
    queue = QueueSettings("support", requires="support >= 1", steps=(step,))
    router.step(e.Configured([queue], [agent]), 0)
    router.step(e.PhoneRegistered(agent.name, fresh=True), 1)
    router.step(e.AgentStateSet(agent.name, e.WantedState.PAUSED), 2)
    router.step(e.CallQueued("c1", "support", 3), 3)
    router.step(e.DeadlinePassed(), 3 + step.waited_us)
    router.step(e.AgentStateSet(agent.name, e.WantedState.READY), 4 + step.waited_us)
    return router


def test_who_may_not_serve_after_a_step_keeps_nobody_waiting() -> None:
    router = waiting_after(Step(waited_us=9, requires="sales >= 1"), AgentSettings("ana", {"support": 5}))
    assert router.facts.agents["ana"].free
    assert found(router) == []


def test_who_may_serve_by_name_after_a_step_is_not_overlooked() -> None:
    router = waiting_after(Step(waited_us=9, add=("ana",)), AgentSettings("ana", {}))
    call = router.facts.calls["c1"]
    assert call.state == "offered"
    call.state, call.offers, agent = type(call.state)("waiting"), [], router.facts.agents["ana"]
    agent.offer = None
    assert found(router) == [("c1", "ana")]
