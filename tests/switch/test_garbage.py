"""The collector's schedule: young objects all the time, everything when no call would notice."""

import asyncio
import gc
from collections.abc import Iterator
from typing import Any, cast

import pytest

from switch.garbage import BUSY_S, QUIET_S, YOUNG_S, Collector


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
    """The generations that were collected, in order."""
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


@pytest.mark.parametrize(("quiet", "interval_s"), [(True, QUIET_S), (False, BUSY_S)])
def test_all_is_looked_at_seldom_and_the_young_often(
    collected: list[int], quiet: bool, interval_s: float
) -> None:
    clock = Clock()
    collector = running(clock, quiet)
    clock.run_to(interval_s - 2 * YOUNG_S)
    assert collected[0] == 2
    assert set(collected[1:]) == {0}
    assert len(collected) > 0.9 * interval_s / YOUNG_S
    clock.run_to(interval_s + YOUNG_S)
    assert collected.count(2) == 2
    collector.stop()
    assert clock.cancelled


def test_the_interpreter_goes_back_to_its_own_schedule() -> None:
    collector = running(Clock(), quiet=True)
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 0
    collector.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


async def test_a_cycle_that_nobody_holds_is_found() -> None:
    gone = asyncio.Event()

    class Ring:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            gone.set()

    collector = Collector(asyncio.get_running_loop(), lambda: False)
    collector.start()
    Ring()
    await asyncio.wait_for(gone.wait(), 5.0)
    collector.stop()
