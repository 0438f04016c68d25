"""Answers that come late, or from another phone: a 200 always answers."""

from typing import Any

import pytest

from acd.agent import AgentState
from acd.commands import (
    CancelOffer,
    CancelReason,
    Command,
    Connect,
    HangUpOffer,
    OfferEnded,
    OfferResult,
    VisitEnded,
    VisitResult,
    WatchPhone,
    WrapUpEnded,
)
from acd.events import OfferPickedUp, WantedState
from acd.settings import QueueSettings
from tests.acd.stage import Stage, alone, none, only, pair, support, team


class TestLate200:
    """A 200 always answers."""

    def test_before_the_call_is_offered_on_it_takes_the_call(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(16)
        commands = stage.answer("ana")
        assert only(commands, Connect).agent == "ana"
        assert none(commands, HangUpOffer)
        assert stage.state("ana") is AgentState.ON_CALL

    def test_after_it_if_the_call_still_waits(self) -> None:
        stage = alone()
        stage.ring("ana")
        stage.wait(18)
        assert only(stage.answer("ana"), Connect).call == "c1"

    def test_not_while_another_offer_of_the_call_is_open(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(18)
        assert stage.offered()[-1] == ("c1", "luis")
        commands = stage.answer("ana")
        assert only(commands, HangUpOffer).offer == stage.offer("ana")
        assert none(commands, Connect)
        assert only(stage.answer("luis"), Connect).agent == "luis"

    def test_while_the_other_offer_is_being_cancelled_it_takes_the_call(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(17)
        stage.ring("luis")
        stage.wait(15.5)
        assert only(stage.answer("ana"), Connect).agent == "ana"
        assert only(stage.answer("luis"), HangUpOffer).offer == stage.offer("luis")

    def test_who_answered_too_late_is_not_paused(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(18)
        stage.answer("ana")
        assert stage.state("ana") is AgentState.READY

    def test_of_an_unreachable_phone_makes_it_reachable(self) -> None:
        stage = alone()
        stage.wait(10)
        commands = stage.answer("ana")
        assert only(commands, WatchPhone).on is False
        assert only(commands, Connect).agent == "ana"

    def test_of_an_offer_that_is_over_never_leaves_a_phone_hanging(self) -> None:
        stage = pair()
        stage.refuse("ana")
        digest = stage.router.state_hash()
        assert only(stage.answer("ana"), HangUpOffer).offer == stage.offer("ana")
        assert stage.router.state_hash() == digest

    def test_repeated_in_the_conversation_changes_nothing(self) -> None:
        stage = pair()
        stage.answer("ana")
        assert stage.answer("ana") == []

    def test_takes_the_call_in_the_queue_where_it_waits_now(self) -> None:
        stage = Stage(
            [
                support(max_wait_us=10_000_000, overflow="queue:sales"),
                QueueSettings("sales", requires="sales >= 1"),
            ],
            team("ana"),
        )
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        stage.wait(12)
        assert only(stage.answer("ana"), Connect).queue == "sales"


class TestPickedUp:
    """Somebody else takes the call from his own phone."""

    def ringing(self, **settings: Any) -> Stage:
        """c1 rings for Ana; Luis is busy for himself and Eva serves nothing."""
        agents = [*team("ana", "luis", support=5), *team("eva")]
        stage = Stage([support(requires="support >= 1", **settings)], agents)
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        stage.login("luis", "eva")
        return stage

    def take(self, stage: Stage, agent: str, pickup: str = "p1") -> list[Command]:
        return stage.step(OfferPickedUp(stage.offer("ana"), agent, pickup))

    def test_he_has_the_call_and_whom_it_rang_for_missed_nothing(self) -> None:
        stage = self.ringing()
        commands = self.take(stage, "luis")
        assert only(commands, CancelOffer).why is CancelReason.ANSWERED_ELSEWHERE
        connect = only(commands, Connect)
        assert (connect.offer, connect.call, connect.agent) == ("p1", "c1", "luis")
        visit = only(commands, VisitEnded)
        assert (visit.result, visit.agent) == (VisitResult.ANSWERED, "luis")
        assert (stage.state("ana"), stage.state("luis")) == (AgentState.RINGING, AgentState.ON_CALL)
        stage.refuse("ana", 487)
        assert only(stage.all(OfferEnded), OfferEnded).result is OfferResult.ANSWERED_ELSEWHERE
        assert stage.state("ana") is AgentState.READY
        stage.end("c1", "luis")
        assert stage.state("luis") is AgentState.WRAP_UP

    def test_her_answer_comes_too_late(self) -> None:
        stage = self.ringing()
        self.take(stage, "luis")
        assert only(stage.answer("ana"), HangUpOffer).offer == stage.offer("ana")
        assert stage.state("luis") is AgentState.ON_CALL

    def test_his_pickup_comes_too_late(self) -> None:
        stage = self.ringing()
        stage.answer("ana")
        commands = self.take(stage, "luis")
        assert (only(commands, HangUpOffer).offer, len(commands)) == ("p1", 1)
        assert stage.state("luis") is AgentState.READY

    def test_of_two_at_once_the_first_has_it(self) -> None:
        stage = Stage([support()], team("ana", "luis", "eva"))
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        stage.login("luis", "eva")
        assert only(self.take(stage, "luis", "p1"), Connect).agent == "luis"
        assert only(self.take(stage, "eva", "p2"), HangUpOffer).offer == "p2"
        assert self.take(stage, "luis", "p1") == [], "a duplicate"

    @pytest.mark.parametrize("who", ["eva", "ana", "nobody", "offline", "talking"])
    def test_who_may_not(self, who: str) -> None:
        stage = self.ringing()
        if who == "offline":
            stage.set("luis", WantedState.OFFLINE)
        if who == "talking":
            stage.queue("c2")
            stage.answer("luis")
        agent = "luis" if who in ("offline", "talking") else who
        assert only(self.take(stage, agent), HangUpOffer).offer == "p1"
        assert none(stage.answer("ana"), HangUpOffer), "it still is hers"

    def test_a_paused_agent_may_and_is_paused_afterwards(self) -> None:
        stage = self.ringing(wrap_up_us=0)
        stage.set("luis", WantedState.PAUSED, "lunch")
        assert only(self.take(stage, "luis"), Connect).agent == "luis"
        stage.end("c1", "luis")
        assert stage.state("luis") is AgentState.PAUSED

    def test_his_wrap_up_ends_with_it(self) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("luis")
        stage.queue("c0")
        stage.answer("luis")
        stage.end("c0", "luis")
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        commands = self.take(stage, "luis")
        assert only(commands, WrapUpEnded).call == "c0"
        assert only(commands, Connect).call == "c1"
