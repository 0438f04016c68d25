"""Several phones ring for one call: ring-all and ring-progressively, each rule by its name."""

from collections.abc import Sequence
from typing import Any

import pytest

from acd.agent import AgentState
from acd.commands import (
    CancelOffer,
    CancelReason,
    Command,
    Connect,
    HangUpOffer,
    LeaveQueue,
    Offer,
    OfferEnded,
    OfferResult,
    VisitEnded,
    VisitReason,
)
from acd.events import (
    Configured,
    OfferAnswered,
    OfferNoResponse,
    OfferNotSent,
    OfferPickedUp,
    OfferRefused,
    PhoneBusy,
    PhoneReachable,
    PhoneRegistered,
    PhoneUnreachable,
    SwitchRestarted,
    WantedState,
)
from acd.queued_call import CallState
from acd.router import Router
from acd.settings import OnNoAnswer, QueueSettings
from acd.strategies import Strategy
from acd.why import Rule
from tests.acd.stage import Stage, none, only, support, team

NAMES = ("ana", "luis", "eva")


def everyone(**settings: Any) -> Stage:
    """All three are free; one caller rings at all of them."""
    stage = together(**settings)
    stage.login(*NAMES)
    stage.queue("c1")
    assert stage.offered() == [("c1", name) for name in NAMES]
    return stage


def together(**settings: Any) -> Stage:
    """A queue that rings everybody, and nobody there yet; phones need not even say 100."""
    patient = {"unreachable_after_us": 60_000_000, **settings}
    return Stage([support(strategy=Strategy.RING_ALL, **patient)], team(*NAMES))


def two_in_turn(alone_s: float, both_s: float, **settings: Any) -> Stage:
    """One caller has rung so long at ana's alone, and then so long at luis's, too, who came later."""
    stage = together(**settings)
    stage.login("ana")
    stage.queue("c1")
    stage.ring("ana")
    stage.wait(alone_s)
    stage.login("luis")
    stage.ring("luis")
    stage.wait(both_s)
    return stage


def progressive(**settings: Any) -> Stage:
    """A queue that rings one more each time, likewise."""
    patient = {"unreachable_after_us": 60_000_000, **settings}
    return Stage([support(strategy=Strategy.RING_PROGRESSIVELY, **patient)], team(*NAMES))


def one_by_one(**settings: Any) -> Stage:
    """All three are free; one caller rings at the first of them."""
    stage = progressive(**settings)
    stage.login(*NAMES)
    stage.queue("c1")
    assert stage.offered() == [("c1", "ana")]
    return stage


def found(commands: Sequence[Command], kind: type[Command]) -> list[Any]:
    """Every command of that kind, in order."""
    return [command for command in commands if isinstance(command, kind)]


def results(stage: Stage) -> dict[str, OfferResult]:
    """How the last offer to each agent ended."""
    return {ended.agent: ended.result for ended in stage.all(OfferEnded)}


def rule(offer: Offer) -> Rule | None:
    return None if offer.decision is None else offer.decision.rule


def state_of(stage: Stage, call: str) -> CallState:
    view = stage.router.call(call)
    assert view is not None
    return view.state


def ringing(stage: Stage, call: str = "c1") -> tuple[str, ...]:
    view = stage.router.call(call)
    assert view is not None
    return view.ringing


