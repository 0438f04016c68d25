"""Steps of recipes: taken at their very microsecond, the place kept."""

from typing import Any

import pytest

from acd.commands import (
    CancelOffer,
    ConfigurationRefused,
    LeaveQueue,
    Offer,
    Relaxed,
    VisitEnded,
    VisitReason,
    VisitResult,
    VisitStarted,
)
from acd.events import CallMoved, CallPrioritised, CallQueued, Configured, ConversationEnd, WantedState
from acd.queued_call import CallState
from acd.recipe import Bound, Step
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
from tests.acd.stage import Stage, none, only, seconds, support

BULLSEYE = (
    Step(waited_us=seconds(10), requires="support >= 5"),
    Step(waited_us=seconds(20), requires="support >= 1"),
    Step(waited_us=seconds(30), add=("marta",), announce="sorry"),
)


def levels(**agents: int) -> list[AgentSettings]:
    return [AgentSettings(name, {"support": level}) for name, level in agents.items()]


def bullseye(*names: str, **settings: Any) -> Stage:
    """Ana knows much, luis less, eva little and marta nothing of it; these of them are there."""
    queue = support(**{"requires": "support >= 9", "steps": BULLSEYE, **settings})
    stage = Stage([queue, QueueSettings("sales")], levels(ana=9, luis=5, eva=1, marta=0))
    stage.login(*names)
    return stage


def steps(stage: Stage, call: str = "c1") -> tuple[int, ...]:
    found = stage.router.call(call)
    assert found is not None
    return found.steps


