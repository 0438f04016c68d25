"""Requirements are interned into classes, skills into signatures."""

import pytest

from acd.agent import Agent
from acd.eligibility import Eligibility
from acd.queued_call import QueuedCall
from acd.settings import AgentSettings, QueueSettings
from acd.skills import SkillError
from acd.state import State
from acd.strategies import Strategy


def of(*requires: str) -> Eligibility:
    """Queues of these requirements: q0, q1 and so on; nobody works there yet."""
    eligibility = Eligibility(State(), lambda count: 0)
    eligibility.intern(QueueSettings(f"q{n}", requires=one) for n, one in enumerate(requires))
    return eligibility


def asking(requires: str, queue: str = "q0", call: str = "c1") -> QueuedCall:
    return QueuedCall(call, queue, 0, 0, 1, requires=requires)


def test_queues_of_one_normal_form_and_order_share_a_class() -> None:
    eligibility = Eligibility(State(), lambda count: 0)
    eligibility.intern(
        [
            QueueSettings("a", requires="a>=1"),
            QueueSettings("b", requires="( a >= 1 )"),
            QueueSettings("c", requires="b >= 1"),
            QueueSettings("d", requires="a>=1", strategy=Strategy.LINEAR),
        ]
    )
    assert eligibility.of_queue("a") is eligibility.of_queue("b")
    assert eligibility.of_queue("a") is not eligibility.of_queue("c")
    assert eligibility.of_queue("a") is not eligibility.of_queue("d")


def test_agents_of_the_same_levels_share_a_signature() -> None:
    eligibility = of("a >= 1", "b >= 1", "")
    first = eligibility.of_agent(AgentSettings("ana", {"a": 1, "c": 2}))
    assert first is eligibility.of_agent(AgentSettings("luis", {"c": 2, "a": 1}))
    assert [str(one.requirement) for one in first.classes] == ["a >= 1", ""]


def test_an_expression_that_cannot_be_read_changes_nothing() -> None:
    eligibility = of("a >= 1")
    kept = eligibility.of_queue("q0")
    with pytest.raises(SkillError):
        eligibility.intern([QueueSettings("q0", requires="b >= 1"), QueueSettings("q1", requires="b >=")])
    assert eligibility.of_queue("q0") is kept


def test_interning_anew_forgets_who_had_which_skills() -> None:
    eligibility = of("a >= 1")
    assert not eligibility.of_agent(AgentSettings("ana")).classes
    eligibility.intern([QueueSettings("q0", requires="a >= 1")])
    assert len(eligibility.of_agent(AgentSettings("ana", {"a": 1})).classes) == 1


def test_a_calls_own_requirement_is_asked_for_beside_the_queues() -> None:
    eligibility = of("a >= 1", "")
    assert str(eligibility.of_call(asking("b >= 2")).requirement) == "a >= 1 and b >= 2"
    assert str(eligibility.of_call(asking("b >= 2", "q1")).requirement) == "b >= 2"
    assert eligibility.of_call(asking("b>=2")) is eligibility.of_call(asking("(b >= 2)"))
    assert eligibility.of_call(asking("")) is eligibility.of_queue("q0")
    assert eligibility.of_call(asking("b >=")) is eligibility.of_queue("q0")


def test_a_class_that_is_born_knows_who_is_present_and_free() -> None:
    eligibility = of("")
    for number, name in enumerate(("ana", "luis", "eva")):
        agent = Agent(AgentSettings(name, {"b": number}), idle_since_us=number, place=number)
        eligibility._state.agents[name] = agent
        eligibility.free(agent)
        eligibility.of_agent(agent.settings).present += 1
    eligibility.engage(eligibility._state.agents["eva"])
    born = eligibility.of_call(asking("b >= 1"))
    assert born.present == 2
    assert [key[2] for key in [born.free.first()] if key] == ["luis"]
    eligibility.engage(eligibility._state.agents["luis"])
    assert born.free.first() is None
    assert born in eligibility.of_agent(AgentSettings("luis")).classes


def test_classes_for_which_nobody_waits_are_dropped() -> None:
    eligibility = of("")
    agent = AgentSettings("ana", {"b": 9})
    eligibility.of_agent(agent)
    kept = eligibility.wait(asking("b >= 1 and kept != 1", call="kept"))
    for number in range(5_000):
        call = f"c{number}"
        eligibility.wait(asking(f"b >= 1 and x != {number}", call=call))
        eligibility.leave(call)
    classes = eligibility.of_agent(agent).classes
    assert len(classes) < 300
    assert kept in classes
    assert eligibility.of_queue("q0") in classes