class TestRingAll:
    def test_everybody_who_is_free_is_offered_the_call_in_one_step(self) -> None:
        stage = everyone()
        assert {stage.state(name) for name in NAMES} == {AgentState.RINGING}
        assert [rule(offer) for offer in stage.all(Offer)] == [Rule.EVERYBODY] * 3
        assert ringing(stage) == NAMES

    def test_the_first_answer_wins_and_the_others_are_told_that_it_was_answered(self) -> None:
        stage = everyone()
        commands = stage.answer("luis")
        assert only(commands, Connect).agent == "luis"
        cancelled = found(commands, CancelOffer)
        assert [one.offer for one in cancelled] == [stage.offer("ana"), stage.offer("eva")]
        assert {one.why for one in cancelled} == {CancelReason.ANSWERED_ELSEWHERE}
        assert only(commands, VisitEnded).agent == "luis"

    def test_the_one_who_answers_is_connected_before_the_others_are_cancelled(self) -> None:
        commands = everyone().answer("eva")
        kinds = [type(one) for one in commands if isinstance(one, Connect | CancelOffer)]
        assert sorted(kinds, key=kinds.index) == kinds
        assert kinds.count(Connect) == 1

    @pytest.mark.parametrize("on_no_answer", sorted(OnNoAnswer))
    def test_nobody_of_the_others_is_blamed(self, on_no_answer: OnNoAnswer) -> None:
        stage = everyone(on_no_answer=on_no_answer)
        stage.answer("ana")
        for name in ("luis", "eva"):
            stage.refuse(name, 487)
            assert stage.state(name) is AgentState.READY
        assert results(stage)["luis"] is OfferResult.ANSWERED_ELSEWHERE
        stage.queue("c2")
        assert stage.offered()[3:] == [("c2", "luis"), ("c2", "eva")]

    def test_they_keep_their_idle_time(self) -> None:
        stage = everyone()
        stage.answer("luis")
        stage.refuse("eva", 487)
        stage.refuse("ana", 487)
        stage.queue("c2")
        assert stage.offered()[3:] == [("c2", "ana"), ("c2", "eva")]

    def test_an_answer_that_comes_second_is_hung_up_and_its_agent_is_ready_at_once(self) -> None:
        stage = everyone(wrap_up_us=10_000_000)
        stage.answer("ana")
        commands = stage.answer("luis")
        assert only(commands, HangUpOffer).offer == stage.offer("luis")
        assert only(commands, OfferEnded).result is OfferResult.ANSWERED_ELSEWHERE
        assert none(commands, Connect)
        assert stage.state("luis") is AgentState.READY
        assert only(stage.queue("c2"), Offer).agent == "luis"

    def test_a_refusal_ends_only_that_offer(self) -> None:
        stage = everyone()
        commands = stage.refuse("ana")
        assert only(commands, OfferEnded).result is OfferResult.BUSY
        assert none(commands, CancelOffer)
        assert none(commands, Offer)
        assert ringing(stage) == ("luis", "eva")

    def test_the_call_waits_again_at_its_place_when_its_last_offer_has_ended(self) -> None:
        stage = everyone(retry_busy_us=5_000_000)
        stage.queue("c2")
        for name in NAMES:
            stage.refuse(name)
            stage.wait(0.1)
        assert state_of(stage, "c1") is CallState.WAITING
        assert len(stage.offered()) == 3
        stage.wait(5)
        assert stage.offered()[3:] == [("c1", "ana"), ("c2", "luis"), ("c1", "eva")]

    def test_who_becomes_free_while_it_rings_is_offered_too(self) -> None:
        stage = together()
        stage.login("ana")
        stage.queue("c1")
        offer = only(stage.login("luis"), Offer)
        assert (offer.call, rule(offer)) == ("c1", Rule.ONE_MORE)
        stage.step(PhoneBusy("eva", 1))
        assert none(stage.login("eva"), Offer)
        assert only(stage.step(PhoneBusy("eva", 0)), Offer).agent == "eva"

    def test_but_whoever_waits_in_line_comes_first(self) -> None:
        stage = together()
        stage.login("ana")
        stage.queue("c1")
        stage.queue("c2")
        assert only(stage.login("luis"), Offer).call == "c2"
        assert only(stage.login("eva"), Offer).call == "c1"

    def test_and_of_those_who_ring_the_first_in_line(self) -> None:
        stage = together()
        stage.login("ana")
        stage.queue("c1")
        stage.queue("c2", priority=1)
        stage.login("luis")
        assert only(stage.login("eva"), Offer).call == "c2"

    def test_who_refused_rings_again_only_after_the_hold(self) -> None:
        stage = everyone(retry_busy_us=5_000_000)
        stage.refuse("ana")
        assert none(stage.wait(4.9), Offer)
        assert only(stage.wait(0.2), Offer).agent == "ana"
        assert set(ringing(stage)) == set(NAMES)

    def test_who_lets_it_ring_is_blamed_as_ever(self) -> None:
        stage = two_in_turn(10, 5, on_no_answer=OnNoAnswer.PAUSE)
        stage.refuse("ana", 487)
        assert stage.state("ana") is AgentState.PAUSED
        assert ringing(stage) == ("luis",)
        assert only(stage.answer("luis"), Connect).call == "c1"

    @pytest.mark.parametrize(
        ("alone_s", "both_s", "on_no_answer"), [(10, 5, OnNoAnswer.PAUSE), (9, 7, OnNoAnswer.RETRY)]
    )
    def test_an_answer_that_crosses_the_cancel_wins_while_others_still_ring(
        self, alone_s: float, both_s: float, on_no_answer: OnNoAnswer
    ) -> None:
        """Even after the call was let go, two seconds later."""
        stage = two_in_turn(alone_s, both_s, on_no_answer=on_no_answer)
        commands = stage.answer("ana")
        assert only(commands, Connect).agent == "ana"
        assert only(commands, CancelOffer).offer == stage.offer("luis")

    def test_the_caller_hangs_up(self) -> None:
        stage = everyone()
        commands = stage.hang_up("c1")
        assert [one.why for one in found(commands, CancelOffer)] == [CancelReason.CALLER_GONE] * 3
        for name in NAMES:
            stage.refuse(name, 487)
        assert set(results(stage).values()) == {OfferResult.CALLER_GONE}
        assert len(stage.all(OfferEnded)) == 3

    def test_an_answer_after_the_caller_has_hung_up(self) -> None:
        stage = everyone()
        stage.hang_up("c1")
        assert only(stage.answer("ana"), HangUpOffer).offer == stage.offer("ana")
        assert stage.state("ana") is AgentState.READY

    def test_max_wait_ends_all_of_them_and_overflows(self) -> None:
        stage = everyone(max_wait_us=3_000_000, overflow="phone:1001")
        commands = stage.wait(3)
        assert only(commands, LeaveQueue).target == "phone:1001"
        assert [one.why for one in found(commands, CancelOffer)] == [CancelReason.LEFT_QUEUE] * 3
        assert only(commands, VisitEnded).reason is VisitReason.MAX_WAIT

    def test_overflow_into_a_queue_that_rings_everybody_too(self) -> None:
        queues = [
            support(strategy=Strategy.RING_ALL, max_wait_us=3_000_000, overflow="queue:second"),
            QueueSettings("second", strategy=Strategy.RING_ALL),
        ]
        stage = Stage(queues, team(*NAMES))
        stage.login(*NAMES)
        stage.queue("c1")
        stage.wait(3)
        assert ringing(stage) == ()
        for name in NAMES:
            stage.refuse(name, 487)
        assert [offer.queue for offer in stage.all(Offer)] == ["support"] * 3 + ["second"] * 3

    def test_a_colleague_picks_up(self) -> None:
        stage = everyone()
        stage.refuse("eva")
        commands = stage.step(OfferPickedUp(stage.offer("ana"), "eva", "leg 7"))
        assert only(commands, Connect).agent == "eva"
        assert {one.why for one in found(commands, CancelOffer)} == {CancelReason.ANSWERED_ELSEWHERE}
        assert len(found(commands, CancelOffer)) == 2

    def test_a_logout_ends_one_offer(self) -> None:
        stage = everyone()
        commands = stage.set("ana", WantedState.OFFLINE)
        assert only(commands, CancelOffer).why is CancelReason.AGENT_GONE
        stage.refuse("ana", 487)
        assert ringing(stage) == ("luis", "eva")

    def test_whoever_cannot_be_reached_ends_one_offer(self) -> None:
        stage = everyone()
        stage.ring("luis")
        stage.step(OfferNoResponse(stage.offer("ana")))
        stage.step(OfferNotSent(stage.offer("eva")))
        assert stage.state("ana") is AgentState.UNREACHABLE
        assert ringing(stage) == ("luis",)
        assert only(stage.step(PhoneReachable("ana")), Offer).agent == "ana"

    def test_silence_everywhere_lets_the_call_wait_again(self) -> None:
        stage = everyone(unreachable_after_us=4_000_000)
        stage.wait(6)
        assert state_of(stage, "c1") is CallState.WAITING
        for name in NAMES:
            stage.step(OfferNoResponse(stage.offer(name)))
            assert stage.state(name) is AgentState.UNREACHABLE
        assert only(stage.step(PhoneReachable("eva")), Offer).call == "c1"

    def test_the_queue_closes_while_it_rings(self) -> None:
        stage = everyone()
        stage.step(Configured([], team(*NAMES)))
        assert ringing(stage) == NAMES
        assert only(stage.answer("eva"), Connect).agent == "eva"
        assert stage.router.queue("support") is not None

    def test_a_reload_lets_everybody_ring_or_no_more(self) -> None:
        stage = Stage([support()], team(*NAMES))
        stage.login(*NAMES)
        stage.queue("c1")
        assert ringing(stage) == ("ana",)
        stage.step(Configured([support(strategy=Strategy.RING_ALL)], team(*NAMES)))
        assert ringing(stage) == NAMES
        stage.step(PhoneUnreachable("ana"))
        stage.step(OfferNoResponse(stage.offer("ana")))
        stage.step(Configured([support()], team(*NAMES)))
        assert none(stage.step(PhoneReachable("ana")), Offer)
        assert ringing(stage) == ("luis", "eva")

    def test_a_restart_ends_all_of_them(self) -> None:
        stage = everyone()
        commands = stage.step(SwitchRestarted())
        assert {ended.result for ended in found(commands, OfferEnded)} == {OfferResult.SWITCH_RESTARTED}
        assert len(found(commands, OfferEnded)) == 3
        assert stage.router.calls() == []

    def test_two_queues_share_their_agents(self) -> None:
        queues = [support(strategy=Strategy.RING_ALL), QueueSettings("sales")]
        stage = Stage(queues, team(*NAMES))
        stage.login("ana")
        stage.queue("c1")
        stage.queue("c2", "sales")
        assert only(stage.login("luis"), Offer).call == "c2"
        assert only(stage.login("eva"), Offer).call == "c1"

    def test_a_restored_router_offers_it_to_whoever_comes(self) -> None:
        stage = together()
        stage.login("ana")
        stage.queue("c1")
        router = Router.restore(stage.router.snapshot())
        commands = router.step(PhoneRegistered("luis", fresh=True), stage.now_us)
        assert only(commands, Offer).call == "c1"


