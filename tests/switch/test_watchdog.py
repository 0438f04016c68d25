"""The watchdog: who waits beside a free agent gets him after a second, whatever index was at fault."""

import asyncio

import pytest

from switch.metrics.metrics import RepairKind
from switch.sweeping import Sweeper
from switch.watchdog import EVERY_S, Watchdog
from tests.switch.far_end import FarEnd, answering
from tests.switch.stage import NUMBER, Stage


def alarms(stage: Stage) -> float:
    return stage.metrics().value("centralita_state_repairs_total", kind=RepairKind.INDEX)


async def looks(stage: Stage, watchdog: Watchdog, seconds: float) -> None:
    """So many seconds of it."""
    for _ in range(round(seconds / EVERY_S) + 1):
        await watchdog.look()
        await stage.pass_by(EVERY_S)


async def ready(stage: Stage) -> FarEnd:
    phone = await stage.phone()
    phone.behave = answering
    return phone


async def test_who_waits_beside_a_free_agent_gets_him(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index loses the agent who has become free."""
    await ready(stage)
    eligibility = stage.exchange.dispatch.router._board.eligibility
    eligibility.agents.clear()
    await stage.carrier.dial(NUMBER)
    call, watchdog = stage.call, Watchdog(stage.exchange)
    await looks(stage, watchdog, 0.5)
    assert alarms(stage) == 0, "patience"
    await looks(stage, watchdog, 1.0)
    assert alarms(stage) == 1
    assert call.agent == "ana"
    await looks(stage, watchdog, 2.0)
    assert alarms(stage) == 1


@pytest.mark.parametrize("sections", [{"queues": {"support": {"requires": "support >= 6"}}}])
async def test_who_waits_for_others_is_no_alarm(stage: Stage) -> None:
    """Ana is free, but the queue asks for more than she knows."""
    await ready(stage)
    await stage.carrier.dial(NUMBER)
    await looks(stage, Watchdog(stage.exchange), 3.0)
    assert alarms(stage) == 0


async def test_whoever_becomes_free_now_and_then_is_no_alarm(stage: Stage) -> None:
    phone = await ready(stage)
    watchdog = Watchdog(stage.exchange)
    for _ in range(3):
        session = await stage.carrier.dial(NUMBER)
        await looks(stage, watchdog, 1.5)
        await stage.carrier.hang_up(session)
        await looks(stage, watchdog, 1.5)
    assert alarms(stage) == 0
    assert phone.address


@pytest.mark.parametrize(("module", "look"), [("watchdog", "look"), ("sweeping", "sweep")])
async def test_a_look_that_fails_is_not_the_last(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, module: str, look: str
) -> None:
    watchdog = Watchdog(stage.exchange)
    sweeper = Sweeper(stage.exchange, stage.registry, stage.orders)
    watcher: Watchdog | Sweeper = watchdog if module == "watchdog" else sweeper
    looks: asyncio.Queue[None] = asyncio.Queue()

    async def fail() -> None:
        looks.put_nowait(None)
        raise KeyError("a fault of ours")

    monkeypatch.setattr(f"switch.{module}.EVERY_S", 0.0)
    monkeypatch.setattr(watcher, look, fail)
    running = asyncio.create_task(watcher.run())
    for _ in range(3):
        await asyncio.wait_for(looks.get(), 10.0)
    assert not running.done()
    running.cancel()
