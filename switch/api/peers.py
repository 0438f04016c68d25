"""Phones and trunks, now."""

from fastapi import APIRouter, Response

from switch.api.answers import Items, answer, many
from switch.api.backend import PhoneRow, TrunkRow
from switch.api.services import Services


def routes(services: Services) -> APIRouter:
    """`/phones` and `/trunks`."""
    router = APIRouter(tags=["peers"])

    @router.get("/phones", responses=many(PhoneRow))
    async def phones() -> Response:
        """Every phone and its registrations."""
        return answer(Items(services.backend.phones()))

    @router.get("/trunks", responses=many(TrunkRow))
    async def trunks() -> Response:
        """Every trunk and its health."""
        return answer(Items(services.backend.trunks()))

    return router
