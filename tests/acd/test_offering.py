"""One offer from INVITE to its end, each rule by its name."""

from typing import Any

import pytest

from acd.agent import AgentState
from acd.commands import (
    AgentChanged,
    CancelOffer,
    CancelReason,
    Command,
    Connect,
    HangUpOffer,
    Offer,
    OfferEnded,
    OfferResult,
    VisitEnded,
    VisitResult,
    WatchPhone,
    WrapUpEnded,
)
from acd.events import (
    CallGone,
    ConversationEnd,
    GoneReason,
    OfferAnswered,
    OfferNoResponse,
    OfferNotSent,
    OfferPickedUp,
    OfferRefused,
    OfferRinging,
    OfferTrying,
    PhoneReachable,
    PhoneUnregistered,
    WantedState,
)
from acd.settings import OnNoAnswer, QueueSettings
from tests.acd.stage import Stage, none, only, support, team


def pair(**settings: object) -> Stage:
    """Ana and Luis are free, ana longer; one caller rings at ana's."""
    stage = Stage([support(wrap_up_us=0, **settings)], team("ana", "luis"))
    stage.login("ana", "luis")
    stage.queue("c1")
    assert stage.offered() == [("c1", "ana")]
    return stage


def alone(**settings: object) -> Stage:
    """Only ana is there; one caller rings at hers."""
    stage = Stage([support(wrap_up_us=0, **settings)], team("ana"))
    stage.login("ana")
    stage.queue("c1")
    return stage


class TestSilence:
    def test_not_even_a_100_makes_the_agent_unreachable_and_cancels(self) -> None:
        stage = pair()
        assert none(stage.wait(3.999), CancelOffer)
        commands = stage.wait(0.001)
        assert only(commands, CancelOffer).why is CancelReason.UNREACHABLE
        assert only(commands, WatchPhone) == WatchPhone(only(commands, WatchPhone).id, "ana", on=True)
        assert stage.state("ana") is AgentState.UNREACHABLE

    def test_the_call_is_offered_on_2_s_after_the_cancel(self) -> None:
        stage = pair()
        stage.wait(4)
        assert none(stage.wait(1.999), Offer)
        assert only(stage.wait(0.001), Offer).agent == "luis"

    def test_or_at_the_final_response_if_that_is_earlier(self) -> None:
        stage = pair()
        stage.wait(5)
        assert only(stage.refuse("ana", 487), Offer).agent == "luis"

    def test_nobody_is_offered_anything_while_unreachable(self) -> None:
        stage = alone()
        stage.wait(36)
        stage.step(OfferNoResponse(stage.offer("ana")))
        stage.wait(120)
        assert stage.offered() == [("c1", "ana")]
        assert only(stage.all(OfferEnded), OfferEnded).result is OfferResult.UNREACHABLE

    def test_any_answer_or_authenticated_request_ends_it(self) -> None:
        stage = alone()
        stage.wait(36)
        stage.step(OfferNoResponse(stage.offer("ana")))
        commands = stage.step(PhoneReachable("ana"))
        assert only(commands, WatchPhone).on is False
        assert only(commands, Offer).agent == "ana"

    def test_a_late_100_ends_it_too_but_the_cancel_stands(self) -> None:
        stage = alone()
        stage.wait(4.5)
        commands = stage.step(OfferTrying(stage.offer("ana")))
        assert only(commands, WatchPhone).on is False
        assert stage.state("ana") is AgentState.RINGING
        assert none(commands, Offer)
        assert only(stage.refuse("ana", 487), Offer).agent == "ana"

    def test_nothing_within_64_t1_is_unreachable(self) -> None:
        stage = alone(unreachable_after_us=60_000_000)
        stage.wait(32)
        commands = stage.step(OfferNoResponse(stage.offer("ana")))
        assert only(commands, OfferEnded).result is OfferResult.UNREACHABLE
        assert stage.state("ana") is AgentState.UNREACHABLE


