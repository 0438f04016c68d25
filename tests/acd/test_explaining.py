"""Who else could have been chosen, and why nobody of them was."""

import pytest

from acd.events import (
    CallQueued,
    Event,
    PhoneAtCode,
    PhoneBusy,
    PhoneUnreachable,
    WantedState,
)
from acd.explaining import Bar, Choice, Hindrance, choices
from acd.settings import AgentSettings, QueueSettings
from tests.acd.stage import START_US, Stage, seconds, support, team


def explained(stage: Stage, event: Event) -> Choice:
    """The only choice that the event leads to."""
    before = stage.router.snapshot()
    offers = [f"main-{stage.router.sequence + 1}-{n}" for n in range(9)]
    found = choices(before, event, stage.now_us, offers)
    assert len(found) == 1, found
    return next(iter(found.values()))


def arrives(stage: Stage, call: str = "new", queue: str = "support") -> Choice:
    return explained(stage, CallQueued(call, queue, stage.now_us, 0))


def hindrances(choice: Choice) -> dict[str, tuple[Hindrance, ...]]:
    return {agent.agent: agent.hindrances for agent in choice.agents}


def test_the_longest_idle_goes_first_and_the_others_follow() -> None:
    stage = Stage([support()], team("luis", "ana", "eva"))
    stage.login("ana", "eva", "luis")
    choice = arrives(stage)
    assert [agent.agent for agent in choice.agents] == ["ana", "eva", "luis"]
    assert [agent.key for agent in choice.agents] == [(START_US + seconds(n),) for n in range(3)]
    assert choice.agents[0].chosen
    assert hindrances(choice)["luis"] == (Hindrance(Bar.BEHIND),)
    assert choice.next_agent is not None
    assert (choice.next_agent.name, choice.next_agent.term) == ("eva", 0)
    assert choice.next_caller is None
    assert [caller.call for caller in choice.callers] == ["new"]


def test_equal_terms_leave_it_to_the_name() -> None:
    stage = Stage([support()], team("luis", "ana"))
    for agent in ("luis", "ana"):
        stage.login(agent)
        stage.now_us = START_US
    choice = arrives(stage)
    assert choice.decision.agent == "ana"
    assert choice.next_agent is not None
    assert (choice.next_agent.name, choice.next_agent.term) == ("luis", 1)


def hindered() -> Stage:
    """Ana is free; everybody else has something that keeps him from the call."""
    names = ("paused", "busy", "wrapping", "gone", "own", "refused", "dialling", "ringing")
    low = [
        AgentSettings("low", {"support": 1}),
        AgentSettings("out", {"support": 9}),
        AgentSettings("nothing"),
    ]
    queues = [support(requires="support >= 3 and not trainee >= 1")]
    stage = Stage(queues, [*team(*names, support=5), *low, *team("ana", support=5)])
    stage.login(
        "busy", "wrapping", "ringing", "refused", "gone", "own", "dialling", "low", "nothing", "paused"
    )
    for agent in ("busy", "wrapping", "refused", "ringing"):
        for other in ("busy", "wrapping", "refused", "ringing"):
            stage.set(other, WantedState.READY if other == agent else WantedState.PAUSED)
        for other in ("gone", "own", "dialling"):
            stage.set(other, WantedState.PAUSED)
        stage.set("paused", WantedState.PAUSED, "lunch")
        stage.queue(f"call of {agent}")
        if agent in ("busy", "wrapping"):
            stage.answer(agent)
    stage.refuse("refused")
    stage.hang_up("call of refused")
    for agent in ("busy", "wrapping", "refused", "ringing", "gone", "own", "dialling"):
        stage.step(PhoneUnreachable("gone"))
        stage.step(PhoneBusy("own", 1))
        stage.step(PhoneAtCode("dialling", True))
        if agent != "wrapping":
            stage.set(agent, WantedState.READY)
    stage.set("wrapping", WantedState.READY)
    stage.end("call of wrapping", "wrapping")
    stage.login("ana")
    return stage


