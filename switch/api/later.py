"""What the contract names and this version does not do: refused in words, 501."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from switch.api.answers import Failure, nothing


def routes() -> APIRouter:
    """`/events`."""
    router = APIRouter(tags=["not yet"])

    @router.get("/events", status_code=501, responses=nothing(HTTPStatus.NOT_IMPLEMENTED))
    async def events() -> Response:
        """A WebSocket of events."""
        raise Failure(HTTPStatus.NOT_IMPLEMENTED, "not yet: the switch has no stream of events")

    return router
