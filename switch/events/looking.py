"""Looks around regularly: at queues whose figures changed, at trunks, and now and then at everything."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import structlog

from switch.events.news import News
from switch.events.rows import Kind
from switch.exchange import Exchange

EVERY_S: Final = 0.5
"""How often a queue's figures are told, at most."""
ALL_EVERY: Final = 10
"""Looks, of which one is at everything."""
_AT_ONCE: Final = 20
"""Rows in one turn of the loop: half a millisecond."""


class Looking:
    """Looks until it is cancelled."""

    def __init__(self, exchange: Exchange, news: News) -> None:
        self._exchange = exchange
        self._news = news
        self._log = structlog.get_logger("events")

    def take_in(self) -> None:
        """Have everything on the board, before anybody listens. Calls have come there by themselves."""
        for kind, name in self._all():
            self._news.take_in(kind, name)

    async def run(self) -> None:
        """Until cancelled."""
        looks = 0
        while True:
            await asyncio.sleep(EVERY_S)
            looks += 1
            try:
                await self.look(everything=looks % ALL_EVERY == 0)
            except Exception:  # noqa: BLE001 - a task's edge: one look that failed must not be the last
                self._log.exception("cannot look")

    async def look(self, *, everything: bool) -> None:
        """One look, a few rows in each turn of the loop."""
        trunks = [(Kind.TRUNK, name) for name in self._exchange.config.trunks]
        rest = iter(self._all() if everything else trunks)
        await self._at(rest)
        due, self._news.due_queues = self._news.due_queues, {}
        await self._at((Kind.QUEUE, name) for name in due)

    async def _at(self, those: Iterable[tuple[Kind, str]]) -> None:
        rest = iter(those)
        while part := list(islice(rest, _AT_ONCE)):
            for kind, name in part:
                self._news.look(kind, name)
            await asyncio.sleep(0)

    def _all(self) -> Iterator[tuple[Kind, str]]:
        """Everything there is, and that was told of and may be no more. Agents before their queues."""
        exchange, board = self._exchange, self._news.stream.board
        router = exchange.dispatch.router.facts
        names: dict[Kind, list[str]] = {
            Kind.AGENT: [*router.agents, *board.keys(Kind.AGENT)],
            Kind.QUEUE: [*router.queues, *board.keys(Kind.QUEUE)],
            Kind.PHONE: [*exchange.config.phones, *board.keys(Kind.PHONE)],
            Kind.TRUNK: [*exchange.config.trunks, *board.keys(Kind.TRUNK)],
        }
        for kind, each in names.items():
            for name in dict.fromkeys(each):
                yield kind, name
