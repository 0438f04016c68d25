"""The door for phones: one file to who knows its path, and one and the same answer to everybody else.

Unknown and forbidden differ in nothing, not even in time: every refusal is sent so long after its request.
An address that was refused too often is refused everything for a while, unread.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from switch.config.addresses import HostPort
from switch.provisioning.maker import CannotWrite
from switch.provisioning.phone_files import Document, PhoneFiles
from switch.wall.crowd import Crowd, Share

REFUSED_AFTER_S: Final = 0.5
GUESSES: Final = Share(free_per_s=0, most_per_s=1 << 30, burst=20, per_s=0.1)
"""Unknown paths that an address may ask for at once, and then each second. A phone with an old path asks for
some six files each time it starts.
"""
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'",
}
_AGENT_CHARS: Final = 200


class Answer(StrEnum):
    """What became of a request."""

    GIVEN = "given"
    REFUSED = "refused"
    SLOWED = "slowed"
    """Refused unread."""


class Door:
    """An ASGI application."""

    def __init__(
        self,
        files: PhoneFiles,
        now: Callable[[], float] = time.monotonic,
        refused_after_s: float = REFUSED_AFTER_S,
    ) -> None:
        self.counts = Counter(dict.fromkeys(Answer, 0))
        self._files = files
        self._now = now
        self._refused_after_s = refused_after_s
        self._guesses = Crowd(GUESSES)
        self._log = structlog.get_logger("provisioning")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        came = self._now()
        request = Request(scope, receive)
        outcome, document = self._asked(request, came)
        self.counts[outcome] += 1
        if document is None:
            await asyncio.sleep(max(0.0, came + self._refused_after_s - self._now()))
            response = Response(b"", 404, HEADERS)
        else:
            response = Response(document.content, 200, HEADERS, document.media_type)
        await response(scope, receive, send)

    def _asked(self, request: Request, now: float) -> tuple[Answer, Document | None]:
        address = "" if request.client is None else request.client.host
        if not self._guesses.is_quiet(address, now):
            return Answer.SLOWED, None
        agent = request.headers.get("user-agent", "")[:_AGENT_CHARS]
        document = self._found(request, agent)
        if document is None:
            owner = self._files.owner(request.scope["path"])
            if owner is None:
                self._guesses.heard(address, now)
            self._log.info("refused", phone=owner, address=address, agent=agent)
            return Answer.REFUSED, None
        self._log.info("given", phone=document.phone, file=document.name, address=address, agent=agent)
        return Answer.GIVEN, document

    def _found(self, request: Request, agent: str) -> Document | None:
        """Whatever goes wrong is a refusal: an error would tell that there is something."""
        if request.method not in ("GET", "HEAD"):
            return None
        reached = HostPort(*request.scope["server"][:2])
        secure = request.url.scheme == "https"
        try:
            return self._files.find(request.scope["path"], agent, reached, secure=secure)
        except CannotWrite as error:
            self._log.error("a value does not fit the phone's file", value=str(error), agent=agent)
        except Exception as error:  # noqa: BLE001
            self._log.error("a phone's file could not be made", exc_info=error)
        return None
