"""What the router shows of itself."""

from acd.agent import AgentState
from acd.events import WantedState
from acd.queued_call import CallState
from acd.settings import QueueSettings
from tests.acd.stage import START_US, Stage, seconds, support, team


def stage() -> Stage:
    played = Stage([support(), QueueSettings("sales", requires="sales >= 1")], team("ana", "luis", support=3))
    played.login("ana", "luis")
    played.queue("c1", priority=2)
    played.answer("ana")
    played.queue("c2")
    played.wait(2)
    played.queue("c3", priority=1)
    return played


def test_an_agent() -> None:
    view = stage().router.agent("ana")
    assert view is not None
    assert (view.state, view.call, view.queues, view.skills) == (
        AgentState.ON_CALL,
        "c1",
        ("support",),
        {"support": 3},
    )
    assert view.since_us == START_US + seconds(2)


def test_a_queue() -> None:
    view = stage().router.queue("support")
    assert view is not None
    assert (view.waiting, view.longest_since_us) == (2, START_US + seconds(2))
    assert {state: count for state, count in view.agents.items() if count} == {
        AgentState.ON_CALL: 1,
        AgentState.RINGING: 1,
    }


def test_a_queue_that_nobody_serves_counts_nobody() -> None:
    view = stage().router.queue("sales")
    assert view is not None
    assert not any(view.agents.values())
    assert view.longest_since_us is None


def test_calls_in_all_their_states() -> None:
    rows = {view.call: (view.state, view.agent, view.ringing) for view in stage().router.calls()}
    assert rows == {
        "c1": (CallState.TALKING, "ana", ()),
        "c2": (CallState.OFFERED, "luis", ("luis",)),
        "c3": (CallState.WAITING, None, ()),
    }


def test_the_reason_of_a_pause() -> None:
    played = Stage([support()], team("ana"))
    played.login("ana")
    played.set("ana", WantedState.PAUSED, "lunch")
    view = played.router.agent("ana")
    assert view is not None
    assert (view.state, view.reason) == (AgentState.PAUSED, "lunch")


def test_the_unknown_is_none() -> None:
    router = stage().router
    assert (router.agent("x"), router.queue("x"), router.call("x")) == (None, None, None)