class TestBullseye:
    def test_each_ring_opens_at_its_very_microsecond(self) -> None:
        stage = bullseye("luis", "eva", "marta")
        stage.queue("c1")
        came_us = stage.now_us
        opened = []
        for agent in ("luis", "eva", "marta"):
            while not stage.offered() or stage.offered()[-1][1] != agent:
                stage.now_us = stage.router.deadline() or 0
                stage.wait(0)
            opened.append(stage.all(Offer)[-1] and stage.steps[-1][0] - came_us)
            stage.set(agent, WantedState.OFFLINE)
            stage.refuse(agent)
        assert opened == [seconds(10), seconds(20), seconds(30)]
        assert steps(stage) == (1, 2, 3)
        assert [taken.step for taken in stage.all(Relaxed)] == [1, 2, 3]
        assert [taken.announce for taken in stage.all(Relaxed)] == ["", "", "sorry"]

    def test_a_microsecond_before_it_is_closed(self) -> None:
        stage = bullseye("luis")
        stage.queue("c1")
        assert none(stage.wait(9.999999), Offer)
        assert only(stage.wait(0.000001), Offer).agent == "luis"

    def test_the_place_is_kept(self) -> None:
        stage = bullseye("luis")
        stage.set("luis", WantedState.PAUSED)
        stage.queue("c1")
        stage.wait(5)
        stage.queue("c2")
        stage.wait(20)
        stage.set("luis", WantedState.READY)
        assert stage.offered() == [("c1", "luis")]

    def test_a_later_ring_opens_for_who_is_free_already(self) -> None:
        stage = bullseye("luis")
        stage.queue("c1")
        stage.wait(1)
        stage.queue("c2")
        stage.wait(9)
        assert stage.offered() == [("c1", "luis")]
        stage.answer("luis")
        stage.login("eva")
        stage.wait(8)
        assert stage.offered() == [("c1", "luis")]
        stage.wait(2)
        assert stage.offered()[-1] == ("c2", "eva")

    def test_what_the_call_itself_requires_stays(self) -> None:
        stage = bullseye("luis", steps=(Step(waited_us=seconds(10), requires=""),))
        stage.step(CallQueued("c1", "support", stage.now_us, requires="spanish >= 1"))
        assert none(stage.wait(11), Offer)
        assert steps(stage) == (1,)

    def test_a_ringing_phone_does_not_stop_the_clock(self) -> None:
        stage = bullseye("ana", "luis")
        stage.queue("c1")
        stage.ring("ana")
        stage.wait(10)
        assert steps(stage) == (1,)
        assert stage.offered() == [("c1", "ana")]
        stage.refuse("ana")
        assert stage.offered()[-1] == ("c1", "luis")

    def test_a_named_agent_serves_these_callers_only(self) -> None:
        stage = bullseye("marta")
        stage.queue("c1")
        stage.wait(29)
        stage.queue("c2")
        assert stage.offered() == []
        stage.wait(1)
        assert stage.offered() == [("c1", "marta")]

    def test_a_lost_agent_does_not_close_the_rings_again(self) -> None:
        stage = bullseye("luis", "eva")
        stage.queue("c1")
        stage.wait(10)
        stage.answer("luis")
        stage.end("c1", "luis", ConversationEnd.AGENT_LOST)
        assert steps(stage) == (1,)
        assert stage.offered() == [("c1", "luis")]
        stage.wait(20)
        assert stage.offered()[-1] == ("c1", "eva")


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            ({"waiting": Bound(">", 2)}, True),
            ({"waiting": Bound(">", 3)}, False),
            ({"position": Bound(">", 2)}, True),
            ({"position": Bound("==", 3)}, True),
            ({"position": Bound("<", 3)}, False),
            ({"position": Bound("!=", 1)}, True),
            ({"agents": Bound("<", 1)}, True),
            ({"agents": Bound(">=", 1)}, False),
            ({"service_level": Bound("<", 800)}, False),
        ],
    )
    def test_of_the_third_whom_nobody_can_serve(self, condition: dict[str, Any], holds: bool) -> None:
        stage = bullseye("luis", steps=(Step(waited_us=0, priority=1, **condition),))
        for call in ("c1", "c2", "c3"):
            stage.queue(call)
        assert (steps(stage, "c3") == (1,)) is holds

    def test_of_nobody_there_are_looked_at_every_second(self) -> None:
        stage = bullseye("ana", steps=(Step(waited_us=seconds(3), agents=Bound("<", 1), requires=""),))
        stage.login("marta")
        stage.set("ana", WantedState.PAUSED)
        stage.queue("c1")
        stage.wait(7.5)
        assert stage.offered() == []
        stage.set("ana", WantedState.OFFLINE)
        assert none(stage.wait(0.499), Offer)
        assert only(stage.wait(0.001), Offer).agent == "marta"

    def test_of_the_service_level(self) -> None:
        stage = bullseye("ana", steps=(Step(service_level=Bound("<", 800), priority=7),))
        stage.queue("c1")
        stage.answer("ana")
        stage.queue("c2")
        assert steps(stage, "c2") == ()
        stage.wait(6)
        stage.hang_up("c2")
        stage.queue("c3")
        assert steps(stage, "c3") == (1,)

    def test_all_have_to_hold(self) -> None:
        stage = bullseye(steps=(Step(waited_us=seconds(5), waiting=Bound(">", 1), priority=7),))
        stage.queue("c1")
        stage.wait(10.5)
        assert steps(stage) == ()
        stage.queue("c2")
        stage.wait(0.5)
        assert steps(stage) == (1,)
        assert steps(stage, "c2") == ()


