"""Why a call went where it went."""

import asyncio
from typing import Annotated

from fastapi import Depends, Query, Response

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import answer, one
from switch.api.calls import find, history
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.services import Services
from switch.config.schema import Language
from switch.why.explainer import CannotExplain
from switch.why.following import follow
from switch.why.rows import LedgerRow, WhyRow
from switch.why.telling import why_row


def routes(services: Services) -> Part:
    """`/calls/{id}/why`."""
    router = Part(prefix="/calls", tags=["calls"])

    @router.get("/{call}/why", responses=one(WhyRow))
    async def why(
        call: str,
        holder: Annotated[Holder, Depends(services.needs(Right.CALLS_WHY))],
        language: Annotated[Language | None, Query()] = None,
    ) -> Response:
        """Why each offer of a call went to that agent: a sentence, who else there was, what kept each from
        it, and what would have changed it; in `language`, or the server's. The journal is replayed for it."""
        await find(services, holder, call)
        async with history(services) as reader:
            kept = await reader.decisions(call)
            offers = {**await reader.offers(call), **services.backend.offers(call)}
        try:
            explained = await services.explainer.explain(kept)
        except CannotExplain as error:
            raise Failure(Kind.BROKEN, f"the journal cannot be replayed: {error}") from error
        said_in = language or services.language()
        return answer(await asyncio.to_thread(why_row, call, kept, explained, offers, said_in))

    return router


def ledger(services: Services) -> Part:
    """`/ledger`."""
    router = Part(tags=["ledger"], dependencies=[Depends(services.needs(Right.ADMINISTER))])

    @router.get("/ledger", responses=one(LedgerRow))
    async def check() -> Response:
        """Follow the chain of all decisions and tell what was altered, is out of its place, or missing."""
        async with history(services) as reader:
            return answer(await follow(reader))

    return router
