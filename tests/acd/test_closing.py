"""Queues that close: who is refused, who stays, and what is told."""

import pytest

from acd.commands import LeaveQueue, Offer, QueueChanged, VisitEnded, VisitReason, VisitResult, VisitStarted
from acd.events import ConversationEnd, QueueClosed, QueueOpened, SwitchRestarted
from acd.queue import ClosedReason
from acd.router import Router
from acd.settings import AtClosing, NoAgents, QueueSettings
from tests.acd.stage import Stage, none, only, support, team

REASONS = {
    ClosedReason.HOURS: VisitReason.CLOSED_HOURS,
    ClosedReason.HOLIDAY: VisitReason.CLOSED_HOLIDAY,
    ClosedReason.EMERGENCY: VisitReason.CLOSED_EMERGENCY,
}


def close(stage: Stage, reason: ClosedReason = ClosedReason.HOURS, queue: str = "support") -> None:
    stage.step(QueueClosed(queue, reason, "marta", "fire drill"))


def closed(stage: Stage) -> ClosedReason | None:
    view = stage.router.queue("support")
    assert view is not None
    return view.closed


class TestEntering:
    @pytest.mark.parametrize("reason", list(ClosedReason))
    def test_who_calls_while_it_is_closed_goes_where_closed_leads(self, reason: ClosedReason) -> None:
        stage = Stage([support(closed="phone:1001", overflow="queue:nowhere")], team("ana"))
        stage.login("ana")
        close(stage, reason)
        commands = stage.queue("c1")
        assert none(commands, Offer)
        assert only(commands, VisitStarted).queue == "support"
        left = only(commands, LeaveQueue)
        assert (left.result, left.reason, left.target) == (
            VisitResult.OVERFLOWED,
            REASONS[reason],
            "phone:1001",
        )

    def test_another_queue_takes_him_if_it_is_open(self) -> None:
        stage = Stage([support(closed="queue:night"), QueueSettings("night")], [])
        close(stage)
        stage.queue("c1")
        call = stage.router.call("c1")
        assert call is not None
        assert call.queue == "night"
        assert [visit.result for visit in stage.all(VisitEnded)] == [VisitResult.OVERFLOWED]

    def test_two_closed_queues_that_name_each_other_hang_up(self) -> None:
        stage = Stage([support(closed="queue:night"), QueueSettings("night", closed="queue:support")], [])
        close(stage)
        close(stage, queue="night")
        left = only(stage.queue("c1"), LeaveQueue)
        assert (left.queue, left.target) == ("night", "hangup")

    def test_closed_comes_before_nobody_is_there(self) -> None:
        stage = Stage([support(no_agents=NoAgents.OVERFLOW, overflow="phone:1001")], [])
        close(stage, ClosedReason.HOLIDAY)
        assert only(stage.queue("c1"), LeaveQueue).reason is VisitReason.CLOSED_HOLIDAY

    def test_an_unknown_queue_changes_nothing(self) -> None:
        stage = Stage([support()], [])
        before = stage.router.state_hash()
        close(stage, queue="nowhere")
        stage.step(QueueOpened("nowhere", ClosedReason.EMERGENCY))
        assert stage.router.state_hash() == before


class TestInLine:
    def test_by_default_those_in_line_are_served(self) -> None:
        stage = Stage([support()], team("ana"))
        stage.queue("c1")
        close(stage)
        assert not stage.all(LeaveQueue)
        assert only(stage.login("ana"), Offer).call == "c1"

    def test_or_they_are_sent_on_in_their_order(self) -> None:
        stage = Stage([support(at_closing=AtClosing.SEND, closed="phone:1001")], [])
        stage.queue("c1")
        stage.queue("c2")
        close(stage, ClosedReason.EMERGENCY)
        assert [(left.call, left.reason, left.target) for left in stage.all(LeaveQueue)] == [
            ("c1", VisitReason.CLOSED_EMERGENCY, "phone:1001"),
            ("c2", VisitReason.CLOSED_EMERGENCY, "phone:1001"),
        ]

    def test_a_phone_that_rings_may_be_answered(self) -> None:
        stage = Stage([support(at_closing=AtClosing.SEND)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        close(stage)
        stage.answer("ana")
        assert not stage.all(LeaveQueue)

    def test_who_comes_back_to_the_line_is_sent_on_then(self) -> None:
        stage = Stage([support(at_closing=AtClosing.SEND)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        close(stage)
        assert only(stage.refuse("ana"), LeaveQueue).reason is VisitReason.CLOSED_HOURS

    def test_also_who_loses_his_agent(self) -> None:
        stage = Stage([support(at_closing=AtClosing.SEND)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        stage.answer("ana")
        close(stage)
        assert only(stage.end("c1", "ana", ConversationEnd.AGENT_LOST), LeaveQueue).call == "c1"


class TestFacts:
    def test_an_emergency_and_the_calendar_are_apart(self) -> None:
        stage = Stage([support()], [])
        close(stage, ClosedReason.EMERGENCY)
        close(stage, ClosedReason.HOLIDAY)
        stage.step(QueueOpened("support", ClosedReason.EMERGENCY, "marta"))
        assert closed(stage) is ClosedReason.HOLIDAY
        stage.step(QueueOpened("support", ClosedReason.HOURS))
        assert closed(stage) is None
        assert [change.closed for change in stage.all(QueueChanged)] == [
            ClosedReason.EMERGENCY,
            ClosedReason.HOLIDAY,
            None,
        ]

    def test_a_second_word_of_the_calendar_is_told_only_where_it_is_another(self) -> None:
        stage = Stage([support()], [])
        close(stage)
        close(stage)
        close(stage, ClosedReason.HOLIDAY)
        assert [change.closed for change in stage.all(QueueChanged)] == [
            ClosedReason.HOURS,
            ClosedReason.HOLIDAY,
        ]

    def test_an_emergency_survives_a_restart_with_who_and_why(self) -> None:
        stage = Stage([support()], [])
        close(stage, ClosedReason.EMERGENCY)
        router = Router.restore(stage.router.snapshot())
        router.step(SwitchRestarted(), stage.now_us)
        view = router.queue("support")
        assert view is not None
        assert view.emergency is not None
        assert (view.closed, view.emergency.by, view.emergency.why, view.emergency.since_us) == (
            ClosedReason.EMERGENCY,
            "marta",
            "fire drill",
            stage.now_us,
        )
