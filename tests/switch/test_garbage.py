"""The collector's schedule: when no call would notice, or when garbage piles up."""

import asyncio
import gc
from collections.abc import Iterator
from typing import Any, cast

import pytest

from switch.garbage import QUIET_S, Collector


class Clock:
    """A loop whose time the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: Any = None
        self.cancelled = False

    def time(self) -> float:
        return self.now

    def call_later(self, delay_s: float, call: Any) -> "Clock":
        self.at, self.due = self.now + delay_s, call
        return self

    def cancel(self) -> None:
        self.cancelled = True

    def run_to(self, moment: float) -> None:
        while self.at <= moment:
            self.now = self.at
            self.due()


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The generations that were collected by order, one after the other."""
    seen: list[int] = []
    real = gc.collect
    monkeypatch.setattr(gc, "collect", lambda generation=2: seen.append(generation))
    yield seen
    monkeypatch.undo()
    real()


def running(clock: Clock, quiet: bool) -> Collector:
    collector = Collector(cast(asyncio.AbstractEventLoop, clock), lambda: quiet)
    collector.start()
    return collector


def test_a_moment_without_calls_is_taken(collected: list[int]) -> None:
    clock = Clock()
    collector = running(clock, quiet=True)
    clock.run_to(QUIET_S - 1)
    assert len(collected) == 1
    clock.run_to(QUIET_S)
    assert len(collected) == 2
    clock.run_to(2 * QUIET_S)
    assert len(collected) == 3
    collector.stop()
    assert clock.cancelled


def test_calls_are_not_disturbed(collected: list[int]) -> None:
    clock = Clock()
    collector = running(clock, quiet=False)
    clock.run_to(10 * QUIET_S)
    assert len(collected) == 1
    collector.stop()


def test_garbage_that_piles_up_is_found_even_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switch.garbage.GROWTH", 1000)
    gone: list[bool] = []

    class Ring:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            gone.append(True)

    clock = Clock()
    collector = running(clock, quiet=False)
    for _ in range(2000):
        Ring()
    assert not gone
    clock.run_to(1)
    collector.stop()
    assert len(gone) == 2000


def test_the_interpreter_goes_back_to_its_own_schedule() -> None:
    collector = running(Clock(), quiet=True)
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 0
    collector.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
