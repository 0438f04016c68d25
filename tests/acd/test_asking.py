"""An outside program is asked what to do with who comes: its answer, and none."""

import pytest

from acd.commands import Acted, AskDecision, LeaveQueue, Offer, Refusal, VisitEnded, VisitReason, VisitResult
from acd.events import (
    CallPrioritised,
    CallQueued,
    DecisionAnswered,
    DecisionLate,
    QueueClosed,
    SwitchRestarted,
)
from acd.queue import ClosedReason
from acd.queued_call import CallState
from acd.settings import AgentSettings, AtClosing, QueueSettings
from acd.why import Rule
from tests.acd.stage import SECOND, Stage, none, only, support, team
from tests.acd.test_explaining import explained


def asking(*agents: str, **settings: object) -> Stage:
    """A queue whose hook has a second to answer, another without one, and these agents, ready."""
    stage = Stage([support(ask_us=SECOND, **settings), QueueSettings("sales")], team(*agents))
    stage.login(*agents)
    return stage


def asked(stage: Stage) -> AskDecision:
    return stage.all(AskDecision)[-1]


def answer(stage: Stage, **said: object) -> list[object]:
    question = asked(stage)
    return list(stage.step(DecisionAnswered(question.visit, question.call, **said)))  # type: ignore[arg-type]


def state(stage: Stage, call: str = "c1") -> CallState | None:
    view = stage.router.call(call)
    return None if view is None else view.state


class TestAsking:
    def test_who_comes_waits_in_no_line_until_it_is_answered(self) -> None:
        stage = asking("ana", "luis")
        commands = stage.queue("c1", priority=3)
        assert none(commands, Offer)
        question = only(commands, AskDecision)
        assert (question.queue, question.priority, question.waiting, question.free) == (
            "support",
            3,
            1,
            ("ana", "luis"),
        )
        assert question.until_us == stage.now_us + SECOND
        assert state(stage) is CallState.ASKING
        answer(stage)
        assert stage.offered() == [("c1", "ana")]

    def test_without_an_answer_the_policy_of_the_queue_at_the_deadline(self) -> None:
        stage = asking("ana")
        stage.queue("c1")
        assert none(stage.wait(0.999), Offer)
        assert only(stage.wait(0.001), Offer).agent == "ana"

    def test_or_as_soon_as_there_will_be_none(self) -> None:
        stage = asking("ana")
        stage.queue("c1")
        question = asked(stage)
        assert only(stage.step(DecisionLate(question.visit, "c1", "refused")), Offer).agent == "ana"
        assert none(stage.wait(5), AskDecision)

    def test_an_answer_after_that_changes_nothing(self) -> None:
        stage = asking("ana", "luis")
        stage.queue("c1")
        stage.wait(1)
        before = stage.router.state_hash()
        assert answer(stage, priority=9, queue="sales", agent="luis") == []
        assert stage.router.state_hash() == before

    def test_an_answer_about_another_visit_changes_nothing(self) -> None:
        stage = asking("ana")
        stage.queue("c1")
        stage.step(DecisionAnswered("main-1-0", "c1", agent="ana"))
        stage.step(DecisionLate("main-1-0", "c1"))
        assert state(stage) is CallState.ASKING

    def test_who_hangs_up_meanwhile_has_abandoned(self) -> None:
        stage = asking()
        stage.queue("c1")
        assert only(stage.hang_up("c1"), VisitEnded).result is VisitResult.ABANDONED
        assert stage.router.deadline() is None

    def test_only_who_comes_is_asked_about(self) -> None:
        stage = asking("ana")
        stage.queue("c1")
        answer(stage)
        stage.refuse("ana")
        stage.wait(60)
        assert len(stage.all(AskDecision)) == 1

    def test_after_a_crash_nobody_is_asked_again(self) -> None:
        stage = asking()
        stage.queue("c1")
        stage.step(SwitchRestarted(("c1",)))
        assert state(stage) is CallState.DOUBTED
        assert stage.router.deadline() is None


