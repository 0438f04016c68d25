"""A reload: what comes, what changes, what is leaving until its last call ends."""

from acd.agent import AgentState
from acd.commands import (
    AgentChanged,
    ConfigurationRefused,
    LeaveQueue,
    Offer,
    OfferEnded,
    VisitReason,
    VisitResult,
    WatchPhone,
    WrapUpEnded,
)
from acd.events import Configured, ConversationEnd, PhoneRegistered, WantedState
from acd.settings import AgentSettings, NoAgents, QueueSettings
from tests.acd.stage import START_US, Stage, busy_stage, none, only, support, team


def queues_of(stage: Stage) -> list[tuple[str, bool]]:
    return [(queue.name, queue.leaving) for queue in stage.router.queues()]


def agents_of(stage: Stage) -> list[tuple[str, bool]]:
    return [(agent.name, agent.leaving) for agent in stage.router.agents()]


class TestNothingIsDropped:
    def test_the_same_configuration_again_changes_nothing(self) -> None:
        stage = busy_stage()
        digest = stage.router.state_hash()
        assert stage.step(stage.steps[0][1]) == []
        assert stage.router.state_hash() == digest

    def test_a_waiting_caller_keeps_his_place(self) -> None:
        stage = busy_stage()
        stage.queue("c4")
        stage.step(Configured([support(max_waiting=1), QueueSettings("new")], team("ana", "luis", "eva")))
        assert stage.step(PhoneRegistered("eva", fresh=True))
        assert stage.offered()[-1] == ("c3", "eva")

    def test_the_idle_clock_goes_on(self) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("luis", "ana")
        stage.step(Configured([support(wrap_up_us=1)], team("ana", "luis", support=3)))
        assert only(stage.queue("c1"), Offer).agent == "luis"


class TestSkills:
    def test_a_new_skill_counts_at_once(self) -> None:
        queue = QueueSettings("support", requires="support >= 1")
        stage = Stage([queue], team("ana"))
        stage.login("ana")
        assert none(stage.queue("c1"), Offer)
        assert only(stage.step(Configured([queue], team("ana", support=1))), Offer).agent == "ana"

    def test_a_lost_skill_too(self) -> None:
        queue = QueueSettings("support", requires="support >= 1")
        stage = Stage([queue], team("ana", support=1))
        stage.login("ana")
        stage.step(Configured([queue], team("ana")))
        assert none(stage.queue("c1"), Offer)

    def test_a_relaxed_requirement_counts_for_who_waits(self) -> None:
        stage = Stage([QueueSettings("support", requires="support >= 9")], team("ana", support=5))
        stage.login("ana")
        stage.queue("c1")
        relaxed = [QueueSettings("support", requires="support >= 5")]
        assert only(stage.step(Configured(relaxed, team("ana", support=5))), Offer).call == "c1"

    def test_when_the_last_who_could_serve_goes_no_agents_applies(self) -> None:
        queue = QueueSettings("support", requires="support >= 1", no_agents=NoAgents.OVERFLOW)
        stage = Stage([queue], team("ana", support=1))
        stage.login("ana")
        stage.set("ana", WantedState.PAUSED)
        stage.queue("c1")
        left = only(stage.step(Configured([queue], team("ana"))), LeaveQueue)
        assert left.reason is VisitReason.NO_AGENTS

    def test_an_expression_that_cannot_be_read_changes_nothing(self) -> None:
        stage = busy_stage()
        digest = stage.router.state_hash()
        bad = Configured([QueueSettings("support", requires="support >=")], [])
        refused = only(stage.step(bad), ConfigurationRefused)
        assert refused.problem == "requires: column 11: expected a level, as in 'support >= 1'"
        assert stage.router.state_hash() == digest
        assert stage.router.queues()


