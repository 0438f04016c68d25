"""Who gives up and calls again has his place back, once."""

import pytest

from acd.commands import LeaveQueue, VisitReason, VisitStarted
from acd.events import CallGone, CallQueued, GoneReason, QueueClosed, QueueOpened
from acd.queue import ClosedReason
from acd.redial import MOST
from acd.router import Router
from acd.settings import QueueSettings
from tests.acd.stage import Stage, only, seconds, support

LUISA = "+34600111222"


def comes(stage: Stage, call: str, caller: str = LUISA, queue: str = "support") -> int:
    """How long ago he came, as the router has it, in microseconds."""
    commands = stage.step(CallQueued(call, queue, stage.now_us, caller=caller))
    return stage.now_us - only(commands, VisitStarted).queued_at_us


def stage_where_she_gave_up(after_s: float = 20) -> Stage:
    stage = Stage([support(redial_within_us=seconds(60)), QueueSettings("sales")], [])
    comes(stage, "c1")
    stage.wait(after_s)
    stage.hang_up("c1")
    return stage


def test_her_place_is_kept() -> None:
    stage = stage_where_she_gave_up()
    stage.wait(59)
    assert comes(stage, "c2") == seconds(79)
    assert comes(stage, "c3") == 0, "it is used up"


def test_only_once() -> None:
    stage = stage_where_she_gave_up()
    comes(stage, "c2")
    stage.hang_up("c2")
    assert comes(stage, "c3") == 0


def test_for_so_long_and_not_a_microsecond_more() -> None:
    stage = stage_where_she_gave_up()
    stage.wait(60)
    assert comes(stage, "c2") == 0
    stage = stage_where_she_gave_up()
    stage.wait(59.999999)
    assert comes(stage, "c2") == seconds(79.999999)


@pytest.mark.parametrize(("caller", "queue"), [("+34600999", "support"), ("", "support"), (LUISA, "sales")])
def test_not_for_others_nor_elsewhere(caller: str, queue: str) -> None:
    assert comes(stage_where_she_gave_up(), "c2", caller, queue) == 0


@pytest.mark.parametrize("reason", sorted(set(GoneReason) - {GoneReason.CALLER_HUNG_UP}))
def test_only_who_gave_up(reason: GoneReason) -> None:
    stage = Stage([support(redial_within_us=seconds(60))], [])
    comes(stage, "c1")
    stage.wait(5)
    stage.step(CallGone("c1", reason))
    assert comes(stage, "c2") == 0


def test_not_unless_the_queue_says_so() -> None:
    stage = Stage([support()], [])
    comes(stage, "c1")
    stage.wait(5)
    stage.hang_up("c1")
    assert comes(stage, "c2") == 0
    assert stage.router._board.state.gave_up == {}


def test_also_where_the_queue_is_full_by_now() -> None:
    stage = Stage([support(redial_within_us=seconds(60), max_waiting=1)], [])
    comes(stage, "c1")
    stage.wait(20)
    stage.hang_up("c1")
    comes(stage, "c2", "+34600999")
    assert comes(stage, "c3") == seconds(20)
    assert stage.router.call("c3") is not None, "he waits"
    refused = stage.step(CallQueued("c4", "support", stage.now_us, caller="+34600998"))
    assert only(refused, LeaveQueue).reason is VisitReason.MAX_WAITING, "who has no place finds none"


def test_is_kept_while_the_queue_takes_nobody() -> None:
    stage = stage_where_she_gave_up()
    stage.step(QueueClosed("support", ClosedReason.EMERGENCY))
    refused = stage.step(CallQueued("c2", "support", stage.now_us, caller=LUISA))
    assert only(refused, LeaveQueue).reason is VisitReason.CLOSED_EMERGENCY
    stage.wait(30)
    stage.step(QueueOpened("support", ClosedReason.EMERGENCY))
    assert comes(stage, "c3") == seconds(50)


def test_through_a_snapshot() -> None:
    stage = stage_where_she_gave_up()
    stage.router = Router.restore(stage.router.snapshot())
    assert comes(stage, "c2") == seconds(20)


def test_is_bounded_in_number_and_time() -> None:
    stage = Stage([support(redial_within_us=seconds(60), max_waiting=MOST + 10)], [])
    gave_up = stage.router._board.state.gave_up
    for number in range(MOST + 5):
        comes(stage, f"c{number}", f"+{number}")
        stage.hang_up(f"c{number}")
    assert len(gave_up) == MOST
    stage.wait(61)
    comes(stage, "last")
    stage.hang_up("last")
    assert list(gave_up) == [LUISA]
