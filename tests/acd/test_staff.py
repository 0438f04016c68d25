"""Agents: logins, phones that come and go, pauses, what they ask for at the desk."""

import pytest

from acd.agent import AgentState
from acd.commands import AgentChanged, CancelOffer, CancelReason, Offer, WatchPhone, WrapUpEnded
from acd.events import (
    AgentMoved,
    PhoneAtCode,
    PhoneBusy,
    PhoneReachable,
    PhoneRegistered,
    PhoneUnreachable,
    PhoneUnregistered,
    WantedState,
)
from acd.settings import AgentSettings
from tests.acd.stage import START_US, Stage, in_a_call, none, one_agent, only, support, team


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