def test_each_agent_has_the_predicate_that_he_failed() -> None:
    stage = hindered()
    found = hindrances(arrives(stage))
    now_us = stage.now_us
    assert found["ana"] == ()
    assert found["paused"] == (Hindrance(Bar.PAUSED, reason="lunch"),)
    assert found["busy"] == (Hindrance(Bar.ON_CALL, call="call of busy"),)
    wrap_up = found["wrapping"][0]
    assert (wrap_up.bar, wrap_up.call) == (Bar.WRAP_UP, "call of wrapping")
    assert wrap_up.until_us is not None
    assert wrap_up.until_us > now_us
    assert found["gone"] == (Hindrance(Bar.UNREACHABLE),)
    assert found["own"] == (Hindrance(Bar.OWN_CALL),)
    assert found["dialling"] == (Hindrance(Bar.AT_CODE),)
    assert found["refused"][0].bar is Bar.HELD_OFF
    assert found["ringing"] == (Hindrance(Bar.RINGING, call="call of ringing"),)
    assert found["low"] == (Hindrance(Bar.SKILL, "support >= 3", {"support": 1}),)
    assert [one.bar for one in found["out"]] == [Bar.LOGGED_OUT, Bar.UNREACHABLE]


def test_a_caller_who_came_before_and_asks_for_more_is_told() -> None:
    stage = Stage(
        [support(), QueueSettings("english", requires="english >= 5")],
        [*team("ana", english=2), *team("luis", english=7)],
    )
    stage.queue("first", "english")
    stage.wait(1)
    stage.queue("second")
    stage.wait(1)
    stage.queue("third")
    stage.login("ana")
    choice = _last(stage)
    assert choice.decision.call == "second"
    assert [(caller.call, caller.chosen, caller.requires) for caller in choice.callers] == [
        ("first", False, "english >= 5"),
        ("second", True, ""),
        ("third", False, ""),
    ]
    assert choice.next_caller is not None
    assert (choice.next_caller.name, choice.next_caller.term) == ("third", 1)


def test_of_many_some_are_named_and_the_rest_are_counted() -> None:
    stage = Stage([support()], team("ana", *(f"a{n}" for n in range(30))))
    for n in range(20):
        stage.queue(f"c{n}")
    stage.login("ana")
    choice = _last(stage, most=5)
    assert len(choice.agents) == 5
    assert choice.agents[0].agent == "ana"
    assert choice.agents_left_out == {Bar.LOGGED_OUT: 26}
    assert len(choice.callers) == 5
    assert choice.callers[0].chosen
    assert choice.callers_left_out == 15


def test_of_many_who_were_hindered_those_are_named_whom_one_thing_alone_kept() -> None:
    stage = Stage([support()], team("ana", *(f"a{n}" for n in range(30)), "zoe"))
    stage.login("zoe", "ana")
    stage.set("zoe", WantedState.PAUSED)
    stage.queue("c1")
    choice = _last(stage, most=3)
    assert [agent.agent for agent in choice.agents] == ["ana", "zoe", "a0"]


@pytest.mark.parametrize("wrong", ["main-1-0", "other-2-0"])
def test_an_offer_that_the_step_did_not_make_is_not_there(wrong: str) -> None:
    stage = Stage([support()], team("ana"))
    stage.login("ana")
    assert choices(stage.router.snapshot(), CallQueued("c", "support", 0), stage.now_us, [wrong]) == {}


def _last(stage: Stage, most: int = 50) -> Choice:
    """The choice behind the last offer, found by playing all of it again."""
    again = type(stage.router)()
    for number, (now_us, event, _) in enumerate(stage.steps, 1):
        before = again.snapshot()
        found = choices(before, event, now_us, [f"main-{number}-{n}" for n in range(9)], most)
        again.step(event, now_us)
        if found:
            choice = next(iter(found.values()))
    return choice