class TestRingProgressively:
    def test_one_more_rings_each_time(self) -> None:
        stage = one_by_one(ring_next_us=3_000_000)
        assert none(stage.wait(2.999), Offer)
        assert only(stage.wait(0.001), Offer).agent == "luis"
        assert none(stage.wait(2.999), Offer)
        assert only(stage.wait(0.001), Offer).agent == "eva"
        assert stage.router.deadline() is not None
        assert ringing(stage) == NAMES

    def test_five_seconds_unless_said_otherwise(self) -> None:
        assert only(one_by_one().wait(5), Offer).agent == "luis"

    def test_the_first_answer_wins(self) -> None:
        stage = one_by_one(wrap_up_us=10_000_000)
        stage.ring("ana")
        stage.wait(5)
        commands = stage.answer("ana")
        assert only(commands, Connect).agent == "ana"
        assert only(commands, CancelOffer).why is CancelReason.ANSWERED_ELSEWHERE
        commands = stage.answer("luis")
        assert only(commands, HangUpOffer).offer == stage.offer("luis")
        assert stage.state("luis") is AgentState.READY
        assert none(stage.wait(60), Offer)

    def test_who_rings_alone_and_refuses_is_followed_by_the_next_at_once(self) -> None:
        stage = one_by_one(retry_busy_us=60_000_000)
        stage.wait(2)
        assert only(stage.refuse("ana"), Offer).agent == "luis"
        assert none(stage.wait(4.999), Offer)
        stage.wait(0.001)
        assert ringing(stage) == ("luis", "eva")

    def test_who_refuses_while_another_rings_is_not_replaced_before_time(self) -> None:
        stage = one_by_one(retry_busy_us=60_000_000)
        stage.wait(5)
        assert none(stage.refuse("ana"), Offer)
        assert none(stage.wait(4.999), Offer)
        assert only(stage.wait(0.001), Offer).agent == "eva"

    def test_who_becomes_free_when_nobody_was_left_rings_at_once(self) -> None:
        stage = progressive()
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        assert none(stage.wait(7), Offer)
        assert only(stage.login("luis"), Offer).call == "c1"
        assert none(stage.login("eva"), Offer)
        assert only(stage.wait(4), Offer).agent == "eva"

    def test_but_not_before_its_time(self) -> None:
        stage = progressive()
        stage.login("ana")
        stage.queue("c1")
        assert none(stage.login("luis"), Offer)
        assert only(stage.wait(4), Offer).agent == "luis"

    def test_whoever_waits_in_line_comes_first(self) -> None:
        stage = progressive()
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        stage.wait(7)
        stage.queue("c2")
        assert only(stage.login("luis"), Offer).call == "c2"

    def test_the_timer_stops_with_the_last_offer(self) -> None:
        stage = progressive(max_wait_us=0)
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        stage.step(PhoneUnreachable("ana"))
        stage.step(OfferNoResponse(stage.offer("ana")))
        assert stage.router.deadline() is None

    def test_a_restored_router_rings_the_next_in_time(self) -> None:
        stage = one_by_one()
        router = Router.restore(stage.router.snapshot())
        assert router.deadline() == stage.router.deadline()


@pytest.mark.parametrize("second", [OfferAnswered, OfferNoResponse, lambda offer: OfferRefused(offer, 603)])
def test_each_offer_ends_once_whatever_the_second_says(second: Any) -> None:
    stage = everyone()
    stage.answer("ana")
    for name in ("luis", "eva", "luis"):
        stage.step(second(stage.offer(name)))
    ended = [one.offer for one in stage.all(OfferEnded)]
    assert sorted(ended) == sorted(stage.offer(name) for name in NAMES)


def test_each_caller_gets_an_agent_before_the_first_of_them_gets_another() -> None:
    """Three holds end in the same microsecond."""
    stage = everyone(retry_busy_us=5_000_000)
    stage.queue("c2")
    for name in NAMES:
        stage.refuse(name)
    stage.wait(5)
    assert stage.offered()[3:] == [("c1", "ana"), ("c2", "luis"), ("c1", "eva")]
