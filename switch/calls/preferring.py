"""Which agent comes first for a caller: the one whom the route names, or the last who talked to him."""

import asyncio
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from switch.config.preferring import PreferAgent
from switch.exchange import Exchange
from switch.records import utc

LOOK_S: Final = 0.2
"""A caller waits no longer for the history's answer."""


async def preferred_agent(exchange: Exchange, prefer: PreferAgent | None, named: str, number: str) -> str:
    """His name; empty where nobody comes first, or the history does not say so in time. `number` is the
    caller's, or empty."""
    if prefer is None or named:
        return named if prefer is not None else ""
    if not prefer.last_within or not number or exchange.reader is None:
        return ""
    since = utc(exchange.now_us() - round(prefer.last_within * 1e6))
    try:
        async with asyncio.timeout(LOOK_S):
            return await exchange.reader.last_agent(number, since) or ""
    except (TimeoutError, SQLAlchemyError, OSError) as error:
        structlog.get_logger("call").warning("last agent not known", error=str(error) or "too late")
        return ""
