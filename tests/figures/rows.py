"""What the tables hold, read without our figures: all of it, as the brute force wants it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.history.tables import agent_states, calls, legs, offers, queue_visits, transfers
from tests.figures.brute_force import Row, Tables


async def tables(engine: AsyncEngine) -> Tables:
    """`select *` of each."""
    async with engine.connect() as connection:
        found: list[list[Row]] = []
        for query in (
            select(queue_visits, calls.c.to.label("number"), calls.c.trunk).join(calls),
            select(offers),
            select(transfers),
            select(legs),
            select(agent_states),
        ):
            result = await connection.execute(query)
            found.append([dict(row) for row in result.mappings()])
    return Tables(*found)
