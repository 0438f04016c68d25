"""How large a body may be: nobody, known or not, has the switch keep more than that of what he sends."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from switch.api.problems import Failure, Kind, problem

MOST_OCTETS: Final = 1_000_000
_TOLD: Final = f"a body has {MOST_OCTETS} octets at most"


class Bodies:
    """Middleware: refuses what says that it is larger, and stops reading what turns out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdecimal() and int(length) > MOST_OCTETS:
            failure = Failure(Kind.TOO_LARGE, _TOLD)
            await problem(failure.problem, {"Connection": "close"})(scope, receive, send)
            return
        read = 0

        async def hear() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_OCTETS:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOLD, {"Connection": "close"})
            return message

        await self._app(scope, hear, send)
