"""Agents: logins, phones that come and go, conversations, wrap-up, pauses, losses."""

import pytest

from acd.agent import AgentState
from acd.commands import (
    AgentChanged,
    CancelOffer,
    CancelReason,
    LeaveQueue,
    Offer,
    VisitReason,
    VisitResult,
    VisitStarted,
    WatchPhone,
    WrapUpEnded,
)
from acd.events import (
    AgentMoved,
    CallGone,
    ConversationEnd,
    ConversationEnded,
    ConversationMoved,
    GoneReason,
    PhoneAtCode,
    PhoneBusy,
    PhoneReachable,
    PhoneRegistered,
    PhoneUnreachable,
    PhoneUnregistered,
    WantedState,
    WrapUpDone,
    WrapUpExtended,
)
from acd.router import Router
from acd.settings import AgentSettings, OnAgentLost
from tests.acd.stage import SECOND, START_US, Stage, none, only, seconds, support, team


def one_agent(**settings: object) -> Stage:
    return Stage([support(**settings)], team("ana"))


def in_a_call(**settings: object) -> Stage:
    """Ana talks to c1."""
    stage = one_agent(**settings)
    stage.login("ana")
    stage.queue("c1")
    stage.answer("ana")
    return stage


class TestLogin:
    def test_the_first_fresh_registration_logs_in(self) -> None:
        stage = one_agent()
        changed = only(stage.login("ana"), AgentChanged)
        assert (changed.state, changed.since_us) == (AgentState.READY, START_US)

    def test_a_refresh_is_not_a_login(self) -> None:
        stage = one_agent()
        assert none(stage.step(PhoneRegistered("ana", fresh=False)), AgentChanged)
        assert stage.state("ana") is AgentState.OFFLINE

    def test_a_logout_holds_through_refreshes_expiry_and_return(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.set("ana", WantedState.OFFLINE)
        stage.step(PhoneRegistered("ana", fresh=False))
        stage.step(PhoneUnregistered("ana", explicit=False))
        stage.step(PhoneRegistered("ana", fresh=True))
        assert stage.state("ana") is AgentState.OFFLINE

    def test_an_explicit_unregister_is_a_logout_and_the_next_register_a_login(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.set("ana", WantedState.PAUSED, "lunch")
        stage.step(PhoneUnregistered("ana", explicit=True))
        assert stage.state("ana") is AgentState.OFFLINE
        stage.step(PhoneRegistered("ana", fresh=True))
        assert stage.state("ana") is AgentState.READY

    def test_who_does_not_log_in_by_registering_says_so(self) -> None:
        stage = Stage([support()], [AgentSettings("ana", login_on_register=False)])
        stage.login("ana")
        assert stage.state("ana") is AgentState.OFFLINE
        stage.set("ana", WantedState.READY)
        assert stage.state("ana") is AgentState.READY
        stage.step(PhoneUnregistered("ana", explicit=True))
        assert stage.state("ana") is AgentState.UNREACHABLE

    def test_ready_without_a_phone_is_unreachable(self) -> None:
        stage = one_agent()
        stage.set("ana", WantedState.READY)
        assert stage.state("ana") is AgentState.UNREACHABLE
        stage.queue("c1")
        assert stage.offered() == []
        stage.step(PhoneRegistered("ana", fresh=True))
        assert stage.offered() == [("c1", "ana")]

    def test_a_fresh_registration_that_replaces_another_changes_nothing(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.set("ana", WantedState.PAUSED, "lunch")
        assert stage.step(PhoneRegistered("ana", fresh=True)) == []


class TestVanishing:
    @pytest.mark.parametrize("paused", [False, True])
    def test_who_vanishes_and_returns_is_as_he_was(self, paused: bool) -> None:
        stage = one_agent()
        stage.login("ana")
        if paused:
            stage.set("ana", WantedState.PAUSED, "lunch")
        before = stage.state("ana")
        stage.step(PhoneUnregistered("ana", explicit=False))
        assert stage.state("ana") is AgentState.UNREACHABLE
        changed = only(stage.step(PhoneRegistered("ana", fresh=True)), AgentChanged)
        assert (changed.state, changed.reason) == (before, "lunch" if paused else "")

    def test_an_expired_registration_takes_the_agent_out_of_the_line(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.step(PhoneUnregistered("ana", explicit=False))
        assert none(stage.queue("c1"), Offer)

    def test_an_unreachable_phone_is_watched_until_it_answers(self) -> None:
        stage = one_agent()
        stage.login("ana")
        assert only(stage.step(PhoneUnreachable("ana")), WatchPhone).on is True
        assert stage.step(PhoneUnreachable("ana")) == []
        assert only(stage.step(PhoneReachable("ana")), WatchPhone).on is False
        assert stage.state("ana") is AgentState.READY

    def test_a_register_shows_that_the_phone_is_there(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.step(PhoneUnreachable("ana"))
        assert only(stage.step(PhoneRegistered("ana", fresh=False)), WatchPhone).on is False
        assert stage.state("ana") is AgentState.READY

    def test_without_a_binding_there_is_nothing_to_watch(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.step(PhoneUnreachable("ana"))
        assert only(stage.step(PhoneUnregistered("ana", explicit=False)), WatchPhone).on is False


class TestPhoneBusy:
    def test_a_dialog_of_its_own_is_on_call_and_not_offered(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.step(PhoneBusy("ana", 1))
        assert stage.state("ana") is AgentState.ON_CALL
        assert none(stage.queue("c1"), Offer)
        assert only(stage.step(PhoneBusy("ana", 0)), Offer).agent == "ana"

    def test_the_idle_clock_starts_after_it(self) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.step(PhoneBusy("ana", 1))
        stage.step(PhoneBusy("ana", 0))
        assert only(stage.queue("c1"), Offer).agent == "luis"

    def test_a_second_dialog_is_no_news(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.step(PhoneBusy("ana", 1))
        assert stage.step(PhoneBusy("ana", 2)) == []
        assert none(stage.step(PhoneBusy("ana", 1)), AgentChanged)
        assert stage.state("ana") is AgentState.ON_CALL

    def test_it_does_not_make_an_offline_agent_on_call(self) -> None:
        stage = one_agent()
        stage.step(PhoneBusy("ana", 1))
        assert stage.state("ana") is AgentState.OFFLINE


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


class TestPause:
    def test_is_immediate_when_ready(self) -> None:
        stage = one_agent()
        stage.login("ana")
        changed = only(stage.set("ana", WantedState.PAUSED, "lunch"), AgentChanged)
        assert (changed.state, changed.reason) == (AgentState.PAUSED, "lunch")
        assert none(stage.queue("c1"), Offer)

    def test_in_a_call_takes_effect_after_call_and_wrap_up(self) -> None:
        stage = in_a_call()
        assert none(stage.set("ana", WantedState.PAUSED, "lunch"), AgentChanged)
        stage.end("c1", "ana")
        assert stage.state("ana") is AgentState.WRAP_UP
        changed = only(stage.wait(10), AgentChanged)
        assert (changed.state, changed.reason) == (AgentState.PAUSED, "lunch")

    def test_another_reason_is_another_interval(self) -> None:
        stage = one_agent()
        stage.login("ana")
        stage.set("ana", WantedState.PAUSED, "lunch")
        stage.wait(60)
        changed = only(stage.set("ana", WantedState.PAUSED, "training"), AgentChanged)
        assert changed.since_us == stage.now_us
        assert stage.set("ana", WantedState.PAUSED, "training") == []

    def test_a_logout_in_a_call_takes_effect_after_it(self) -> None:
        stage = in_a_call()
        stage.set("ana", WantedState.OFFLINE)
        assert stage.state("ana") is AgentState.ON_CALL
        assert only(stage.end("c1", "ana"), WrapUpEnded).wrap_up_us == 0
        assert stage.state("ana") is AgentState.OFFLINE


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


@pytest.mark.parametrize("agent", ["nobody", ""])
def test_events_about_unknown_agents_change_nothing(agent: str) -> None:
    stage = one_agent()
    digest = stage.router.state_hash()
    for event in (
        PhoneRegistered(agent, fresh=True),
        PhoneUnregistered(agent, explicit=True),
        PhoneUnreachable(agent),
        PhoneReachable(agent),
        PhoneBusy(agent, 1),
    ):
        assert stage.step(event) == []
    assert stage.set(agent, WantedState.READY) == []
    assert stage.router.state_hash() == digest


class TestTheDesk:
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

    def test_a_phone_at_a_code_is_offered_nothing_and_its_agent_keeps_state_and_turn(self) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("ana", "luis")
        assert stage.step(PhoneAtCode("ana", at_code=True)) == []
        assert only(stage.queue("c1"), Offer).agent == "luis"
        stage.queue("c2")
        assert only(stage.step(PhoneAtCode("ana", at_code=False)), Offer).agent == "ana"

    def test_who_moves_is_not_rung_where_he_was(self) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("ana")
        stage.queue("c1")
        stage.ring("ana")
        assert only(stage.step(AgentMoved("ana")), CancelOffer).why is CancelReason.AGENT_GONE
        offered = stage.refuse("ana", 487)
        assert only(offered, Offer).agent == "ana", "at the phone where she sits now"

    def test_who_moves_in_a_call_goes_on_with_it(self) -> None:
        stage = in_a_call()
        assert stage.step(AgentMoved("ana")) == []
        assert stage.state("ana") is AgentState.ON_CALL
