"""Who is banned, and how to lift it."""

from http import HTTPStatus

from fastapi import Depends, Response

from switch.access.rights import Right
from switch.api.answers import answer, many, nothing
from switch.api.pages import Asked
from switch.api.part import Part
from switch.api.rows import BanRow
from switch.api.services import Services


def routes(services: Services) -> Part:
    """`/bans` and `/bans/{address}`."""
    router = Part(tags=["bans"], dependencies=[Depends(services.needs(Right.ADMINISTER))])

    @router.get("/bans", responses=many(BanRow))
    async def bans(page: Asked) -> Response:
        """Every ban in force, the oldest first."""
        return answer(page.of(services.backend.bans(), lambda row: f"{row.address} {row.user}"))

    @router.delete("/bans/{address:path}", status_code=204, responses=nothing(HTTPStatus.NO_CONTENT))
    async def remove(address: str) -> Response:
        """Lift every ban of an address and forget its failures."""
        services.backend.remove_bans(address)
        return Response(status_code=HTTPStatus.NO_CONTENT.value)

    return router
