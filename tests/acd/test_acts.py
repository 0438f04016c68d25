"""What supervisors do with calls in queues."""

import pytest

from acd.agent import AgentState
from acd.commands import (
    Acted,
    CancelOffer,
    LeaveQueue,
    Offer,
    Refusal,
    VisitEnded,
    VisitReason,
    VisitResult,
    VisitStarted,
)
from acd.events import (
    Act,
    CallAssigned,
    CallMoved,
    CallPrioritised,
    CallPulled,
    CallWithdrawn,
    Configured,
    PhoneBusy,
    PhoneUnregistered,
    WantedState,
)
from acd.queued_call import CallState
from acd.settings import NoAgents, QueueSettings
from acd.views import CallView
from tests.acd.stage import Stage, busy_stage, none, only, seconds, support, team


def view(stage: Stage, call: str) -> CallView:
    found = stage.router.call(call)
    assert found is not None
    return found


def line_of_three() -> Stage:
    """c1, c2 and c3 came in this order, a second apart; ana and luis are in a pause."""
    stage = Stage([support(), QueueSettings("sales")], team("ana", "luis"))
    stage.login("ana", "luis")
    for name in ("ana", "luis"):
        stage.set(name, WantedState.PAUSED)
    for call in ("c1", "c2", "c3"):
        stage.queue(call)
        stage.wait(1)
    return stage


def served(stage: Stage) -> list[str]:
    """The calls in the order in which ana gets them."""
    order = []
    stage.set("ana", WantedState.READY)
    while stage.state("ana") is AgentState.RINGING:
        call = stage.all(Offer)[-1].call
        order.append(call)
        stage.hang_up(call)
        stage.refuse("ana", 487)
    return order


class TestPriority:
    def test_is_seen_at_once_and_decides_who_is_next(self) -> None:
        stage = line_of_three()
        acted = only(stage.step(CallPrioritised("c3", 5, by="eva")), Acted)
        assert (acted.what, acted.to, acted.by, acted.refusal) == ("prioritise", "5", "eva", Refusal.DONE)
        assert view(stage, "c3").priority == 5
        assert served(stage) == ["c3", "c1", "c2"]

    def test_lower_is_possible_too(self) -> None:
        stage = line_of_three()
        stage.step(CallPrioritised("c1", -1))
        assert served(stage) == ["c2", "c3", "c1"]

    def test_who_is_offered_has_it_when_he_waits_again(self) -> None:
        stage = busy_stage()
        stage.step(CallPrioritised("c2", 5))
        stage.step(CallPrioritised("c3", 4))
        stage.refuse("luis")
        stage.wait(10)
        assert stage.offered()[-1] == ("c2", "luis")


class TestTheFront:
    def test_is_before_whoever_is_there(self) -> None:
        stage = line_of_three()
        stage.step(CallPrioritised("c1", 7))
        stage.step(CallMoved("c3"))
        assert view(stage, "c3").priority == 101, "above the cap of aging"
        assert served(stage) == ["c3", "c1", "c2"]

    def test_stays_before_those_who_wait_ever_longer(self) -> None:
        stage = line_of_three()
        stage.wait(500)
        stage.queue("c4")
        stage.step(CallMoved("c4"))
        stage.wait(30)
        assert served(stage)[0] == "c4"

    def test_the_last_who_is_moved_there_is_the_first(self) -> None:
        stage = line_of_three()
        stage.step(CallMoved("c2"))
        stage.step(CallMoved("c3"))
        assert served(stage) == ["c3", "c2", "c1"]