class TestAnswers:
    def test_another_priority(self) -> None:
        stage = asking()
        stage.queue("c1", "sales")
        stage.queue("c2")
        answer(stage, priority=5)
        stage.login("ana")
        view = stage.router.call("c2")
        assert view is not None
        assert view.priority == 5

    def test_a_skill_of_his_own(self) -> None:
        queues = [QueueSettings("support", ask_us=SECOND)]
        stage = Stage(queues, [AgentSettings("ana", {}), AgentSettings("luis", {"english": 7})])
        stage.login("ana", "luis")
        stage.queue("c1")
        answer(stage, requires="english >= 5")
        assert stage.offered() == [("c1", "luis")]

    def test_an_agent_who_is_free(self) -> None:
        stage = asking("ana", "luis")
        stage.queue("c1")
        answer(stage, agent="luis")
        offer = only(list(stage.all(Offer)), Offer)
        assert (offer.agent, offer.decision.rule if offer.decision else None) == ("luis", Rule.HOOK)

    @pytest.mark.parametrize("agent", ["luis", "nobody"])
    def test_an_agent_who_is_not_free_or_not_there(self, agent: str) -> None:
        stage = asking("ana", "luis")
        stage.queue("c0")
        answer(stage, agent="luis")
        stage.queue("c1")
        answer(stage, agent=agent)
        assert stage.offered() == [("c0", "luis"), ("c1", "ana")]

    def test_an_agent_who_is_not_free_comes_first_where_the_queue_lets_him(self) -> None:
        stage = asking("ana", "luis", prefer_us=20 * SECOND)
        stage.queue("c0")
        answer(stage, agent="luis")
        stage.queue("c1")
        answer(stage, agent="luis")
        assert stage.offered() == [("c0", "luis")]
        stage.wait(20)
        assert stage.offered()[1:] == [("c1", "ana")]

    def test_who_is_named_goes_before_who_was_preferred(self) -> None:
        stage = asking("ana", "luis", prefer_us=20 * SECOND)
        stage.step(CallQueued("c1", "support", stage.now_us, preferred="ana"))
        answer(stage, agent="luis")
        assert stage.offered() == [("c1", "luis")]

    def test_another_queue_where_the_place_in_time_is_kept(self) -> None:
        stage = asking()
        stage.queue("c1")
        commands = answer(stage, queue="sales")
        ended = only(commands, VisitEnded)  # type: ignore[arg-type]
        assert (ended.result, ended.reason) == (VisitResult.OVERFLOWED, VisitReason.DECIDED)
        view = stage.router.call("c1")
        assert view is not None
        assert (view.queue, view.queued_at_us) == ("sales", stage.now_us)
        assert len(stage.all(AskDecision)) == 1

    @pytest.mark.parametrize("queue", ["nowhere", "support"])
    def test_no_other_queue(self, queue: str) -> None:
        stage = asking("ana")
        stage.queue("c1")
        answer(stage, queue=queue)
        assert stage.offered() == [("c1", "ana")]

    def test_a_queue_that_is_closed_does_not_get_him(self) -> None:
        stage = asking("ana")
        stage.step(QueueClosed("sales", ClosedReason.EMERGENCY))
        stage.queue("c1")
        answer(stage, queue="sales")
        assert stage.offered() == [("c1", "ana")]

    def test_a_queue_that_has_closed_meanwhile_sends_him_on(self) -> None:
        stage = asking("ana", at_closing=AtClosing.SEND)
        stage.queue("c1")
        stage.step(QueueClosed("support", ClosedReason.HOURS))
        assert state(stage) is CallState.ASKING
        answer(stage, agent="ana")
        assert only(list(stage.all(LeaveQueue)), LeaveQueue).reason is VisitReason.CLOSED_HOURS
        assert stage.offered() == []


def test_a_supervisor_waits_until_it_is_decided() -> None:
    stage = asking()
    stage.queue("c1")
    assert only(stage.step(CallPrioritised("c1", 9, by="marta")), Acted).refusal is Refusal.BEING_DECIDED


def test_why_it_went_to_the_agent_who_was_named() -> None:
    stage = asking("ana", "luis")
    stage.queue("c1")
    question = asked(stage)
    choice = explained(stage, DecisionAnswered(question.visit, "c1", agent="luis"))
    assert (choice.decision.rule, choice.decision.agent) == (Rule.HOOK, "luis")
    assert [agent.agent for agent in choice.agents if agent.chosen] == ["luis"]
