"""Agents' pauses by their reason: how many began, and the time that passed in them, of this period alone."""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from switch.history.tables import agent_states
from switch.records import AgentState, to_us
from switch.reports.question import Question
from switch.reports.sheet import Value

_AT_ONCE: Final = 1000
_TENANT: Final = "default"
_MICRO: Final = 1_000_000


class _Stay(NamedTuple):
    """An agent in a state, from then on."""

    agent: str
    state: str
    reason: str | None
    since_us: int


async def rows(connection: AsyncConnection, question: Question, now_us: int) -> AsyncIterator[list[Value]]:
    """By agent and reason, in their order. Nothing is known beyond `now_us`."""
    start_us, end_us = to_us(question.start), min(to_us(question.end), now_us)
    begun: dict[str, list[int]] = {}
    before: _Stay | None = None
    async for stay in _stays(connection, question):
        if before is not None:
            until_us = stay.since_us if stay.agent == before.agent else end_us
            _count(begun, before, start_us, min(until_us, end_us))
            if stay.agent != before.agent:
                for row in _of(before.agent, begun):
                    yield row
                begun = {}
        before = stay
    if before is not None:
        _count(begun, before, start_us, end_us)
        for row in _of(before.agent, begun):
            yield row


def _count(begun: dict[str, list[int]], stay: _Stay, start_us: int, until_us: int) -> None:
    if stay.state != AgentState.PAUSED.value or until_us <= start_us:
        return
    cell = begun.setdefault(stay.reason or "", [0, 0])
    cell[0] += stay.since_us >= start_us
    cell[1] += until_us - max(stay.since_us, start_us)


def _of(agent: str, begun: dict[str, list[int]]) -> list[list[Value]]:
    return [[agent, reason, count, us / _MICRO] for reason, (count, us) in sorted(begun.items())]


async def _stays(connection: AsyncConnection, question: Question) -> AsyncIterator[_Stay]:
    """Each agent's last state before the period, and all that he entered in it."""
    s = agent_states.c
    own = [s.tenant == _TENANT]
    if question.filters.agent is not None:
        own.append(s.agent == question.filters.agent)
    last = select(s.agent, func.max(s.since)).where(*own, s.since < question.start).group_by(s.agent)
    shown = (s.agent, s.state, s.reason, s.since)
    both = select(*shown).where(
        *own,
        ((s.since >= question.start) & (s.since < question.end)) | tuple_(s.agent, s.since).in_(last),
    )
    result = await connection.stream(both.order_by(s.agent, s.since))
    async for some in result.partitions(_AT_ONCE):
        for row in some:
            yield _Stay(row[0], row[1], row[2], to_us(row[3]))
