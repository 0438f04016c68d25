"""The process's own health: it lives, and collects garbage."""

import asyncio
import gc
from typing import cast

from switch.metrics.metrics import Metrics
from switch.metrics.vitals import INTERVAL_S, Vitals
from tests.switch.stage import Stage


class Noted:
    """As much of the metrics as vitals touch."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def gc_pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def test_it_lives_twice_a_second(stage: Stage) -> None:
    beats: list[None] = []
    vitals = Vitals(stage.exchange.metrics, asyncio.get_running_loop(), lambda: beats.append(None))
    vitals.start()
    await stage.pass_by(10 * INTERVAL_S + 0.01)
    assert len(beats) == 10
    vitals.stop()
    await stage.pass_by(10)
    assert len(beats) == 10


async def test_a_beat_that_fails_is_not_the_last(stage: Stage) -> None:
    beats: list[None] = []

    def beat() -> None:
        beats.append(None)
        raise OSError("broken on purpose")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: None)
    vitals = Vitals(stage.exchange.metrics, loop, beat)
    vitals.start()
    await stage.pass_by(2 * INTERVAL_S + 0.01)
    vitals.stop()
    assert len(beats) == 2


async def test_a_collection_is_a_pause_while_it_is_watched() -> None:
    noted = Noted()
    vitals = Vitals(cast(Metrics, noted), asyncio.get_running_loop(), lambda: None)
    watching = len(gc.callbacks)
    vitals.start()
    gc.collect()
    vitals.stop()
    assert len(noted.pauses) >= 1
    assert all(seconds >= 0 for seconds in noted.pauses)
    assert len(gc.callbacks) == watching
