"""Where rules meet: recipes, assignments, preferences, programs that are asked, reloads, in one step."""

from typing import Any

import pytest

from acd.commands import LeaveQueue, Offer, Relaxed, VisitStarted
from acd.events import (
    CallAssigned,
    CallMoved,
    CallPrioritised,
    CallQueued,
    Configured,
    DecisionAnswered,
    PhoneUnregistered,
    WantedState,
)
from acd.queued_call import CallState
from acd.recipe import Step
from acd.settings import AgentSettings, NoAgents, QueueSettings
from acd.strategies import Strategy
from acd.why import Rule
from tests.acd.stage import SECOND, Stage, none, only, seconds, support, team
from tests.acd.test_asking import answer, asking


def rules(stage: Stage) -> list[Rule | None]:
    """What decided each offer so far."""
    return [offer.decision.rule if offer.decision else None for offer in stage.all(Offer)]


def view_of(stage: Stage, call: str = "c1") -> Any:
    found = stage.router.call(call)
    assert found is not None
    return found


class TestSentOnTwiceInOneStep:
    def reloaded(self) -> Stage:
        """The recipe of c1's queue is another one, nobody can serve him there any more, and where he is sent
        on to a step lets him go."""
        gone = QueueSettings("gone", requires="gone >= 1", steps=(Step(overflow="hangup"),))
        overflow: dict[str, Any] = {"no_agents": NoAgents.OVERFLOW, "overflow": "queue:gone"}
        agents = [AgentSettings("ana"), AgentSettings("luis", {"gone": 1})]
        stage = Stage([support(steps=(Step(priority=5),), **overflow), gone], agents)
        stage.login("ana")
        stage.set("ana", WantedState.PAUSED)
        stage.queue("c1")
        stage.step(Configured([support(requires="nobody >= 1", **overflow), gone], agents))
        stage.wait(1)
        assert only(list(stage.all(LeaveQueue)), LeaveQueue).call == "c1"
        return stage

    def test_he_is_in_no_line(self) -> None:
        eligibility = self.reloaded().router._board.eligibility
        assert not eligibility.calls
        assert not eligibility.seeking

    def test_nobody_is_offered_him(self) -> None:
        stage = self.reloaded()
        stage.login("luis")
        assert stage.offered() == []


@pytest.mark.timeout(20)
def test_a_circle_of_queues_whose_steps_leave_nobody_turns_once_a_second() -> None:
    narrows = (Step(requires="nobody >= 1"),)
    circle = [
        QueueSettings("a", steps=narrows, no_agents=NoAgents.OVERFLOW, overflow="queue:b"),
        QueueSettings("b", steps=narrows, no_agents=NoAgents.OVERFLOW, overflow="queue:a"),
    ]
    stage = Stage(circle, team("ana"))
    stage.login("ana")
    stage.set("ana", WantedState.PAUSED)
    stage.queue("c1", "a")
    stage.wait(10)
    assert len(stage.all(VisitStarted)) == 12


class TestPreferredWhoServesNoMore:
    def stage(self, **settings: Any) -> Stage:
        """Ana talks, and c1 waits for her."""
        queue = support(prefer_us=seconds(60), wrap_up_us=0, **settings)
        stage = Stage([queue], [AgentSettings("ana"), AgentSettings("luis", {"english": 7})])
        stage.login("ana")
        stage.queue("c0")
        if settings.get("ask_us"):
            stage.wait(1)
        stage.answer("ana")
        stage.step(CallQueued("c1", "support", stage.now_us, preferred="ana"))
        return stage

    def test_because_a_program_says_what_he_needs(self) -> None:
        stage = self.stage(ask_us=SECOND)
        answer(stage, requires="english >= 5")
        stage.end("c0", "ana")
        stage.login("luis")
        assert stage.offered()[1:] == [("c1", "luis")]

    def test_because_a_step_asks_for_something_else(self) -> None:
        stage = self.stage(steps=(Step(waited_us=seconds(5), requires="english >= 5"),))
        stage.wait(5)
        stage.end("c0", "ana")
        stage.login("luis")
        assert stage.offered()[1:] == [("c1", "luis")]

    def test_because_the_configuration_does(self) -> None:
        stage = self.stage()
        queue = support(prefer_us=seconds(60), wrap_up_us=0, requires="english >= 5")
        stage.step(Configured([queue], [AgentSettings("ana"), AgentSettings("luis", {"english": 7})]))
        stage.end("c0", "ana")
        stage.login("luis")
        assert stage.offered()[1:] == [("c1", "luis")]


