"""Positions in a queue, against counting who is ahead."""

import random

import pytest

from acd.aging import place
from acd.queued_call import QueuedCall
from acd.router import Router
from acd.settings import Aging
from acd.standing import Standing
from tests.acd.history import AGINGS, History

SECOND = 1_000_000
START_US = 1_795_000_000 * SECOND


def counted(calls: list[QueuedCall], aging: Aging, now_us: int) -> dict[str, int]:
    places = {call.id: place(call, aging, now_us) for call in calls}
    return {name: 1 + sum(other < own for other in places.values()) for name, own in places.items()}


def kept(standing: Standing, calls: list[QueuedCall], now_us: int) -> dict[str, int]:
    return {call.id: standing.position(call.id, now_us) for call in calls}


@pytest.mark.parametrize("aging", [*AGINGS, Aging(2, -3), Aging(0, 0)])
@pytest.mark.parametrize("seed", range(5))
def test_they_are_what_counting_finds(seed: int, aging: Aging) -> None:
    dice = random.Random(seed)
    standing, calls, now_us = Standing(aging), list[QueuedCall](), START_US
    for number in range(300):
        now_us += dice.choice((0, 1, SECOND, 40 * SECOND))
        match dice.randrange(5):
            case 0 | 1:
                since_us = now_us - dice.choice((0, 0, 90, 600)) * SECOND
                calls.append(QueuedCall(f"c{number}", "q", dice.randint(-4, 8), since_us, number))
                standing.enter(calls[-1])
            case 2 if calls:
                standing.leave(calls.pop(dice.randrange(len(calls))).id)
            case 3 if calls:
                call = dice.choice(calls)
                call.priority = dice.randint(-4, 8)
                standing.change(call)
        asked = dice.sample(calls, len(calls) // 2)
        every = counted(calls, aging, now_us)
        assert kept(standing, asked, now_us) == {call.id: every[call.id] for call in asked}


def checked(router: Router) -> int:
    """How many positions were compared."""
    board, compared = router._board, 0
    for name, standing in board.standings.items():
        queue = board.state.queues[name]
        calls = [board.state.calls[call] for call in queue.visits]
        assert kept(standing, calls, board.now_us) == counted(calls, queue.settings.aging, board.now_us)
        compared += len(calls)
    return compared


def test_they_are_kept_through_whatever_happens() -> None:
    """A change of the configuration, a move, a step or another program's word: after every step of random
    histories, and in the router that a snapshot makes of it."""
    compared = 0
    for seed in range(12):
        history = History(seed)
        for _ in range(15):
            history.play(20)
            compared += checked(history.router)
            compared += checked(Router.restore(history.router.snapshot()))
    assert compared > 100
