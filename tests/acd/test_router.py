"""The router as a whole: steps, ids, time, deadlines, restarts."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from acd.agent import AgentState
from acd.commands import (
    Acted,
    AgentChanged,
    HangUpOffer,
    LeaveQueue,
    Offer,
    OfferEnded,
    OfferResult,
    VisitEnded,
    VisitReason,
    WatchPhone,
    WrapUpEnded,
)
from acd.events import (
    Act,
    CallGone,
    CallMoved,
    CallQueued,
    CallsRecovered,
    DeadlinePassed,
    Event,
    GoneReason,
    OfferAnswered,
    OfferPickedUp,
    OfferRefused,
    PhoneRegistered,
    PhoneUnreachable,
    SwitchRestarted,
    WantedState,
)
from acd.offer import OfferAction
from acd.queued_call import CallAction
from acd.router import Router
from tests.acd.history import History
from tests.acd.stage import START_US, Stage, busy_stage, none, only, seconds, support, team


def test_every_command_has_its_own_id() -> None:
    history = History(1)
    history.play(500)
    ids = [command.id for _, _, commands in history.steps for command in commands]
    assert len(ids) == len(set(ids))
    for sequence, (_, _, commands) in enumerate(history.steps, 1):
        assert [command.id for command in commands] == [("main", sequence, n) for n in range(len(commands))]


def test_every_kind_of_event_is_taken_by_what_takes_such() -> None:
    takes = Router()._takes
    assert takes.keys() == set(get_args(Event))
    for kind, take in takes.items():
        assert kind in kinds_taken(take)


def kinds_taken(take: Callable[..., object]) -> tuple[Any, ...]:
    """By the source of the bound method: what is compiled has no annotations."""
    owner = sys.modules[type(take.__self__).__module__]  # type: ignore[attr-defined]
    source = Path(str(owner.__file__)).with_name(f"{owner.__name__.rpartition('.')[2]}.py")
    (made,) = (
        node
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == take.__name__
    )
    annotation = made.args.args[-1].annotation
    assert annotation is not None
    taken = eval(ast.unparse(annotation), vars(owner))
    return get_args(taken) or (taken,)


def test_every_action_of_a_table_is_carried_out() -> None:
    router = Router()
    assert router._offering._acts.keys() == set(OfferAction)
    assert router._visits._acts.keys() == set(CallAction) - {CallAction.END_VISIT}


def test_ids_and_names_carry_the_pool() -> None:
    router = Router("east")
    commands = router.step(CallQueued("c1", "support", START_US, pool="east"), START_US)
    assert all(command.id[0] == "east" for command in commands)


def test_an_event_of_another_pool_changes_nothing() -> None:
    stage = Stage([support()], team("ana"))
    digest = stage.router.state_hash()
    assert stage.step(PhoneRegistered("ana", fresh=True, pool="east")) == []
    assert stage.router.state_hash() == digest


def test_time_never_runs_backwards() -> None:
    stage = Stage([support()], team("ana"))
    stage.login("ana")
    stage.now_us -= 100_000_000
    changed = only(stage.set("ana", WantedState.PAUSED), AgentChanged)
    assert changed.since_us == START_US + 0
    assert stage.router.now_us == START_US


@pytest.mark.parametrize("seed", range(20, 24))
def test_a_duplicate_changes_nothing(seed: int) -> None:
    """Each event of a history twice: no fact changes, and no order but what does no harm twice."""
    history = History(seed)
    history.play(600)
    router = Router()
    for now_us, event, _ in history.steps:
        router.step(event, now_us)
        if isinstance(event, CallQueued) and router.call(event.call) is None:
            continue  # it came and was sent on at once: the flow may queue it again
        if isinstance(event, CallMoved) and (call := router.call(event.call)) and call.queue != event.queue:
            continue  # likewise, by a step of the recipe there
        digest = router.state_hash()
        again = router.step(event, now_us)
        assert all(isinstance(command, HangUpOffer | WatchPhone | Acted) for command in again)
        assert isinstance(event, OfferAnswered | OfferPickedUp | SwitchRestarted | Act) or again == []
        assert router.state_hash() == digest


def test_no_hash_seed_of_the_interpreter_decides_anything() -> None:
    script = (
        "from tests.acd.history import History; h = History(5); h.play(800); print(h.router.state_hash())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


class TestDeadline:
    def test_none_when_nothing_is_timed(self) -> None:
        assert Stage([support()], team("ana")).router.deadline() is None

    def test_early_it_changes_nothing(self) -> None:
        stage = Stage([support()], team("ana"))
        stage.queue("c1")
        digest = stage.router.state_hash()
        stage.now_us += 599_999_999
        assert stage.step(DeadlinePassed()) == []
        assert stage.router.state_hash() == digest
        assert stage.router.deadline() == START_US + 600_000_000

    def test_late_it_catches_up_with_all_of_them(self) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.queue("c1")
        stage.queue("c2")
        stage.now_us += 3_600_000_000
        stage.step(DeadlinePassed())
        deadline = stage.router.deadline()
        assert deadline is None or deadline > stage.now_us


class TestSwitchRestarted:
    def test_calls_offers_and_conversations_are_ended_and_booked(self) -> None:
        stage = busy_stage()
        commands = stage.step(SwitchRestarted())
        assert only(commands, OfferEnded).result is OfferResult.SWITCH_RESTARTED
        assert only(commands, WrapUpEnded).agent == "ana"
        ended = [one for one in commands if isinstance(one, VisitEnded)]
        assert [(visit.call, visit.reason) for visit in ended] == [
            ("c2", VisitReason.SWITCH_RESTARTED),
            ("c3", VisitReason.SWITCH_RESTARTED),
        ]
        assert stage.router.calls() == []
        assert {agent.state for agent in stage.router.agents()} == {AgentState.READY}
        assert stage.step(SwitchRestarted()) == []

    def test_a_call_that_may_return_keeps_its_place_and_is_offered_to_nobody_before(self) -> None:
        stage = busy_stage()
        assert none(stage.step(SwitchRestarted(("c1", "c2", "c3"))), VisitEnded)
        assert stage.state("ana") is AgentState.ON_CALL
        assert stage.state("luis") is AgentState.READY
        assert stage.offered() == [("c1", "ana"), ("c2", "luis")]
        stage.wait(1)
        assert stage.step(CallsRecovered(("c1",))) == [], "who talks does not wait"
        assert only(stage.step(CallsRecovered(("c3", "c2"))), Offer).call == "c2", "as far ahead as before"
        assert stage.step(CallsRecovered(("c2", "c3"))) == []

    def test_a_conversation_that_returns_ends_in_wrap_up_like_any_other(self) -> None:
        stage = busy_stage()
        stage.step(SwitchRestarted(("c1",)))
        stage.end("c1", "ana")
        assert stage.state("ana") is AgentState.WRAP_UP

    def test_who_does_not_return_has_left(self) -> None:
        stage = busy_stage()
        stage.step(SwitchRestarted(("c2", "c3")))
        commands = stage.step(CallGone("c2", GoneReason.SWITCH_RESTARTED))
        assert only(commands, VisitEnded).reason is VisitReason.SWITCH_RESTARTED
        stage.step(SwitchRestarted())
        assert stage.router.calls() == []

    def test_the_longest_wait_is_counted_from_the_visit_s_start(self) -> None:
        stage = Stage([support(max_wait_us=seconds(30), overflow="phone:1001")], [])
        stage.queue("c1")
        stage.queue("c2")
        stage.wait(20)
        stage.step(SwitchRestarted(("c1", "c2")))
        assert stage.router.deadline() is None
        stage.wait(5)
        stage.step(CallsRecovered(("c1",)))
        assert none(stage.wait(4), LeaveQueue)
        assert only(stage.wait(1), LeaveQueue).target == "phone:1001"
        stage.step(CallsRecovered(("c2",)))
        assert only(stage.wait(0), LeaveQueue).call == "c2"

    def test_agent_states_survive(self) -> None:
        stage = Stage([support()], team("ana", "luis", "eva"))
        stage.login("ana", "luis", "eva")
        stage.set("ana", WantedState.PAUSED, "lunch")
        stage.set("luis", WantedState.OFFLINE)
        stage.queue("c1")
        stage.answer("eva")
        stage.end("c1", "eva")
        restored = Router.restore(stage.router.snapshot())
        assert none(restored.step(SwitchRestarted(), stage.now_us), AgentChanged)
        assert {agent.name: agent.state for agent in restored.agents()} == {
            "ana": AgentState.PAUSED,
            "luis": AgentState.OFFLINE,
            "eva": AgentState.WRAP_UP,
        }

    def test_phones_that_were_watched_are_watched_again(self) -> None:
        stage = Stage([support()], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.step(PhoneUnreachable("ana"))
        watch = only(stage.step(SwitchRestarted()), WatchPhone)
        assert (watch.agent, watch.on) == ("ana", True)

    def test_late_events_of_the_former_run_change_nothing(self) -> None:
        stage = Stage([support()], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        stage.step(SwitchRestarted())
        digest = stage.router.state_hash()
        assert stage.step(OfferRefused(stage.offer("ana"), 486)) == []
        assert stage.end("c1", "ana") == []
        assert stage.router.state_hash() == digest