class TestActions:
    def test_priority(self) -> None:
        stage = bullseye("luis", steps=(Step(waited_us=seconds(10), priority=10),), requires="support >= 1")
        stage.set("luis", WantedState.PAUSED)
        stage.queue("c1")
        stage.wait(5)
        stage.queue("c2", priority=5)
        stage.wait(5)
        stage.set("luis", WantedState.READY)
        assert stage.offered() == [("c1", "luis")]

    def test_priority_is_of_this_queue(self) -> None:
        stage = bullseye(steps=(Step(priority=10),))
        stage.queue("c1", priority=3)
        commands = stage.step(CallMoved("c1", "sales"))
        assert only(commands, VisitStarted).priority == 3

    def test_a_supervisors_word_stands(self) -> None:
        stage = bullseye(steps=(Step(priority=10),))
        stage.queue("c1")
        stage.step(CallPrioritised("c1", 2))
        assert only(stage.step(CallMoved("c1", "sales")), VisitStarted).priority == 2

    @pytest.mark.parametrize(
        ("way", "target"), [("phone:1002", "phone:1002"), ("hangup", "hangup"), ("queue:nowhere", "hangup")]
    )
    def test_overflow(self, way: str, target: str) -> None:
        stage = bullseye(steps=(Step(waited_us=seconds(10), overflow=way),))
        stage.queue("c1")
        left = only(stage.wait(10), LeaveQueue)
        assert (left.result, left.reason, left.target) == (VisitResult.OVERFLOWED, VisitReason.STEP, target)

    def test_overflow_calls_off_what_rings(self) -> None:
        stage = bullseye("ana", steps=(Step(waited_us=seconds(10), overflow="queue:sales"),))
        stage.queue("c1")
        stage.ring("ana")
        commands = stage.wait(10)
        assert only(commands, CancelOffer)
        assert only(commands, VisitEnded).reason is VisitReason.STEP
        assert only(commands, VisitStarted).queue == "sales"

    def test_a_circle_of_overflows_turns_once_a_second(self) -> None:
        circle = [
            QueueSettings("a", steps=(Step(overflow="queue:b"),)),
            QueueSettings("b", steps=(Step(overflow="queue:a"),)),
        ]
        stage = Stage(circle, [])
        stage.queue("c1", "a")
        stage.wait(10)
        assert len(stage.all(VisitStarted)) == 12


class TestReload:
    def reload(self, stage: Stage, *steps: Step, requires: str = "support >= 9") -> list[Any]:
        queues = [support(requires=requires, steps=steps), QueueSettings("sales")]
        return stage.step(Configured(queues, levels(ana=9, luis=5, eva=1, marta=0)))

    def test_a_step_that_was_taken_is_taken_where_it_is_now(self) -> None:
        stage = bullseye()
        stage.queue("c1")
        stage.wait(10)
        new = Step(waited_us=seconds(15), priority=3)
        assert none(self.reload(stage, new, *BULLSEYE), Relaxed)
        assert steps(stage) == (2,)
        stage.wait(5)
        assert steps(stage) == (1, 2)

    def test_a_step_whose_time_has_passed_is_taken_at_once(self) -> None:
        stage = bullseye("eva", steps=())
        stage.queue("c1")
        stage.wait(25)
        commands = self.reload(stage, *BULLSEYE)
        assert [taken.step for taken in commands if isinstance(taken, Relaxed)] == [1, 2]
        assert only(commands, Offer).agent == "eva"

    def test_a_step_that_is_gone_has_no_effect_any_more(self) -> None:
        stage = bullseye(steps=(Step(priority=10), Step(requires="")))
        stage.queue("c1", priority=1)
        self.reload(stage)
        stage.login("marta")
        assert stage.offered() == []
        view = stage.router.call("c1")
        assert view is not None
        assert (view.priority, view.steps, view.state) == (1, (), CallState.WAITING)
        assert stage.router.deadline() == stage.now_us + seconds(600 - 1)

    def test_a_supervisors_word_stands(self) -> None:
        stage = bullseye(steps=(Step(priority=10),))
        stage.queue("c1")
        stage.step(CallPrioritised("c1", 3))
        self.reload(stage)
        view = stage.router.call("c1")
        assert view is not None
        assert view.priority == 3

    def test_an_expression_that_cannot_be_read_is_refused(self) -> None:
        stage = bullseye()
        assert only(self.reload(stage, Step(requires="support >")), ConfigurationRefused)


def test_a_snapshot_goes_on_with_the_recipe() -> None:
    stage = bullseye("eva")
    stage.queue("c1")
    stage.wait(12)
    stage.router = Router.restore(stage.router.snapshot())
    assert only(stage.wait(8), Offer).agent == "eva"
