"""The watchdog: an alarm when somebody waits although an agent who may serve him is free, for over a second.

The router brings the two together in the step in which that becomes possible. If it ever does not, its
indexes are at fault: they are made anew from the facts, which helps the caller at once, and the alarm
says who it was.
"""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

import structlog

from acd.events import IndexesDoubted
from acd.watch import Levels, kept_waiting, skills_of
from switch.events.types import Alarm
from switch.exchange import Exchange
from switch.metrics.metrics import RepairKind

EVERY_S: Final = 0.5
PATIENCE_US: Final = 1_000_000
"""How long a caller may wait beside a free agent."""
_AT_ONCE: Final = 500
"""Agents or calls that are looked at in one turn of the loop: well under a millisecond."""

One = TypeVar("One")


class Watchdog:
    """Looks twice a second, by the facts alone."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._since_us: dict[str, int] = {}
        """Who waited beside a free agent at the last look, and since which one."""
        self._log = structlog.get_logger("watchdog")

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - a task's edge: one look that failed must not be the last
                self._log.exception("cannot look")

    async def look(self) -> None:
        """One look. It takes several turns of the loop, in which agents come and go: only who is seen again
        counts.
        """
        facts = self._exchange.dispatch.router.facts
        free: dict[Levels, list[str]] = {}
        for agents in _parts(list(facts.agents.values())):
            for agent in agents:
                if agent.free:
                    free.setdefault(skills_of(agent), []).append(agent.name)
            await asyncio.sleep(0)
        now_us, since_us = self._exchange.now_us(), dict[str, int]()
        for calls in _parts(list(facts.calls.values()) if free else []):
            for call, name in kept_waiting(facts, calls, free):
                since_us[call] = self._since_us.get(call, now_us)
                if now_us - since_us[call] >= PATIENCE_US:
                    self._alarm(call, name, now_us - since_us.pop(call))
            await asyncio.sleep(0)
        self._since_us = since_us

    def _alarm(self, call: str, agent: str, for_us: int) -> None:
        self._log.error("caller waits beside a free agent", call=call, agent=agent, for_s=for_us / 1e6)
        detail = f"call {call} waits although agent {agent} is free"
        self._exchange.alarms.once(Alarm.CALLER_KEPT_WAITING, call, detail)
        self._exchange.metrics.repaired(RepairKind.INDEX)
        self._exchange.dispatch.post(IndexesDoubted())


def _parts(those: Iterable[One]) -> Iterator[list[One]]:
    rest = iter(those)
    while part := list(islice(rest, _AT_ONCE)):
        yield part