class TestAssigned:
    def stage(self) -> Stage:
        """C1 waits for eva, who talks and has not the skill; ana, who has it, is there."""
        queue = support(requires="support >= 1", no_agents=NoAgents.OVERFLOW)
        agents = [AgentSettings("ana", {"support": 1}), AgentSettings("eva", {"sales": 1})]
        stage = Stage([queue, QueueSettings("sales", requires="sales >= 1")], agents)
        stage.login("ana", "eva")
        stage.queue("c0", "sales")
        stage.answer("eva")
        stage.set("ana", WantedState.PAUSED)
        stage.queue("c1")
        stage.step(CallAssigned("c1", "eva"))
        return stage

    def test_has_somebody_to_wait_for_when_those_with_the_skill_go(self) -> None:
        stage = self.stage()
        assert none(stage.step(PhoneUnregistered("ana", explicit=True)), LeaveQueue)
        stage.end("c0", "eva")
        stage.wait(10)
        assert stage.offered()[-1] == ("c1", "eva")

    def test_has_nobody_when_he_goes_too(self) -> None:
        stage = self.stage()
        stage.step(PhoneUnregistered("ana", explicit=True))
        stage.end("c0", "eva")
        stage.set("eva", WantedState.OFFLINE)
        assert only(list(stage.all(LeaveQueue)), LeaveQueue).call == "c1"


class TestAlone:
    """One alone came, or became free: it is not told that several did."""

    def test_who_ends_his_wrap_up_by_being_ready(self) -> None:
        stage = Stage([support()], team("ana"))
        stage.login("ana")
        stage.queue("c0")
        stage.answer("ana")
        stage.end("c0", "ana")
        stage.queue("c1")
        stage.set("ana", WantedState.READY)
        assert rules(stage)[-1] is Rule.AGENT_CHOSE

    def test_who_takes_a_step_as_he_comes(self) -> None:
        stage = Stage([support(steps=(Step(priority=1),))], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.queue("c1")
        assert rules(stage) == [Rule.CALLER_CHOSE]


class TestAsked:
    def test_a_recipe_that_is_loaded_meanwhile_counts(self) -> None:
        stage = asking()
        stage.queue("c1")
        queues = [support(ask_us=SECOND, steps=(Step(waited_us=seconds(5), priority=3),))]
        stage.step(Configured([*queues, QueueSettings("sales")], []))
        answer(stage)
        assert only(stage.wait(5), Relaxed).step == 1

    def test_who_is_named_rings_alone(self) -> None:
        stage = asking("ana", "luis", strategy=Strategy.RING_ALL)
        stage.queue("c1")
        answer(stage, agent="luis")
        assert stage.offered() == [("c1", "luis")]
        stage.refuse("luis")
        assert stage.offered()[1:] == [("c1", "ana")]

    def test_who_is_named_beside_another_queue_gets_him_there(self) -> None:
        stage = asking("ana", "luis")
        stage.queue("c1")
        answer(stage, agent="luis", queue="sales")
        assert [(offer.queue, offer.agent) for offer in stage.all(Offer)] == [("sales", "luis")]

    def test_an_answer_that_says_too_late_changes_nothing(self) -> None:
        stage = asking("ana")
        stage.queue("c1")
        answer(stage, queue="sales")
        before = stage.router.state_hash()
        stage.step(DecisionAnswered(stage.all(VisitStarted)[0].visit, "c1", agent="ana", priority=7))
        assert stage.router.state_hash() == before


def test_the_same_priority_said_by_a_supervisor_is_his() -> None:
    stage = Stage([support(steps=(Step(priority=5),)), QueueSettings("sales")], [])
    stage.queue("c1")
    stage.step(CallPrioritised("c1", 5))
    assert only(stage.step(CallMoved("c1", "sales")), VisitStarted).priority == 5


def test_who_logs_in_again_in_a_call_is_not_flooded_after_it() -> None:
    stage = Stage([support(strategy=Strategy.FEWEST_CALLS, wrap_up_us=0)], team("ana", "luis"))
    stage.login("ana", "luis")
    for number in range(6):
        stage.queue(f"c{number}")
        agent = stage.offered()[-1][1]
        stage.answer(agent)
        stage.end(f"c{number}", agent)
        stage.wait(1)
    stage.queue("c6")
    agent = stage.offered()[-1][1]
    stage.answer(agent)
    stage.set(agent, WantedState.OFFLINE)
    stage.set(agent, WantedState.READY)
    calls = {one.name: one.calls for one in stage.router.facts.agents.values()}
    assert min(calls.values()) >= 3


def test_every_kind_of_state_survives_a_reload_that_names_nothing() -> None:
    stage = asking("ana", "luis", prefer_us=seconds(60))
    stage.queue("asked")
    stage.step(Configured([], []))
    assert view_of(stage, "asked").state is CallState.ASKING
    answer(stage, agent="ana", queue="sales")
    stage.wait(600)
    assert stage.router.calls() == []
    assert stage.router.queues() == []
    assert stage.router.agents() == []
