"""What follows a call: wrap-up, by the queue's settings and by hand."""

import pytest

from acd.agent import AgentState
from acd.commands import AgentChanged, Offer, WrapUpEnded
from acd.events import CallGone, ConversationEnd, GoneReason, WantedState, WrapUpDone, WrapUpExtended
from acd.router import Router
from tests.acd.stage import SECOND, Stage, in_a_call, none, one_agent, only, seconds, support, team


class TestWrapUp:
    def test_follows_the_queue_and_then_ready(self) -> None:
        stage = in_a_call(wrap_up_us=7_000_000)
        stage.wait(30)
        changed = only(stage.end("c1", "ana"), AgentChanged)
        assert (changed.state, changed.call) == (AgentState.WRAP_UP, "c1")
        assert none(stage.wait(6.999), WrapUpEnded)
        commands = stage.wait(0.001)
        ended = only(commands, WrapUpEnded)
        assert (ended.call, ended.queue, ended.wrap_up_us) == ("c1", "support", seconds(7))
        assert only(commands, AgentChanged).state is AgentState.READY

    def test_nobody_is_offered_a_call_in_it(self) -> None:
        stage = in_a_call()
        stage.end("c1", "ana")
        assert none(stage.queue("c2"), Offer)
        assert none(stage.wait(9.999), Offer)
        assert only(stage.wait(0.001), Offer).call == "c2"

    def test_ready_ends_it(self) -> None:
        stage = in_a_call()
        stage.end("c1", "ana")
        stage.wait(4)
        assert only(stage.set("ana", WantedState.READY), WrapUpEnded).wrap_up_us == seconds(4)
        assert stage.state("ana") is AgentState.READY
        assert none(stage.wait(20), WrapUpEnded)

    def test_none_configured_is_none(self) -> None:
        stage = in_a_call(wrap_up_us=0)
        commands = stage.end("c1", "ana")
        assert only(commands, WrapUpEnded).wrap_up_us == 0
        assert only(commands, AgentChanged).state is AgentState.READY

    def test_a_logout_ends_it(self) -> None:
        stage = in_a_call()
        stage.end("c1", "ana")
        stage.wait(3)
        assert only(stage.set("ana", WantedState.OFFLINE), WrapUpEnded).wrap_up_us == seconds(3)
        assert stage.state("ana") is AgentState.OFFLINE

    @pytest.mark.parametrize("how", sorted(set(ConversationEnd) - {ConversationEnd.AGENT_LOST}))
    def test_follows_every_end_but_a_loss(self, how: ConversationEnd) -> None:
        stage = in_a_call()
        stage.end("c1", "ana", how)
        assert stage.state("ana") is AgentState.WRAP_UP

    @pytest.mark.parametrize("reason", sorted(GoneReason))
    def test_follows_a_call_that_is_gone(self, reason: GoneReason) -> None:
        stage = in_a_call()
        stage.step(CallGone("c1", reason))
        assert stage.state("ana") is AgentState.WRAP_UP
        assert stage.end("c1", "ana") == []


class TestWrapUpByHand:
    def test_a_wrap_up_that_is_done_lets_the_pause_begin(self) -> None:
        stage = in_a_call(wrap_up_us=10 * SECOND)
        stage.set("ana", WantedState.PAUSED, "lunch")
        stage.end("c1", "ana")
        stage.wait(3)
        assert only(stage.step(WrapUpDone("ana")), WrapUpEnded).wrap_up_us == seconds(3)
        assert stage.state("ana") is AgentState.PAUSED
        assert stage.step(WrapUpDone("ana")) == []

    def test_a_wrap_up_is_extended_as_often_as_asked(self) -> None:
        stage = in_a_call(wrap_up_us=10 * SECOND)
        stage.end("c1", "ana")
        stage.wait(9)
        stage.step(WrapUpExtended("ana", 5 * SECOND))
        stage.step(WrapUpExtended("ana", 5 * SECOND))
        assert none(stage.wait(10.999), WrapUpEnded)
        assert only(stage.wait(0.001), WrapUpEnded).wrap_up_us == seconds(20)

    @pytest.mark.parametrize("wrap_up_s", [0, 10])
    def test_asked_for_in_the_call_it_follows_the_call(self, wrap_up_s: int) -> None:
        stage = in_a_call(wrap_up_us=wrap_up_s * SECOND)
        stage.step(WrapUpExtended("ana", 5 * SECOND))
        assert none(stage.end("c1", "ana"), WrapUpEnded)
        assert only(stage.wait(wrap_up_s + 5), WrapUpEnded).wrap_up_us == seconds(wrap_up_s + 5)
        stage.queue("c2")
        stage.answer("ana")
        stage.end("c2", "ana")
        assert (stage.state("ana") is AgentState.WRAP_UP) == bool(wrap_up_s), "it was for one call"
        stage.wait(wrap_up_s)
        assert stage.state("ana") is AgentState.READY

    def test_no_extension_goes_beyond_the_queues_limit(self) -> None:
        stage = Stage([support(wrap_up_us=10 * SECOND, wrap_up_max_us=20 * SECOND)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        stage.answer("ana")
        stage.step(WrapUpExtended("ana", 5 * SECOND))
        stage.end("c1", "ana")
        for _ in range(9):
            stage.step(WrapUpExtended("ana", 3 * SECOND))
        stage.queue("c2")
        assert none(stage.wait(19.999999), Offer)
        assert only(stage.wait(0.000001), Offer).call == "c2"

    def test_asked_for_in_the_call_it_is_bounded_too(self) -> None:
        stage = Stage([support(wrap_up_us=10 * SECOND, wrap_up_max_us=20 * SECOND)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        stage.answer("ana")
        stage.step(WrapUpExtended("ana", 50 * SECOND))
        stage.end("c1", "ana")
        assert only(stage.wait(20), WrapUpEnded).wrap_up_us == 20 * SECOND

    def test_a_limit_below_the_wrap_up_allows_no_extension(self) -> None:
        stage = Stage([support(wrap_up_us=10 * SECOND, wrap_up_max_us=5 * SECOND)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        stage.answer("ana")
        stage.end("c1", "ana")
        stage.step(WrapUpExtended("ana", 3 * SECOND))
        assert only(stage.wait(10), WrapUpEnded).wrap_up_us == 10 * SECOND

    def test_where_no_wrap_up_is_or_follows_nothing_is_extended(self) -> None:
        stage = one_agent()
        stage.login("ana")
        before = stage.router.state_hash()
        assert stage.step(WrapUpExtended("ana", 5 * SECOND)) == []
        assert stage.step(WrapUpExtended("eva", 5 * SECOND)) == []
        assert stage.router.state_hash() == before

    def test_an_extended_wrap_up_outlives_a_snapshot(self) -> None:
        stage = in_a_call(wrap_up_us=10 * SECOND)
        stage.end("c1", "ana")
        stage.step(WrapUpExtended("ana", 5 * SECOND))
        again = Router.restore(stage.router.snapshot())
        assert again.deadline() == stage.router.deadline() == stage.now_us + 15 * SECOND