class TestAnotherQueue:
    def test_keeps_the_time_and_the_priority(self) -> None:
        stage = line_of_three()
        stage.queue("before", "sales")
        stage.step(CallPrioritised("c2", 0))
        commands = stage.step(CallMoved("c2", "sales"))
        ended, started = only(commands, VisitEnded), only(commands, VisitStarted)
        assert (ended.queue, ended.result, ended.reason) == (
            "support",
            VisitResult.OVERFLOWED,
            VisitReason.MOVED_BY_OPERATOR,
        )
        assert (started.queue, started.entered_at_us) == ("sales", stage.now_us)
        assert started.queued_at_us == stage.now_us - seconds(2)
        assert served(stage) == ["c1", "c2", "c3", "before"]

    def test_what_rings_for_it_is_called_off(self) -> None:
        stage = Stage([support(), QueueSettings("sales", requires="sales >= 1")], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        assert only(stage.step(CallMoved("c1", "sales")), CancelOffer)
        assert view(stage, "c1").state is CallState.WAITING

    @pytest.mark.parametrize(
        ("queue", "why"),
        [
            ("support", Refusal.SAME_QUEUE),
            ("nowhere", Refusal.NO_SUCH_QUEUE),
            ("full", Refusal.QUEUE_FULL),
            ("empty", Refusal.QUEUE_WITHOUT_AGENTS),
        ],
    )
    def test_that_cannot_take_it(self, queue: str, why: Refusal) -> None:
        full = QueueSettings("full", max_waiting=0)
        empty = QueueSettings("empty", requires="art >= 1", no_agents=NoAgents.OVERFLOW)
        stage = Stage([support(), full, empty], [])
        stage.queue("c1")
        assert refused(stage, CallMoved("c1", queue)) is why


class TestAssigned:
    def test_is_offered_at_once_to_who_is_free(self) -> None:
        stage = Stage([support(requires="support >= 1")], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        assert stage.offered() == []
        stage.step(CallAssigned("c1", "ana"))
        assert stage.offered() == [("c1", "ana")], "the supervisor knows what she can"

    def test_waits_for_him_alone_and_is_the_first_then(self) -> None:
        stage = busy_stage()
        stage.queue("c4")
        stage.step(CallAssigned("c4", "ana"))
        assert view(stage, "c4").assigned == "ana"
        stage.answer("luis")
        stage.end("c2", "luis")
        stage.wait(10)
        assert stage.offered()[-1] == ("c3", "luis")
        stage.answer("luis")
        stage.end("c1", "ana")
        assert stage.wait(9.999) == []
        stage.wait(0.001)
        assert stage.offered()[-1] == ("c4", "ana"), "wrap-up is honoured"

    def test_several_come_in_the_order_of_the_acts(self) -> None:
        stage = line_of_three()
        stage.queue("c0")
        stage.set("ana", WantedState.READY)
        for call in ("c3", "c2"):
            stage.step(CallAssigned(call, "ana"))
        stage.hang_up("c1")
        stage.refuse("ana", 487)
        assert stage.offered()[-1] == ("c3", "ana")

    def test_waits_for_everybody_when_he_does_not_take_it(self) -> None:
        stage = line_of_three()
        stage.set("ana", WantedState.READY)
        stage.step(CallAssigned("c3", "ana"))
        assert view(stage, "c3").assigned == "ana"
        stage.refuse("ana")
        stage.wait(5)
        assert stage.offered() == [("c1", "ana"), ("c3", "ana")]
        stage.refuse("ana")
        assert view(stage, "c3").assigned is None
        stage.wait(5)
        assert stage.offered()[2:] == [("c1", "ana")], "c1 came before c3"

    @pytest.mark.parametrize("how", ["logout", "pause", "removed"])
    def test_waits_for_everybody_when_he_goes(self, how: str) -> None:
        stage = busy_stage()
        stage.step(CallAssigned("c3", "ana"))
        stage.refuse("luis")
        stage.hang_up("c2")
        stage.wait(20)
        assert len(stage.offered()) == 2, "luis is free, but c3 waits for ana"
        if how == "logout":
            stage.set("ana", WantedState.OFFLINE)
            stage.end("c1", "ana")
        elif how == "pause":
            stage.set("ana", WantedState.PAUSED)
            stage.end("c1", "ana")
            stage.wait(10)
        else:
            stage.step(Configured([support()], team("luis")))
        assert stage.offered()[-1] == ("c3", "luis")

    def test_a_snapshot_keeps_the_order(self) -> None:
        stage = busy_stage()
        stage.queue("c4")
        for call in ("c4", "c3"):
            stage.step(CallAssigned(call, "ana"))
        stage.router = type(stage.router).restore(stage.router.snapshot())
        stage.end("c1", "ana")
        stage.wait(10)
        assert stage.offered()[-1] == ("c4", "ana")


class TestPulled:
    def test_comes_out_of_its_turn(self) -> None:
        stage = line_of_three()
        stage.step(CallPulled("c2", "ana"))
        assert stage.offered() == [("c2", "ana")]
        stage.answer("ana")
        stage.end("c2", "ana")
        stage.wait(10)
        assert stage.state("ana") is AgentState.PAUSED, "her pause goes on"

    def test_ends_the_wrap_up_of_who_takes_it(self) -> None:
        stage = busy_stage()
        stage.end("c1", "ana")
        assert stage.state("ana") is AgentState.WRAP_UP
        stage.step(CallPulled("c3", "ana"))
        assert stage.offered()[-1] == ("c3", "ana")
        assert stage.state("ana") is AgentState.RINGING

    def test_only_by_who_serves_the_queue(self) -> None:
        stage = Stage([support(requires="support >= 1")], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        assert refused(stage, CallPulled("c1", "ana")) is Refusal.AGENT_WITHOUT_SKILL


class TestWithdrawn:
    @pytest.mark.parametrize(
        ("target", "result", "reason"),
        [
            ("hangup", VisitResult.ENDED_OTHERWISE, VisitReason.HUNG_UP_BY_OPERATOR),
            ("phone:1001", VisitResult.OVERFLOWED, VisitReason.MOVED_BY_OPERATOR),
        ],
    )
    def test_leaves_for_its_target(self, target: str, result: VisitResult, reason: VisitReason) -> None:
        stage = line_of_three()
        left = only(stage.step(CallWithdrawn("c2", target)), LeaveQueue)
        assert (left.target, left.result, left.reason) == (target, result, reason)
        assert served(stage) == ["c1", "c3"]

    def test_what_rings_for_it_is_called_off(self) -> None:
        stage = busy_stage()
        commands = stage.step(CallWithdrawn("c2", "hangup"))
        assert only(commands, CancelOffer)
        stage.refuse("luis", 487)
        assert stage.offered()[-1] == ("c3", "luis")


def refused(stage: Stage, act: Act) -> Refusal:
    """Why the act is refused, which changes nothing."""
    before = stage.router.state_hash()
    why = stage.router.refusal(act)
    acted = only(stage.step(act), Acted)
    assert acted.refusal is why
    assert stage.router.state_hash() == before
    assert none(stage.steps[-1][2], Offer)
    return why


@pytest.mark.parametrize("kind", [CallAssigned, CallPulled])
@pytest.mark.parametrize(
    ("call", "agent", "why"),
    [
        ("c9", "ana", Refusal.NO_SUCH_CALL),
        ("c1", "ana", Refusal.TALKING),
        ("c2", "ana", Refusal.RINGING),
        ("c3", "nobody", Refusal.NO_SUCH_AGENT),
        ("c3", "eva", Refusal.AGENT_OFFLINE),
        ("c3", "marta", Refusal.AGENT_UNREACHABLE),
    ],
)
def test_what_cannot_be_done(
    kind: type[CallAssigned | CallPulled], call: str, agent: str, why: Refusal
) -> None:
    stage = Stage([support()], team("ana", "luis", "eva", "marta"))
    stage.login("ana", "luis", "marta")
    stage.step(PhoneUnregistered("marta", explicit=False))
    stage.queue("c1")
    stage.answer("ana")
    stage.queue("c2")
    stage.ring("luis")
    stage.queue("c3")
    assert refused(stage, kind(call, agent)) is why


def test_nobody_is_given_a_second_call() -> None:
    stage = busy_stage()
    assert refused(stage, CallPulled("c3", "ana")) is Refusal.AGENT_ENGAGED
    assert refused(stage, CallPulled("c3", "luis")) is Refusal.AGENT_ENGAGED
    other = line_of_three()
    other.step(PhoneBusy("ana", 1))
    assert refused(other, CallPulled("c3", "ana")) is Refusal.AGENT_ENGAGED
    assert refused(other, CallAssigned("c3", "luis")) is Refusal.AGENT_PAUSED


@pytest.mark.parametrize("target", ["nowhere", "phone:", "queue:sales", ""])
def test_a_target_that_is_none(target: str) -> None:
    assert refused(line_of_three(), CallWithdrawn("c1", target)) is Refusal.NO_SUCH_TARGET
