"""Conversations that end, are lost, are left, or go on under another name."""

import pytest

from acd.agent import AgentState
from acd.commands import (
    AgentChanged,
    LeaveQueue,
    Offer,
    VisitReason,
    VisitResult,
    VisitStarted,
    WatchPhone,
    WrapUpEnded,
)
from acd.events import ConversationEnd, ConversationEnded, ConversationMoved, PhoneReachable
from acd.settings import OnAgentLost
from tests.acd.stage import START_US, Stage, in_a_call, none, one_agent, only, seconds, support, team


class TestAgentLost:
    def test_requeues_at_the_old_place(self) -> None:
        stage = in_a_call()
        stage.wait(5)
        stage.queue("c2")
        stage.queue("vip", priority=1)
        stage.wait(60)
        commands = stage.end("c1", "ana", ConversationEnd.AGENT_LOST)
        visit = only(commands, VisitStarted)
        assert (visit.call, visit.queued_at_us, visit.entered_at_us) == (
            "c1",
            START_US + seconds(1),
            stage.now_us,
        )
        stage.step(PhoneReachable("ana"))
        assert stage.offered()[-1] == ("vip", "ana")
        stage.refuse("ana")
        stage.hang_up("vip")
        stage.wait(5)
        assert stage.offered()[-1] == ("c1", "ana")

    def test_keeps_its_priority(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.queue("c1", priority=7)
        stage.answer("ana")
        visit = only(stage.end("c1", "ana", ConversationEnd.AGENT_LOST), VisitStarted)
        assert visit.priority == 7

    def test_the_agent_is_unreachable_and_has_no_wrap_up(self) -> None:
        stage = in_a_call()
        commands = stage.end("c1", "ana", ConversationEnd.AGENT_LOST)
        assert only(commands, WatchPhone).on is True
        assert only(commands, WrapUpEnded).wrap_up_us == 0
        assert stage.state("ana") is AgentState.UNREACHABLE

    def test_the_queue_may_be_full(self) -> None:
        stage = in_a_call(max_waiting=1)
        stage.queue("c2")
        assert none(stage.end("c1", "ana", ConversationEnd.AGENT_LOST), LeaveQueue)

    def test_another_agent_takes_over_at_once(self) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.queue("c1")
        stage.answer("ana")
        assert only(stage.end("c1", "ana", ConversationEnd.AGENT_LOST), Offer).agent == "luis"

    def test_or_hangs_up(self) -> None:
        stage = in_a_call(on_agent_lost=OnAgentLost.HANGUP)
        left = only(stage.end("c1", "ana", ConversationEnd.AGENT_LOST), LeaveQueue)
        assert (left.result, left.reason, left.target) == (
            VisitResult.ANSWERED,
            VisitReason.AGENT_LOST,
            "hangup",
        )
        assert stage.router.calls() == []


class TestAgentLeft:
    def test_the_caller_waits_at_the_old_place_and_the_agent_wraps_up(self) -> None:
        stage = in_a_call(on_agent_lost=OnAgentLost.HANGUP)
        stage.wait(5)
        stage.queue("c2")
        commands = stage.end("c1", "ana", ConversationEnd.AGENT_LEFT)
        visit = only(commands, VisitStarted)
        assert (visit.call, visit.queued_at_us) == ("c1", START_US + seconds(1))
        assert stage.state("ana") is AgentState.WRAP_UP
        stage.wait(60)
        assert stage.offered()[-1] == ("c1", "ana")

    def test_another_agent_takes_over_at_once(self) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.queue("c1")
        stage.answer("ana")
        assert only(stage.end("c1", "ana", ConversationEnd.AGENT_LEFT), Offer).agent == "luis"


class TestConversationEnded:
    @pytest.mark.parametrize(
        ("call", "agent", "offer"),
        [("c1", "luis", ""), ("c2", "ana", ""), ("c1", "ana", "main-1-9"), ("c1", "nobody", "")],
    )
    def test_of_another_conversation_changes_nothing(self, call: str, agent: str, offer: str) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.queue("c1")
        stage.answer("ana")
        digest = stage.router.state_hash()
        assert stage.step(ConversationEnded(call, agent, ConversationEnd.CALLER_HUNG_UP, offer)) == []
        assert stage.router.state_hash() == digest

    def test_late_does_not_end_the_second_conversation_of_the_same_two(self) -> None:
        stage = in_a_call(wrap_up_us=0)
        first = stage.offer("ana")
        stage.end("c1", "ana", ConversationEnd.AGENT_LOST)
        stage.step(PhoneReachable("ana"))
        stage.answer("ana")
        assert stage.step(ConversationEnded("c1", "ana", ConversationEnd.AGENT_LOST, first)) == []
        assert stage.state("ana") is AgentState.ON_CALL


class TestConversationMoved:
    def test_goes_on_under_the_other_name_to_its_wrap_up(self) -> None:
        stage = in_a_call(wrap_up_us=10)
        changed = only(stage.step(ConversationMoved("c1", "ana", "c9")), AgentChanged)
        assert (changed.state, changed.call) == (AgentState.ON_CALL, "c9")
        assert [view.call for view in stage.router.calls()] == ["c9"]
        assert stage.end("c1", "ana") == []
        stage.end("c9", "ana")
        assert stage.state("ana") is AgentState.WRAP_UP
        assert stage.router.calls() == []

    def test_lost_agent_costs_the_other_caller_no_place(self) -> None:
        stage = in_a_call(wrap_up_us=0)
        stage.step(ConversationMoved("c1", "ana", "c9"))
        visit = only(stage.end("c9", "ana", ConversationEnd.AGENT_LOST), VisitStarted)
        assert visit.call == "c9"

    @pytest.mark.parametrize(
        ("call", "agent", "to"), [("c1", "luis", "c9"), ("c2", "ana", "c9"), ("c1", "ana", "c1")]
    )
    def test_of_another_changes_nothing(self, call: str, agent: str, to: str) -> None:
        stage = in_a_call(wrap_up_us=0)
        digest = stage.router.state_hash()
        assert stage.step(ConversationMoved(call, agent, to)) == []
        assert stage.router.state_hash() == digest