class TestLeavingQueue:
    def test_goes_at_once_when_empty(self) -> None:
        stage = Stage([support(), QueueSettings("sales")], [])
        stage.step(Configured([support()], []))
        assert queues_of(stage) == [("support", False)]

    def test_stays_until_its_last_call_ends(self) -> None:
        stage = busy_stage()
        stage.step(Configured([QueueSettings("sales")], team("ana", "luis")))
        assert queues_of(stage) == [("sales", False), ("support", True)]
        stage.hang_up("c3")
        stage.end("c1", "ana")
        stage.answer("luis")
        assert queues_of(stage)[-1] == ("support", True)
        stage.end("c2", "luis")
        assert queues_of(stage) == [("sales", False)]

    def test_its_waiting_callers_are_still_served(self) -> None:
        stage = busy_stage()
        stage.step(Configured([], team("ana", "luis")))
        stage.end("c1", "ana")
        assert only(stage.wait(10), Offer).call == "c3"

    def test_takes_nobody_new(self) -> None:
        stage = busy_stage()
        stage.step(Configured([], team("ana", "luis")))
        left = only(stage.queue("c4"), LeaveQueue)
        assert (left.result, left.reason) == (VisitResult.ENDED_OTHERWISE, VisitReason.QUEUE_CLOSED)

    def test_named_again_it_stays(self) -> None:
        stage = busy_stage()
        stage.step(Configured([], team("ana", "luis")))
        stage.step(Configured([support()], team("ana", "luis")))
        assert queues_of(stage) == [("support", False)]
        assert none(stage.queue("c4"), LeaveQueue)


class TestLeavingAgent:
    def test_goes_at_once_when_free(self) -> None:
        stage = Stage([support()], team("ana"))
        stage.login("ana")
        changed = only(stage.step(Configured([support()], [])), AgentChanged)
        assert (changed.state, changed.reason) == (AgentState.OFFLINE, "removed")
        assert stage.router.agents() == []
        assert none(stage.queue("c1"), Offer)

    def test_stays_until_the_call_ends_and_has_no_wrap_up(self) -> None:
        stage = busy_stage()
        stage.step(Configured([support()], team("luis")))
        assert agents_of(stage) == [("luis", False), ("ana", True)]
        commands = stage.end("c1", "ana")
        assert only(commands, WrapUpEnded).wrap_up_us == 0
        assert only(commands, AgentChanged).state is AgentState.OFFLINE
        assert none(commands, Offer)
        assert agents_of(stage) == [("luis", False)]

    def test_lost_in_the_call_the_phone_is_watched_for_nobody(self) -> None:
        stage = busy_stage()
        stage.step(Configured([support()], team("luis")))
        assert none(stage.end("c1", "ana", ConversationEnd.AGENT_LOST), WatchPhone)

    def test_a_ringing_one_may_still_answer(self) -> None:
        stage = busy_stage()
        stage.step(Configured([support()], team("ana")))
        stage.answer("luis")
        assert agents_of(stage) == [("ana", False), ("luis", True)]
        stage.end("c2", "luis")
        assert agents_of(stage) == [("ana", False)]

    def test_a_ringing_one_who_does_not_answer_goes(self) -> None:
        stage = busy_stage()
        stage.step(Configured([support()], team("ana")))
        stage.wait(15)
        assert only(stage.refuse("luis", 487), OfferEnded).agent == "luis"
        assert agents_of(stage) == [("ana", False)]

    def test_in_wrap_up_it_ends(self) -> None:
        stage = busy_stage()
        stage.end("c1", "ana")
        stage.wait(2)
        commands = stage.step(Configured([support()], team("luis")))
        assert only(commands, WrapUpEnded).wrap_up_us == 2_000_000
        assert agents_of(stage) == [("luis", False)]


def test_views_keep_the_order_of_the_configuration() -> None:
    stage = Stage([QueueSettings("b"), QueueSettings("a")], team("luis", "ana"))
    stage.step(Configured([QueueSettings("a"), QueueSettings("c"), QueueSettings("b")], team("eva", "luis")))
    assert [queue.name for queue in stage.router.queues()] == ["a", "c", "b"]
    assert [agent.name for agent in stage.router.agents()] == ["eva", "luis"]


def test_a_new_agent_logs_in_as_any() -> None:
    stage = Stage([support()], [])
    stage.step(Configured([support()], [AgentSettings("ana")]))
    changed = only(stage.step(PhoneRegistered("ana", fresh=True)), AgentChanged)
    assert (changed.state, changed.since_us) == (AgentState.READY, START_US)
