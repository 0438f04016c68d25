"""The queues, now, and closing them out of turn."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from switch.api.answers import Items, answer, many, one
from switch.api.backend import QueueRow
from switch.api.services import Services
from switch.calls.ending import EndedBy


class Word(BaseModel):
    """Who says so, and why: for the log, and for whoever asks while the queue is closed."""

    model_config = ConfigDict(extra="forbid")

    by: Annotated[str, Field(min_length=1, max_length=64)] = EndedBy.ADMINISTRATOR.value
    why: Annotated[str, Field(max_length=200)] = ""


def routes(services: Services) -> APIRouter:
    """`/queues`."""
    router = APIRouter(prefix="/queues", tags=["queues"])
    backend = services.backend

    @router.get("", responses=many(QueueRow))
    async def queues() -> Response:
        """Every queue."""
        return answer(Items(backend.queues()))

    @router.get("/{name}", responses=one(QueueRow))
    async def queue(name: str) -> Response:
        """One queue."""
        return answer(backend.queue(name))

    @router.post("/close", responses=many(QueueRow))
    async def close_all(word: Word) -> Response:
        """Close every queue out of turn, until it is opened again."""
        return answer(Items(backend.close_queues(None, word.by, word.why)))

    @router.post("/open", responses=many(QueueRow))
    async def open_all(word: Word) -> Response:
        """Take that back for every queue; those whose hours are over stay closed."""
        return answer(Items(backend.open_queues(None, word.by, word.why)))

    @router.post("/{name}/close", responses=one(QueueRow))
    async def close(name: str, word: Word) -> Response:
        """Close one queue out of turn, until it is opened again."""
        return answer(backend.close_queues(name, word.by, word.why)[0])

    @router.post("/{name}/open", responses=one(QueueRow))
    async def reopen(name: str, word: Word) -> Response:
        """Take that back; a queue whose hours are over stays closed."""
        return answer(backend.open_queues(name, word.by, word.why)[0])

    return router
