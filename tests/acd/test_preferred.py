"""An agent who comes first for a caller, for a time."""

import pytest

from acd.commands import Offer
from acd.events import CallAssigned, CallPulled, CallQueued, ConversationEnd, WantedState
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
from acd.strategies import Strategy
from acd.why import Rule
from tests.acd.stage import Stage, none, only, seconds, support, team


def stage_of(*present: str, **settings: object) -> Stage:
    """Ana and luis serve; the preferred one comes first for 20 s."""
    queue = support(**{"prefer_us": seconds(20), "wrap_up_us": 0, **settings})
    stage = Stage([queue, QueueSettings("sales", requires="sales >= 1")], team("ana", "luis"))
    stage.login(*present)
    return stage


def comes(stage: Stage, call: str, preferred: str = "ana", priority: int = 0) -> list[str]:
    """The agents whom the call is offered to at once."""
    commands = stage.step(CallQueued(call, "support", stage.now_us, priority, preferred=preferred))
    return [one.agent for one in commands if isinstance(one, Offer)]


def talking() -> Stage:
    """Ana talks to c1; c2, who prefers her, waits; luis is free."""
    stage = stage_of("ana", "luis")
    comes(stage, "c1")
    stage.answer("ana")
    assert comes(stage, "c2") == []
    return stage


def test_is_offered_him_though_another_is_idle_longer() -> None:
    stage = stage_of("luis", "ana")
    assert comes(stage, "c1") == ["ana"]
    (offer,) = stage.all(Offer)
    assert offer.decision is not None
    assert offer.decision.rule is Rule.PREFERRED


def test_waits_for_him_and_for_everybody_at_the_very_microsecond() -> None:
    stage = talking()
    assert none(stage.wait(19.999999), Offer)
    assert only(stage.wait(0.000001), Offer).agent == "luis"


def test_gets_him_as_soon_as_he_is_free() -> None:
    stage = talking()
    stage.wait(10)
    assert only(stage.end("c1", "ana"), Offer).call == "c2"
    assert stage.offered()[-1] == ("c2", "ana")


def test_the_order_is_one_over_all_whom_he_serves() -> None:
    stage = talking()
    stage.set("luis", WantedState.PAUSED)
    stage.queue("more important", priority=5)
    stage.queue("later")
    assert only(stage.end("c1", "ana"), Offer).call == "more important"
    stage.answer("ana")
    assert only(stage.end("more important", "ana"), Offer).call == "c2"


@pytest.mark.parametrize("how", ["offline", "paused", "unknown", "unskilled", "off"])
def test_who_is_not_there_comes_not_first(how: str) -> None:
    stage = stage_of("luis", "ana", **({"prefer_us": 0} if how == "off" else {}))
    if how in ("offline", "paused"):
        stage.set("ana", WantedState(how))
    if how == "unskilled":
        from acd.events import Configured

        agents = [AgentSettings("ana"), AgentSettings("luis", {"support": 1})]
        stage.step(Configured([support(prefer_us=seconds(20), requires="support >= 1")], agents))
    assert comes(stage, "c1", "eva" if how == "unknown" else "ana") == ["luis"]


@pytest.mark.parametrize("state", [WantedState.PAUSED, WantedState.OFFLINE])
def test_who_goes_comes_first_no_more(state: WantedState) -> None:
    stage = talking()
    stage.set("ana", state)
    assert only(stage.end("c1", "ana"), Offer).agent == "luis"


def test_who_refuses_comes_first_no_more() -> None:
    stage = stage_of("ana", "luis")
    assert comes(stage, "c1") == ["ana"]
    assert only(stage.refuse("ana"), Offer).agent == "luis"


def test_nobody_else_rings_while_he_does() -> None:
    stage = stage_of("ana", "luis", strategy=Strategy.RING_ALL)
    assert comes(stage, "c1") == ["ana"]
    stage.ring("ana")
    assert none(stage.wait(14), Offer)


def test_everybody_rings_when_his_time_is_over() -> None:
    stage = stage_of("ana", "luis", strategy=Strategy.RING_ALL, ring_timeout_us=seconds(60))
    comes(stage, "c1")
    stage.ring("ana")
    assert none(stage.wait(19.999999), Offer)
    assert only(stage.wait(0.000001), Offer).agent == "luis"


def test_a_supervisors_word_goes_first() -> None:
    stage = talking()
    stage.step(CallAssigned("c2", "luis"))
    assert stage.offered()[-1] == ("c2", "luis")
    stage = talking()
    stage.step(CallPulled("c2", "luis"))
    assert stage.offered()[-1] == ("c2", "luis")


def test_who_lost_him_in_mid_call_waits_for_everybody() -> None:
    stage = stage_of("ana", "luis")
    comes(stage, "c1")
    stage.answer("ana")
    assert only(stage.end("c1", "ana", ConversationEnd.AGENT_LOST), Offer).agent == "luis"


def test_through_a_snapshot() -> None:
    stage = talking()
    stage.router = Router.restore(stage.router.snapshot())
    assert none(stage.wait(19.999999), Offer)
    assert only(stage.wait(0.000001), Offer).agent == "luis"
    stage = talking()
    stage.router = Router.restore(stage.router.snapshot())
    assert only(stage.end("c1", "ana"), Offer).call == "c2"
