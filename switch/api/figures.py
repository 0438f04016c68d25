"""Today's figures, as they are counted while it happens."""

import asyncio
from typing import Annotated, Final

from fastapi import Depends, Query, Response

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import answer, many
from switch.api.pages import Asked
from switch.api.part import Part
from switch.api.services import Services
from switch.events.subject import agent, queue
from switch.figures.facts import Counts, Dimension, Fact
from switch.figures.formulas import FORMULAS
from switch.figures.rows import FigureRow, FiguresRow
from switch.records import utc

_AT_ONCE: Final = 10
"""Rows that are made between two turns of the loop."""
_SUBJECTS: Final = {Dimension.QUEUE: queue, Dimension.AGENT: agent}


def routes(services: Services) -> Part:
    """`/figures`."""
    router = Part(prefix="/figures", tags=["figures"])
    See = Annotated[Holder, Depends(services.needs(Right.QUEUES_SEE))]

    @router.get("", responses=many(FiguresRow))
    async def figures(holder: See, page: Asked, by: Annotated[Dimension | None, Query()] = None) -> Response:
        """Today's figures, by queue, agent, skill, number, trunk or reason of a pause; of everybody without
        `by`.
        """
        live = services.figures
        since, rows = utc(live.today_us), []
        for n, (key, counts) in enumerate(live.today(() if by is None else (by,)).items()):
            name = key[0] if key else None
            if by is Dimension.QUEUE and name is not None:
                counts.facts[Fact.WAITING_LATE] = services.metrics.waiting_late(name)
            if _sees(holder, by, name):
                rows.append(FiguresRow(name, since, live.seeded, counts.facts, _figures(counts, by)))
            if n % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
        return answer(page.of(rows, lambda row: row.key or ""))

    return router


def _sees(holder: Holder, by: Dimension | None, name: str | None) -> bool:
    """Whoever has a scope sees his queues and agents, and no sums of others."""
    subject = None if by is None else _SUBJECTS.get(by)
    return holder.sees([] if subject is None or name is None else [subject(name)])


def _figures(counts: Counts, by: Dimension | None) -> dict[str, FigureRow | None]:
    told = {}
    for id, formula in FORMULAS.items():
        if by is None or by in formula.by:
            figure = formula.value(counts)
            told[id] = (
                None
                if figure is None
                else FigureRow(figure.version, figure.numerator, figure.denominator, figure.value)
            )
    return told