class TestRingTimeout:
    def test_runs_from_the_first_101_to_199(self) -> None:
        stage = pair()
        stage.wait(2)
        stage.ring("ana")
        stage.wait(10)
        stage.ring("ana")
        assert none(stage.wait(4.999), CancelOffer)
        assert only(stage.wait(0.001), CancelOffer).why is CancelReason.RING_TIMEOUT

    def test_runs_from_a_100_that_nothing_follows(self) -> None:
        stage = pair()
        stage.wait(3)
        stage.step(OfferTrying(stage.offer("ana")))
        assert none(stage.wait(14.999), CancelOffer)
        assert only(stage.wait(0.001), CancelOffer).why is CancelReason.RING_TIMEOUT

    def test_runs_from_the_180_that_follows_a_100_in_time(self) -> None:
        stage = pair()
        stage.step(OfferTrying(stage.offer("ana")))
        stage.wait(3)
        stage.ring("ana")
        assert none(stage.wait(14.999), CancelOffer)
        assert only(stage.wait(0.001), CancelOffer).why is CancelReason.RING_TIMEOUT

    def test_a_180_too_late_after_the_100_does_not_begin_it_anew(self) -> None:
        stage = pair()
        stage.step(OfferTrying(stage.offer("ana")))
        stage.wait(10)
        stage.ring("ana")
        assert none(stage.wait(4.999), CancelOffer)
        assert only(stage.wait(0.001), CancelOffer).why is CancelReason.RING_TIMEOUT

    def test_shorter_than_unreachable_after_it_still_waits_for_what_follows_the_100(self) -> None:
        stage = pair(ring_timeout_us=1_000_000)
        stage.step(OfferTrying(stage.offer("ana")))
        assert none(stage.wait(3.999), CancelOffer)
        assert only(stage.wait(0.001), CancelOffer).why is CancelReason.RING_TIMEOUT

    def test_the_agent_stays_ringing_until_the_final_response(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(20)
        assert stage.offered() == [("c1", "ana"), ("c1", "luis")]
        assert stage.state("ana") is AgentState.RINGING
        stage.refuse("ana", 487)
        assert stage.state("ana") is AgentState.PAUSED

    def test_the_agent_of_an_offer_is_never_offered_a_second_one(self) -> None:
        stage = alone(on_no_answer=OnNoAnswer.RETRY)
        stage.ring("ana")
        stage.wait(15)
        stage.queue("c2")
        stage.wait(14)
        assert stage.offered() == [("c1", "ana")]

    def test_no_answer_pauses(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(15)
        ana, luis = (one for one in stage.refuse("ana", 487) if isinstance(one, AgentChanged))
        assert (ana.agent, ana.state, ana.reason) == ("ana", AgentState.PAUSED, "no-answer")
        assert (luis.agent, luis.state) == ("luis", AgentState.RINGING)
        assert stage.all(OfferEnded)[0].result is OfferResult.NO_ANSWER

    def test_a_caller_who_hangs_up_after_it_does_not_undo_it(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(15)
        stage.hang_up("c1")
        assert only(stage.refuse("ana", 487), OfferEnded).result is OfferResult.NO_ANSWER
        assert stage.state("ana") is AgentState.PAUSED

    def test_who_has_logged_out_meanwhile_is_not_paused_at_the_next_login(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(15)
        stage.step(PhoneUnregistered("ana", explicit=True))
        stage.refuse("ana", 487)
        stage.login("ana")
        assert stage.state("ana") is AgentState.READY

    def test_no_answer_with_retry_moves_on_before_it_comes_back(self) -> None:
        stage = pair(on_no_answer=OnNoAnswer.RETRY)
        stage.ring("ana")
        stage.wait(15)
        assert only(stage.refuse("ana", 487), Offer).agent == "luis"
        assert stage.state("ana") is AgentState.READY
        stage.ring("luis")
        stage.wait(9)
        stage.refuse("luis", 603)
        assert stage.offered()[-1] == ("c1", "luis")
        assert only(stage.wait(1), Offer).agent == "ana"


class TestRefusal:
    @pytest.mark.parametrize("status", [302, 404, 480, 486, 503, 603])
    def test_before_any_101_to_199_it_is_busy(self, status: int) -> None:
        stage = alone()
        stage.step(OfferTrying(stage.offer("ana")))
        ended = only(stage.refuse("ana", status), OfferEnded)
        assert (ended.result, ended.status) == (OfferResult.BUSY, status)
        assert none(stage.wait(4.999), Offer)
        assert only(stage.wait(0.001), Offer).agent == "ana"

    @pytest.mark.parametrize("status", [302, 404, 480, 486, 503, 603])
    def test_after_it_a_reject(self, status: int) -> None:
        stage = alone()
        stage.ring("ana")
        ended = only(stage.refuse("ana", status), OfferEnded)
        assert (ended.result, ended.status) == (OfferResult.REJECTED, status)
        assert none(stage.wait(9.999), Offer)
        assert only(stage.wait(0.001), Offer).agent == "ana"

    def test_do_not_disturb_and_one_caller_make_one_invite_each_5_s(self) -> None:
        stage = alone()
        for _ in range(12):
            stage.refuse("ana", 486)
            stage.wait(5)
        assert len(stage.offered()) == 13

    def test_the_next_agent_is_offered_at_once(self) -> None:
        stage = pair()
        assert only(stage.refuse("ana"), Offer).agent == "luis"

    def test_a_refused_agent_waits_whoever_calls(self) -> None:
        stage = alone()
        stage.refuse("ana")
        assert none(stage.queue("c2", priority=9), Offer)
        assert only(stage.wait(5), Offer).call == "c2"

    def test_refusing_does_not_pause(self) -> None:
        stage = alone()
        stage.ring("ana")
        stage.refuse("ana")
        assert stage.state("ana") is AgentState.READY


class TestIdleClock:
    """A failed offer never changes it: the agent keeps the place among the free."""

    @pytest.mark.parametrize("ringing", [False, True])
    def test_a_refused_offer_leaves_it(self, ringing: bool) -> None:
        stage = pair()
        if ringing:
            stage.ring("ana")
        stage.refuse("ana")
        stage.hang_up("c1")
        stage.refuse("luis", 487)
        stage.wait(60)
        assert only(stage.queue("c2"), Offer).agent == "ana"

    def test_a_caller_who_gives_up_leaves_it(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(5)
        stage.hang_up("c1")
        stage.refuse("ana", 487)
        assert only(stage.queue("c2"), Offer).agent == "ana"

    def test_an_unanswered_one_with_retry_leaves_it(self) -> None:
        stage = pair(on_no_answer=OnNoAnswer.RETRY)
        stage.ring("ana")
        stage.wait(15)
        stage.hang_up("c1")
        stage.refuse("ana", 487)
        stage.wait(11)
        assert only(stage.queue("c2"), Offer).agent == "ana"


class TestCallerGone:
    def test_the_ring_stops_and_nobody_is_missed(self) -> None:
        stage = pair()
        stage.ring("ana")
        commands = stage.hang_up("c1")
        assert only(commands, CancelOffer).why is CancelReason.CALLER_GONE
        assert only(commands, VisitEnded).result is VisitResult.ABANDONED
        assert stage.state("ana") is AgentState.RINGING
        stage.refuse("ana", 487)
        assert stage.state("ana") is AgentState.READY
        assert only(stage.all(OfferEnded), OfferEnded).result is OfferResult.CALLER_GONE

    def test_a_200_that_crosses_is_hung_up(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.hang_up("c1")
        commands = stage.answer("ana")
        assert only(commands, HangUpOffer).offer == stage.offer("ana")
        assert none(commands, Connect)
        assert stage.state("ana") is AgentState.READY

    def test_answered_elsewhere_says_so(self) -> None:
        stage = pair()
        stage.ring("ana")
        commands = stage.step(CallGone("c1", GoneReason.ANSWERED_ELSEWHERE))
        assert only(commands, CancelOffer).why is CancelReason.ANSWERED_ELSEWHERE
        stage.refuse("ana", 487)
        assert only(stage.all(OfferEnded), OfferEnded).result is OfferResult.ANSWERED_ELSEWHERE

    def test_nobody_is_paused_for_it_though_it_rang_long(self) -> None:
        stage = pair()
        stage.ring("ana")
        stage.wait(14)
        stage.hang_up("c1")
        stage.wait(10)
        stage.refuse("ana", 487)
        assert stage.state("ana") is AgentState.READY


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


class TestAgentGone:
    def test_logout_cancels_and_the_call_goes_on(self) -> None:
        stage = pair()
        stage.ring("ana")
        commands = stage.set("ana", WantedState.OFFLINE)
        assert only(commands, CancelOffer).why is CancelReason.AGENT_GONE
        assert only(stage.refuse("ana", 487), Offer).agent == "luis"
        assert stage.state("ana") is AgentState.OFFLINE

    def test_unregistering_is_a_logout(self) -> None:
        stage = pair()
        commands = stage.step(PhoneUnregistered("ana", explicit=True))
        assert only(commands, CancelOffer).why is CancelReason.AGENT_GONE

    def test_a_pause_lets_it_ring_and_takes_effect_after(self) -> None:
        stage = pair()
        stage.ring("ana")
        assert none(stage.set("ana", WantedState.PAUSED, "lunch"), CancelOffer)
        stage.answer("ana")
        stage.end("c1", "ana")
        assert stage.state("ana") is AgentState.PAUSED


class TestNotSent:
    def test_blames_no_phone_but_does_not_try_it_again_at_once(self) -> None:
        stage = alone()
        commands = stage.step(OfferNotSent(stage.offer("ana")))
        assert only(commands, OfferEnded).result is OfferResult.UNREACHABLE
        assert stage.state("ana") is AgentState.READY
        assert none(stage.wait(4.999), Offer)
        assert only(stage.wait(0.001), Offer).call == "c1"

    def test_because_the_caller_had_gone_frees_the_agent_at_once(self) -> None:
        stage = alone()
        stage.hang_up("c1")
        stage.step(OfferNotSent(stage.offer("ana")))
        assert stage.state("ana") is AgentState.READY
        assert only(stage.queue("c2"), Offer).agent == "ana"


def test_events_of_an_unknown_offer_change_nothing() -> None:
    stage = pair()
    digest = stage.router.state_hash()
    for event in (
        OfferTrying("x"),
        OfferRinging("x"),
        OfferRefused("x", 486),
        OfferNoResponse("x"),
        OfferNotSent("x"),
    ):
        assert stage.step(event) == []
    assert only(stage.step(OfferAnswered("x")), HangUpOffer).offer == "x"
    assert stage.router.state_hash() == digest


def test_no_answer_then_agent_lost_then_the_same_place_again() -> None:
    stage = pair()
    stage.answer("ana")
    stage.queue("c2")
    stage.answer("luis")
    stage.queue("c3")
    stage.end("c1", "ana", ConversationEnd.AGENT_LOST)
    assert only(stage.end("c2", "luis"), Offer).call == "c1"


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
