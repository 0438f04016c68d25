"""The audit log: who did what, on what, from where, and what came of it.

Noted is every request that changes something, whatever the answer, and every one that reads what is kept
apart: recordings, where phones' secrets lie, what is on the wire, the log itself. Who has no token is not in
it: a stranger could fill the disk.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.history.entries import Audited
from switch.ids import new_id
from switch.records import to_us

HOLDER: Final = "centralita.holder"
RIGHT: Final = "centralita.right"
"""In a request's scope: who is asking, and the right that his route needs."""

READS: Final = frozenset(
    {Right.RECORDINGS_HEAR, Right.PHONES_PROVISION, Right.CALLS_TRACE, Right.WIRE, Right.AUDIT}
)
"""Reading by these rights is noted, too."""
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_MOST_BODY: Final = 2000
_SECRET: Final = ("secret", "password", "pin", "token", "url")
"""Parts of keys whose values are not written down; a URL may have a password or a key in it."""


class Auditing:
    """Middleware: notes what was done once its answer begins."""

    def __init__(self, app: ASGIApp, put: Callable[[Audited], None], now: Callable[[], datetime]) -> None:
        self._app = app
        self._put = put
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        noted = False

        async def hear() -> Message:
            message = await receive()
            if message["type"] == "http.request" and len(body) <= _MOST_BODY:
                body.extend(message.get("body", b"")[: _MOST_BODY + 1])
            return message

        async def tell(message: Message) -> None:
            nonlocal noted
            if message["type"] == "http.response.start" and not noted:
                noted = True
                self._note(scope, bytes(body), message["status"])
            await send(message)

        try:
            await self._app(scope, hear, tell)
        except Exception:
            if not noted:
                self._note(scope, bytes(body), 500)
            raise

    def _note(self, scope: Scope, body: bytes, status: int) -> None:
        holder: Holder | None = scope.get(HOLDER)
        if holder is None or (scope["method"] in _SAFE and scope.get(RIGHT) not in READS):
            return
        client, now = scope.get("client"), self._now()
        self._put(
            Audited(
                id=new_id(to_us(now)),
                at=now,
                who=holder.name,
                token=holder.token,
                role=holder.role.value,
                method=scope["method"],
                path=unquote(scope["path"]),
                address=client[0] if client else "",
                status=status,
                detail=told(body),
            )
        )


def told(body: bytes) -> str:
    """What was asked for, without secrets; empty where it is too long, or no JSON object."""
    if not body or len(body) > _MOST_BODY:
        return ""
    try:
        wanted = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return ""
    return msgspec.json.encode(_masked(wanted)).decode()


def _masked(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: "…" if _is_secret(key) else _masked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return value


def _is_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRET)
