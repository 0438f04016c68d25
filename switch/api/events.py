"""What happens, as it happens: a WebSocket, and tickets for pages that can send no header."""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, WebSocket
from starlette.requests import HTTPConnection
from starlette.status import WS_1008_POLICY_VIOLATION
from starlette.websockets import WebSocketDisconnect

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.access.visible import visible
from switch.api.answers import answer, nothing, one
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.rows import TicketRow
from switch.api.services import Services
from switch.events.filter import UnknownType
from switch.events.tickets import LASTS_S

Names = Annotated[list[str], Query(max_length=256)]


def routes(services: Services) -> Part:
    """`/events` for who has not asked for a WebSocket, `/events/tickets`."""
    router = Part(prefix="/events", tags=["events"])
    May = Annotated[Holder, Depends(services.needs(Right.EVENTS))]

    @router.get("", status_code=426, response_class=Response, responses=nothing(HTTPStatus.UPGRADE_REQUIRED))
    async def not_a_socket(holder: May) -> Response:
        """A WebSocket of events: snapshot first, then one event after the other."""
        raise Failure(Kind.NO_WEBSOCKET, "ask for a WebSocket: ws://…/api/v1/events")

    @router.post("/tickets", responses=one(TicketRow, HTTPStatus.CREATED))
    async def ticket(holder: May) -> Response:
        """A ticket for a page in a browser, which can send no header when it opens a WebSocket."""
        given = services.tickets.give(holder)
        return answer(TicketRow(ticket=given, expires_in_s=LASTS_S), HTTPStatus.CREATED)

    return router


def socket(services: Services) -> APIRouter:
    """The WebSocket `/events`."""
    router = APIRouter()
    listeners = services.listeners

    @router.websocket("/events")
    async def events(
        socket: WebSocket,
        since: Annotated[int | None, Query(ge=0)] = None,
        types: Names = [],  # noqa: B006 - FastAPI copies it
        queue: Names = [],  # noqa: B006
        agent: Names = [],  # noqa: B006
        ticket: str | None = None,
    ) -> None:
        """`types` are names or patterns (`call.*`); what is about one of the queues or agents passes."""
        holder = await _let_in(services, socket, ticket)
        try:
            wanted = visible(holder).narrowed(types, queue, agent)
        except UnknownType as error:
            raise Failure(Kind.INVALID, str(error)) from None
        if not listeners.has_room:
            raise Failure(Kind.TOO_MANY, "too many listen already: end one of them first")
        await socket.accept()
        telling = asyncio.create_task(listeners.tell(partial(_write, socket), since, wanted))
        reading = asyncio.create_task(_read_out(socket))
        gone = asyncio.create_task(services.tokens.until_gone(holder))
        try:
            await asyncio.wait({telling, reading, gone}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
            elif gone.done():
                await socket.close(WS_1008_POLICY_VIOLATION, "the token is in force no more")
        except WebSocketDisconnect:
            return
        finally:
            telling.cancel()
            reading.cancel()
            gone.cancel()
            await asyncio.wait({telling, reading, gone})

    return router


async def _let_in(services: Services, connection: HTTPConnection, ticket: str | None) -> Holder:
    """Who is asking, by his ticket or his token. Raises Failure 401, 403."""
    if ticket is None:
        return await services.needs(Right.EVENTS)(connection)
    if (seen := services.tickets.take(ticket)) is None:
        raise Failure(Kind.UNAUTHENTICATED, "the ticket was used, or is too old")
    return seen


async def _write(socket: WebSocket, frames: bytes) -> None:
    """Whole frames. Raises WebSocketDisconnect where nobody reads any more."""
    await socket.send({"type": "websocket.send", "frames": frames})


async def _read_out(socket: WebSocket) -> None:
    """Until he goes: nothing that he says is of interest."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
