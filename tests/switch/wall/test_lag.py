"""How late the loop runs."""

import asyncio
import time

from switch.wall.lag import Lag


async def test_a_loop_that_is_held_up_is_late() -> None:
    measured: asyncio.Queue[float] = asyncio.Queue()
    lag = Lag(asyncio.get_running_loop(), measured.put_nowait)
    lag.start()
    time.sleep(0.2)  # noqa: ASYNC251 - that is the fault which is measured
    async with asyncio.timeout(10):
        assert await measured.get() >= 0.1
        await measured.get()
    lag.stop()
    lag.stop()
