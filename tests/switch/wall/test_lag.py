"""How late the loop runs."""

import asyncio

import pytest

from switch.wall.lag import INTERVAL_S, Lag


async def test_a_loop_that_is_held_up_is_late() -> None:
    measured: asyncio.Queue[float] = asyncio.Queue()
    heard: list[float] = []
    now = 100.0
    lag = Lag(asyncio.get_running_loop(), heard.append, measured.put_nowait, now=lambda: now)
    lag.start()
    now += INTERVAL_S + 0.2
    async with asyncio.timeout(10):
        assert await measured.get() == pytest.approx(0.2)
        assert await measured.get() == 0, "too early by this clock"
    lag.stop()
    lag.stop()
    assert heard == [pytest.approx(0.2), 0], "everyone hears the same"
