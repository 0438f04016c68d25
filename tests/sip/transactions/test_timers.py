"""Timers in queues and in the heap behave alike."""

from random import Random

import pytest

from sip.transactions.timers import Timer, Timers


class Owner:
    def __init__(self) -> None:
        self.heard: list[tuple[str, float]] = []

    def expired(self, kind: str, now: float) -> None:
        self.heard.append((kind, now))


@pytest.mark.parametrize("lengths", [(), (1.0, 2.0, 3.0)])
def test_timers_run_out_in_order_of_time(lengths: tuple[float, ...]) -> None:
    timers, owner = Timers(lengths), Owner()
    for kind, length, now in [("c", 3.0, 0.0), ("a", 1.0, 0.0), ("b", 2.0, 0.5), ("d", 3.0, 0.5)]:
        timers.start(length, owner, kind, now)
    assert timers.deadline() == 1.0
    timers.run(10.0)
    assert [kind for kind, _ in owner.heard] == ["a", "b", "c", "d"]
    assert (timers.deadline(), timers.running) == (None, 0)


def test_a_stopped_timer_is_no_deadline() -> None:
    timers, owner = Timers([1.0]), Owner()
    queued, heaped = timers.start(1.0, owner, "a", 0.0), timers.start(1.5, owner, "b", 0.0)
    timers.stop(queued)
    timers.stop(queued)
    assert (timers.deadline(), timers.running) == (1.5, 1)
    timers.stop(heaped)
    assert (timers.deadline(), timers.running) == (None, 0)


def test_a_timer_may_start_another_that_is_due_at_once() -> None:
    class Restarting(Owner):
        def expired(self, kind: str, now: float) -> None:
            super().expired(kind, now)
            if len(self.heard) < 3:
                timers.start(0.0, self, kind, now)

    timers, owner = Timers([1.0]), Restarting()
    timers.start(1.0, owner, "a", 0.0)
    timers.run(1.0)
    assert len(owner.heard) == 3


@pytest.mark.parametrize("lengths", [(), (1.0, 4.0, 32.0)])
def test_many_timers_started_and_stopped(lengths: tuple[float, ...]) -> None:
    random, timers, owner = Random(1), Timers(lengths), Owner()
    running: dict[str, Timer] = {}
    due: dict[str, float] = {}
    now = 0.0
    for number in range(5000):
        now += random.random() * 0.01
        name, length = str(number), random.choice([1.0, 4.0, 32.0])
        running[name], due[name] = timers.start(length, owner, name, now), now + length
        if random.random() < 0.7:
            stopped = random.choice(list(running))
            timers.stop(running.pop(stopped))
        timers.run(now)
        for kind, _ in owner.heard:
            assert due[kind] <= now
            running.pop(kind)
        owner.heard.clear()
        assert timers.running == len(running)
