"""The queues, now."""

from fastapi import APIRouter, Response

from switch.api.answers import Items, answer, many, one
from switch.api.backend import QueueRow
from switch.api.services import Services


def routes(services: Services) -> APIRouter:
    """`/queues`."""
    router = APIRouter(prefix="/queues", tags=["queues"])

    @router.get("", responses=many(QueueRow))
    async def queues() -> Response:
        """Every queue."""
        return answer(Items(services.backend.queues()))

    @router.get("/{name}", responses=one(QueueRow))
    async def queue(name: str) -> Response:
        """One queue."""
        return answer(services.backend.queue(name))

    return router
