"""Callers' priority grows while they wait."""

import random

import pytest

from acd.aging import POINT, Waiting, place
from acd.commands import Offer
from acd.events import (
    CallQueued,
    Configured,
    ConversationEnd,
    ConversationEnded,
    OfferAnswered,
    PhoneRegistered,
)
from acd.queued_call import QueuedCall
from acd.router import Router
from acd.settings import Aging, QueueSettings
from tests.acd.stage import SECOND, START_US, Stage, support, team
from tests.acd.test_matching import talk

MINUTE = 60 * SECOND


@pytest.mark.parametrize(
    ("aging", "priority", "minutes", "points"),
    [
        (Aging(), 0, 0, 0),
        (Aging(), 0, 7, 7),
        (Aging(), 5, 7, 12),
        (Aging(), 5, 600, 100),
        (Aging(), -5, 3, -2),
        (Aging(per_minute=0), 5, 600, 5),
        (Aging(per_minute=10, cap=20), 5, 1, 15),
        (Aging(per_minute=10, cap=20), 5, 2, 20),
        (Aging(per_minute=10, cap=20), 50, 2, 50),
    ],
)
def test_priority_grows_up_to_the_cap(aging: Aging, priority: int, minutes: int, points: int) -> None:
    call = QueuedCall("c1", "q", priority, START_US, 1)
    assert place(call, aging, START_US + minutes * MINUTE) == (-points * POINT, START_US, 1)


@pytest.mark.parametrize("seed", range(8))
def test_the_line_says_at_every_moment_who_is_first(seed: int) -> None:
    dice = random.Random(seed)
    aging = Aging(dice.choice((0, 1, 3, 60)), dice.choice((0, 4, 100)))
    live: dict[str, int] = {}
    calls: dict[str, QueuedCall] = {}
    waiting = Waiting(aging, live)
    now_us = START_US
    for turn in range(3_000):
        now_us += dice.choice((0, 0, 1, SECOND, MINUTE))
        if dice.random() < 0.55:
            name = f"c{dice.randrange(60)}"  # who comes again has a new place
            queued_at_us = now_us - dice.choice((0, 0, 7 * MINUTE))
            calls[name] = QueuedCall(name, "q", dice.choice((-3, 0, 0, 2, 4, 9)), queued_at_us, turn)
            live[name] = turn
            waiting.put(calls[name], turn)
        elif calls:
            gone = dice.choice(sorted(calls))
            del calls[gone], live[gone]
        first = waiting.first(now_us)
        best = min((place(call, aging, now_us) for call in calls.values()), default=None)
        assert (first and first[:3]) == best
        assert bool(waiting) == bool(calls)


def order(stage: Stage, agent: str, calls: int) -> list[str]:
    """Who is offered to the agent, one after the other."""
    stage.login(agent)
    for _ in range(calls):
        talk(stage, agent)
    return [call for call, _ in stage.offered()]


def test_who_has_waited_long_goes_before_who_is_a_little_more_important() -> None:
    stage = Stage([support(wrap_up_us=0, max_wait_us=0)], team("ana"))
    stage.queue("early")
    stage.wait(4 * 60)
    stage.queue("vip", priority=5)
    stage.wait(2 * 60)
    stage.queue("another", priority=5)
    assert order(stage, "ana", 3) == ["vip", "early", "another"]


def test_nobody_grows_beyond_the_cap() -> None:
    stage = Stage([support(wrap_up_us=0, max_wait_us=0, aging=Aging(60, 10))], team("ana"))
    stage.queue("early")
    stage.wait(3600)
    stage.queue("vip", priority=11)
    stage.queue("late", priority=10)
    assert order(stage, "ana", 3) == ["vip", "early", "late"]


def test_queues_that_age_differently_are_compared_by_what_priority_has_grown_to() -> None:
    queues = [
        QueueSettings("slow", wrap_up_us=0, max_wait_us=0, aging=Aging(1)),
        QueueSettings("fast", wrap_up_us=0, max_wait_us=0, aging=Aging(10)),
        QueueSettings("never", wrap_up_us=0, max_wait_us=0, aging=Aging(0)),
    ]
    stage = Stage(queues, team("ana"))
    stage.queue("s", "slow")
    stage.wait(60)
    stage.queue("n", "never", priority=4)
    stage.queue("f", "fast")
    stage.wait(60)  # slow 2, never 4, fast 10
    assert order(stage, "ana", 3) == ["f", "n", "s"]


@pytest.mark.parametrize("seed", range(3))
def test_nobody_waits_behind_who_came_much_later(seed: int) -> None:
    """At or below the cap nobody is passed by who came more than (cap - p0) / per_minute later, or is capped
    himself. Arrivals are more, and more important, than one agent can serve."""
    starved(seed, 400)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10, 13))
def test_nobody_waits_behind_who_came_much_later_in_the_long_run(seed: int) -> None:
    starved(seed, 33_000)


def starved(seed: int, calls: int) -> None:
    dice = random.Random(seed)
    aging = Aging(dice.choice((1, 5)), 20)
    router, now_us = Router(), START_US
    queues = [
        QueueSettings(name, wrap_up_us=0, max_wait_us=0, max_waiting=10**6, aging=aging) for name in "ab"
    ]
    router.step(Configured(queues, team("ana")), now_us)
    router.step(PhoneRegistered("ana", fresh=True), now_us)
    waiting: dict[str, CallQueued] = {}
    talks = ""
    passed = 0
    for number in range(calls):
        now_us += dice.choice((1, 20, 60)) * SECOND
        come = CallQueued(f"c{number}", dice.choice("ab"), now_us, dice.choice((0, 0, 10, 20)))
        waiting[come.call] = come
        commands = router.step(come, now_us)
        if dice.random() < 0.8 and talks:
            commands += router.step(ConversationEnded(talks, "ana", ConversationEnd.CALLER_HUNG_UP), now_us)
        for offer in (one for one in commands if isinstance(one, Offer)):
            talks = offer.call
            gone = waiting.pop(talks)
            for other in waiting.values():
                bound_us = (aging.cap - other.priority) * MINUTE // aging.per_minute
                assert gone.queued_at_us <= other.queued_at_us + bound_us
                passed += gone.queued_at_us > other.queued_at_us
            router.step(OfferAnswered(offer.offer), now_us)
    assert passed, "nobody was passed at all"
