"""Entering a queue, waiting too long, overflow, and the books of it."""

import pytest

from acd.commands import (
    CancelOffer,
    CancelReason,
    LeaveQueue,
    Offer,
    VisitEnded,
    VisitReason,
    VisitResult,
    VisitStarted,
)
from acd.events import (
    CallGone,
    CallQueued,
    Configured,
    ConversationEnd,
    GoneReason,
    PhoneUnreachable,
    PhoneUnregistered,
    WantedState,
)
from acd.settings import NoAgents, QueueSettings
from tests.acd.stage import Stage, none, only, seconds, support, team

TEN_SECONDS = 10_000_000


def left(stage: Stage) -> tuple[VisitResult, VisitReason, str]:
    """How the only call that was let go of was let go of."""
    command = only(list(stage.all(LeaveQueue)), LeaveQueue)
    return command.result, command.reason, command.target


class TestMaxWait:
    def test_the_caller_leaves_for_the_overflow(self) -> None:
        stage = Stage([support(max_wait_us=TEN_SECONDS, overflow="phone:1001")], [])
        stage.queue("c1")
        assert none(stage.wait(9.999), LeaveQueue)
        ended = only(stage.wait(0.001), VisitEnded)
        assert ended.wait_us == TEN_SECONDS
        assert left(stage) == (VisitResult.OVERFLOWED, VisitReason.MAX_WAIT, "phone:1001")

    def test_a_ringing_offer_is_cancelled(self) -> None:
        stage = Stage([support(max_wait_us=TEN_SECONDS)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        commands = stage.wait(10)
        assert only(commands, CancelOffer).why is CancelReason.LEFT_QUEUE
        assert left(stage) == (VisitResult.OVERFLOWED, VisitReason.MAX_WAIT, "hangup")

    def test_talking_has_no_limit(self) -> None:
        stage = Stage([support(max_wait_us=TEN_SECONDS)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        stage.answer("ana")
        assert stage.wait(3600) == []

    def test_0_is_no_limit(self) -> None:
        stage = Stage([support(max_wait_us=0)], [])
        stage.queue("c1")
        assert stage.router.deadline() is None

    def test_counts_from_the_entry_not_from_the_kept_place(self) -> None:
        stage = Stage([support(max_wait_us=TEN_SECONDS)], [])
        stage.step(CallQueued("c1", "support", stage.now_us - seconds(3600)))
        assert none(stage.wait(9.999), LeaveQueue)


class TestMaxWaiting:
    def test_the_one_too_many_overflows_at_once(self) -> None:
        stage = Stage([support(max_waiting=2)], [])
        stage.queue("c1")
        stage.queue("c2")
        commands = stage.queue("c3")
        assert only(commands, VisitStarted).call == "c3"
        assert only(commands, VisitEnded).wait_us == 0
        assert left(stage) == (VisitResult.OVERFLOWED, VisitReason.MAX_WAITING, "hangup")

    def test_who_is_being_offered_counts_who_talks_does_not(self) -> None:
        stage = Stage([support(max_waiting=1)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        assert only(stage.queue("c2"), LeaveQueue).reason is VisitReason.MAX_WAITING
        stage.answer("ana")
        assert none(stage.queue("c3"), LeaveQueue)


class TestNoAgents:
    def overflow(self) -> Stage:
        return Stage(
            [support(no_agents=NoAgents.OVERFLOW, requires="support >= 1")],
            [*team("ana", support=1), *team("luis")],
        )

    def test_wait_is_the_default(self) -> None:
        stage = Stage([support()], team("ana"))
        assert none(stage.queue("c1"), LeaveQueue)

    def test_overflow_at_the_door(self) -> None:
        stage = self.overflow()
        stage.login("luis")
        stage.queue("c1")
        assert left(stage) == (VisitResult.OVERFLOWED, VisitReason.NO_AGENTS, "hangup")

    def test_somebody_busy_or_paused_is_somebody(self) -> None:
        stage = self.overflow()
        stage.login("ana")
        stage.set("ana", WantedState.PAUSED)
        assert none(stage.queue("c1"), LeaveQueue)

    @pytest.mark.parametrize(
        "event", [PhoneUnregistered("ana", explicit=True), PhoneUnreachable("ana")], ids=["logout", "lost"]
    )
    def test_overflow_when_the_last_one_goes(self, event: PhoneUnregistered | PhoneUnreachable) -> None:
        stage = self.overflow()
        stage.login("ana", "luis")
        stage.set("ana", WantedState.PAUSED)
        stage.queue("c1")
        stage.step(event)
        assert left(stage) == (VisitResult.OVERFLOWED, VisitReason.NO_AGENTS, "hangup")

    def test_a_call_that_comes_back_from_a_lost_phone_overflows_too(self) -> None:
        stage = self.overflow()
        stage.login("ana")
        stage.queue("c1")
        stage.wait(5.999)
        assert stage.all(LeaveQueue) == []
        stage.wait(0.001)
        assert left(stage) == (VisitResult.OVERFLOWED, VisitReason.NO_AGENTS, "hangup")


class TestOverflowIntoAQueue:
    def test_is_overflowed_in_a_and_offered_in_b(self) -> None:
        stage = Stage([support(max_wait_us=TEN_SECONDS, overflow="queue:b"), QueueSettings("b")], [])
        stage.queue("c1", priority=3)
        commands = stage.wait(10)
        ended, started = only(commands, VisitEnded), only(commands, VisitStarted)
        assert (ended.queue, ended.result) == ("support", VisitResult.OVERFLOWED)
        assert (started.queue, started.priority) == ("b", 3)
        assert started.queued_at_us == started.entered_at_us == stage.now_us
        assert none(commands, LeaveQueue)

    def test_the_order_in_b_goes_by_the_arrival_in_b(self) -> None:
        stage = Stage(
            [support(max_wait_us=TEN_SECONDS, overflow="queue:b"), QueueSettings("b", requires="b >= 1")],
            team("ana", b=1),
        )
        stage.set("ana", WantedState.PAUSED)
        stage.queue("moved")
        stage.wait(5)
        stage.queue("there-before", "b")
        stage.wait(5)
        stage.login("ana")
        stage.set("ana", WantedState.READY)
        assert stage.offered() == [("there-before", "ana")]

    def test_a_free_agent_of_b_is_offered_the_call_at_once(self) -> None:
        stage = Stage([support(max_waiting=0, overflow="queue:b"), QueueSettings("b")], team("ana"))
        stage.login("ana")
        assert only(stage.queue("c1"), Offer).queue == "b"

    def test_a_full_b_sends_it_on(self) -> None:
        stage = Stage(
            [
                support(max_waiting=0, overflow="queue:b"),
                QueueSettings("b", max_waiting=0, overflow="phone:1001"),
            ],
            [],
        )
        commands = stage.queue("c1")
        assert [one.queue for one in commands if isinstance(one, VisitStarted)] == ["support", "b"]
        assert left(stage) == (VisitResult.OVERFLOWED, VisitReason.MAX_WAITING, "phone:1001")

    def test_past_a_full_queue_the_kept_place_is_given_up_too(self) -> None:
        stage = Stage([support(max_waiting=0, overflow="queue:b"), QueueSettings("b")], [])
        commands = stage.step(CallQueued("c1", "support", stage.now_us - seconds(60)))
        first, second = (one for one in commands if isinstance(one, VisitStarted))
        assert first.queued_at_us == stage.now_us - seconds(60)
        assert second.queued_at_us == stage.now_us

    def test_a_circle_of_full_queues_ends(self) -> None:
        stage = Stage(
            [
                support(max_waiting=0, overflow="queue:b"),
                QueueSettings("b", max_waiting=0, overflow="queue:support"),
            ],
            [],
        )
        commands = stage.queue("c1")
        assert len([one for one in commands if isinstance(one, VisitEnded)]) == 2
        assert left(stage) == (VisitResult.OVERFLOWED, VisitReason.MAX_WAITING, "hangup")

    @pytest.mark.parametrize("target", ["queue:support", "queue:nowhere"])
    def test_a_target_that_is_none_hangs_up(self, target: str) -> None:
        stage = Stage([support(max_waiting=0, overflow=target)], [])
        stage.queue("c1")
        assert left(stage)[2] == "hangup"


class TestEnteringAndLeaving:
    def test_a_duplicate_changes_nothing(self) -> None:
        stage = Stage([support()], [])
        stage.queue("c1")
        digest = stage.router.state_hash()
        assert stage.queue("c1", priority=9) == []
        assert stage.router.state_hash() == digest

    def test_a_call_that_has_ended_cannot_be_queued_late(self) -> None:
        stage = Stage([support()], [])
        stage.hang_up("c1")
        assert stage.queue("c1") == []
        stage.wait(31)
        assert stage.queue("c1") == []

    def test_its_end_is_not_remembered_for_ever(self) -> None:
        stage = Stage([support()], [])
        for number in range(10):
            stage.hang_up(f"c{number}")
            stage.wait(40)
        assert len(stage.router._board.state.gone) + len(stage.router._board.state.gone_before) <= 2

    def test_a_flow_may_take_a_call_out_and_queue_it_again(self) -> None:
        stage = Stage([support(), QueueSettings("sales")], [])
        stage.queue("c1")
        ended = only(stage.step(CallGone("c1", GoneReason.TAKEN_BY_FLOW)), VisitEnded)
        assert (ended.result, ended.reason) == (VisitResult.ENDED_OTHERWISE, VisitReason.TAKEN_BY_FLOW)
        assert only(stage.queue("c1", "sales"), VisitStarted).queue == "sales"

    @pytest.mark.parametrize("reason", sorted(GoneReason))
    def test_only_a_caller_who_hangs_up_abandons(self, reason: GoneReason) -> None:
        stage = Stage([support()], [])
        stage.queue("c1")
        ended = only(stage.step(CallGone("c1", reason)), VisitEnded)
        assert (ended.result is VisitResult.ABANDONED) == (reason is GoneReason.CALLER_HUNG_UP)
        assert ended.reason.value == reason.value

    def test_a_queue_that_does_not_exist_is_booked_and_let_go(self) -> None:
        stage = Stage([support()], [])
        commands = stage.queue("c1", "nowhere")
        assert only(commands, VisitEnded).result is VisitResult.ENDED_OTHERWISE
        assert left(stage) == (VisitResult.ENDED_OTHERWISE, VisitReason.UNKNOWN_QUEUE, "hangup")
        assert stage.router.calls() == []

    def test_who_is_sent_on_into_a_queue_keeps_his_time_there(self) -> None:
        stage = Stage([support(wrap_up_us=0), QueueSettings("sales", requires="sales >= 1")], team("ana"))
        stage.login("ana")
        came_us = stage.now_us
        stage.queue("sent-on")
        stage.answer("ana")
        stage.wait(30)
        stage.queue("waits", "sales")
        stage.wait(30)
        stage.end("sent-on", "ana", ConversationEnd.TRANSFERRED)
        started = only(stage.step(CallQueued("sent-on", "sales", came_us)), VisitStarted)
        assert (started.queued_at_us, started.entered_at_us) == (came_us, stage.now_us)
        agents = [*team("ana"), *team("luis", sales=1)]
        stage.step(Configured([support(), QueueSettings("sales", requires="sales >= 1")], agents))
        stage.login("luis")
        assert stage.offered()[-1] == ("sent-on", "luis")
