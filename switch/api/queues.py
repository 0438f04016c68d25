"""The queues, now, and closing them out of turn."""

from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, Field

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import Items, answer, many, one
from switch.api.inputs import body
from switch.api.pages import Asked
from switch.api.part import Part
from switch.api.rows import QueueRow
from switch.api.services import Services


class Word(BaseModel):
    """Who says so, and why: for the log, and for whoever asks while the queue is closed."""

    model_config = body({"why": "fire drill"})

    by: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    """Believed of `admin.token` only: every other token has a name."""
    why: Annotated[str, Field(max_length=200)] = ""


def routes(services: Services) -> Part:
    """`/queues`."""
    router = Part(prefix="/queues", tags=["queues"])
    backend = services.backend
    See = Annotated[Holder, Depends(services.needs(Right.QUEUES_SEE))]
    Close = Annotated[Holder, Depends(services.needs(Right.QUEUES_CLOSE))]

    def reached(holder: Holder) -> list[str | None]:
        """Every queue, or those of his scope one by one."""
        if holder.scope is None:
            return [None]
        return [row.name for row in services.seen_by(holder).queues()]

    @router.get("", responses=many(QueueRow))
    async def queues(holder: See, page: Asked) -> Response:
        """Every queue."""
        return answer(page.of(services.seen_by(holder).queues(), lambda row: row.name))

    @router.get("/{name}", responses=one(QueueRow))
    async def queue(name: str, holder: See) -> Response:
        """One queue."""
        return answer(services.seen_by(holder).queue(name))

    @router.post("/close", responses=many(QueueRow))
    async def close_all(word: Word, holder: Close) -> Response:
        """Close every queue out of turn, until it is opened again."""
        by = services.known_as(holder, word.by)
        rows = [row for name in reached(holder) for row in backend.close_queues(name, by, word.why)]
        return answer(Items(rows))

    @router.post("/open", responses=many(QueueRow))
    async def open_all(word: Word, holder: Close) -> Response:
        """Take that back for every queue; those whose hours are over stay closed."""
        by = services.known_as(holder, word.by)
        rows = [row for name in reached(holder) for row in backend.open_queues(name, by, word.why)]
        return answer(Items(rows))

    @router.post("/{name}/close", responses=one(QueueRow))
    async def close(name: str, word: Word, holder: Close) -> Response:
        """Close one queue out of turn, until it is opened again."""
        services.seen_by(holder).check_queue(name)
        return answer(backend.close_queues(name, services.known_as(holder, word.by), word.why)[0])

    @router.post("/{name}/open", responses=one(QueueRow))
    async def reopen(name: str, word: Word, holder: Close) -> Response:
        """Take that back; a queue whose hours are over stays closed."""
        services.seen_by(holder).check_queue(name)
        return answer(backend.open_queues(name, services.known_as(holder, word.by), word.why)[0])

    return router
