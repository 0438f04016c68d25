"""An offer that nobody answers: silence, and a ring that lasts too long."""

from acd.agent import AgentState
from acd.commands import AgentChanged, CancelOffer, CancelReason, Offer, OfferEnded, OfferResult, WatchPhone
from acd.events import ConversationEnd, OfferNoResponse, OfferTrying, PhoneReachable, PhoneUnregistered
from acd.settings import OnNoAnswer
from tests.acd.stage import alone, none, only, pair


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


def test_no_answer_then_agent_lost_then_the_same_place_again() -> None:
    stage = pair()
    stage.answer("ana")
    stage.queue("c2")
    stage.answer("luis")
    stage.queue("c3")
    stage.end("c1", "ana", ConversationEnd.AGENT_LOST)
    assert only(stage.end("c2", "luis"), Offer).call == "c1"
