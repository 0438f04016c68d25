"""Who else hears a call while it happens."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import Items, answer, many, nothing, one
from switch.api.inputs import body
from switch.api.part import Part
from switch.api.rows import ForkRow
from switch.api.services import Services


class ForkWanted(BaseModel):
    """Where the call is to be heard."""

    model_config = body({"url": "wss://speech.example/hears", "rate": 16000})

    url: str = Field(max_length=2000)
    rate: Literal[8000, 16000] = 8000


def routes(services: Services) -> Part:
    """`/calls/{call}/forks`."""
    router = Part(prefix="/calls/{call}/forks", tags=["calls"])
    May = Annotated[Holder, Depends(services.needs(Right.FORKS))]

    @router.get("", responses=many(ForkRow))
    async def forks(call: str, holder: May) -> Response:
        """The forks of a call in progress."""
        services.seen_by(holder).check_call(call)
        return answer(Items(services.backend.forks(call)))

    @router.post("", status_code=201, responses=one(ForkRow, HTTPStatus.CREATED))
    async def begin(call: str, wanted: ForkWanted, holder: May) -> Response:
        """Send the PCM of both sides to a WebSocket until the call ends; 409 where `media.fork_to` does not
        name its host.
        """
        services.seen_by(holder).check_call(call)
        return answer(services.backend.begin_fork(call, wanted.url, wanted.rate), HTTPStatus.CREATED)

    @router.delete("/{fork}", status_code=204, responses=nothing(HTTPStatus.NO_CONTENT))
    async def end(call: str, fork: str, holder: May) -> Response:
        """End it; the call goes on."""
        services.seen_by(holder).check_call(call)
        services.backend.end_fork(call, fork)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router
