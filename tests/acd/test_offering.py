"""One offer from INVITE to its end, each rule by its name."""

import pytest

from acd.agent import AgentState
from acd.commands import (
    CancelOffer,
    CancelReason,
    Connect,
    HangUpOffer,
    Offer,
    OfferEnded,
    OfferResult,
    VisitEnded,
    VisitResult,
)
from acd.events import (
    CallGone,
    GoneReason,
    OfferAnswered,
    OfferNoResponse,
    OfferNotSent,
    OfferRefused,
    OfferRinging,
    OfferTrying,
    PhoneUnregistered,
    WantedState,
)
from acd.settings import OnNoAnswer
from tests.acd.stage import alone, none, only, pair


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
