"""What the contract names and this version does not do: refused in words, 501."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from switch.api.answers import Failure, nothing


def routes() -> APIRouter:
    """`/calls/{id}/why`, `/events`."""
    router = APIRouter(tags=["not yet"])

    @router.get("/calls/{call}/why", status_code=501, responses=nothing(HTTPStatus.NOT_IMPLEMENTED))
    async def why(call: str) -> Response:
        """Why the call went to that agent."""
        raise Failure(HTTPStatus.NOT_IMPLEMENTED, "not yet: the switch does not explain its decisions")

    @router.get("/events", status_code=501, responses=nothing(HTTPStatus.NOT_IMPLEMENTED))
    async def events() -> Response:
        """A WebSocket of events."""
        raise Failure(HTTPStatus.NOT_IMPLEMENTED, "not yet: the switch has no stream of events")

    return router
