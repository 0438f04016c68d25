"""Asking twice: a POST with an `Idempotency-Key` is carried out once, and answered alike each time.

As in draft-ietf-httpapi-idempotency-key-header. Answers are kept in memory, of each token apart; a restart
forgets them.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from switch.access.holder import Holder
from switch.api.problems import Failure, Kind, problem

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
KEPT_S: Final = 24 * 3600.0
MOST_KEPT: Final = 4096
"""Answers of all tokens; the oldest goes first."""
MOST_OCTETS: Final = 16_384
"""Of a request with a key, and of an answer that is kept."""
PATTERN: Final = "[!-~]{1,255}"
"""Of a key: visible ASCII."""


@dataclass(slots=True)
class _Kept:
    """One request: what was asked, since when, and the answer once there is one."""

    asked: bytes
    since_s: float
    answer: tuple[Message, Message] | None = None
    done: bool = False


class Repeats:
    """Middleware: lets through what was not asked before, answers what was."""

    def __init__(
        self, app: ASGIApp, who: Callable[[HTTPConnection], Holder | None], clock: Callable[[], float]
    ) -> None:
        """`who` is asking, None for a stranger; `clock` is in seconds, monotonic."""
        self._app = app
        self._who = who
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        key, holder = connection.headers.get(HEADER), self._who(connection)
        if key is None or holder is None:
            await self._app(scope, receive, send)
            return
        try:
            if re.fullmatch(PATTERN, key) is None:
                raise Failure(Kind.INVALID, f"{HEADER} is 1 to 255 visible characters of ASCII")
            body = await _whole(receive)
            kept = self._take((holder.token, key), _fingerprint(scope, body))
        except Failure as failure:
            await problem(failure.problem, failure.headers)(scope, receive, send)
            return
        if kept.answer is not None:
            for message in kept.answer:
                await send(message)
            return
        await self._carry_out(kept, (holder.token, key), scope, _again(body, receive), send)

    def _take(self, name: tuple[str, str], asked: bytes) -> _Kept:
        """What is kept under a key, perhaps from now on. Raises Failure where there is no answer to give."""
        now_s = self._clock()
        while self._kept and next(iter(self._kept.values())).since_s < now_s - KEPT_S:
            self._kept.popitem(last=False)
        kept = self._kept.get(name)
        if kept is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.popitem(last=False)
            kept = self._kept[name] = _Kept(asked, now_s)
        elif kept.asked != asked:
            raise Failure(Kind.KEY_TAKEN, f"{HEADER} stands for another request: choose a new one")
        elif not kept.done:
            raise Failure(Kind.KEY_AT_WORK, "it is being carried out: ask again", retry_after_s=1)
        elif kept.answer is None:
            raise Failure(Kind.KEY_TAKEN, "it was done; its answer is not kept, as it is secret or too long")
        return kept

    async def _carry_out(
        self, kept: _Kept, name: tuple[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """What was refused was not done: it is not kept, and may be asked again."""
        start: Message = {}
        octets = bytearray()

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                octets.extend(message.get("body", b"")[: MOST_OCTETS + 1 - len(octets)])
            await send(message)

        try:
            await self._app(scope, receive, tell)
        finally:
            if start.get("status", 500) < 400:
                kept.done, kept.answer = True, _answer(start, bytes(octets))
            elif self._kept.get(name) is kept:
                del self._kept[name]


def _answer(start: MutableMapping[str, Any], octets: bytes) -> tuple[Message, Message] | None:
    """What is sent again; None for what is not to be kept."""
    headers = [(name.lower(), value) for name, value in start["headers"]]
    if len(octets) > MOST_OCTETS or (b"cache-control", b"no-store") in headers:
        return None
    again = {**start, "headers": [*headers, (REPLAYED.lower().encode(), b"true")]}
    return again, {"type": "http.response.body", "body": octets}


def _fingerprint(scope: Scope, body: bytes) -> bytes:
    return hashlib.sha256(b"\n".join([scope["raw_path"], scope["query_string"], body])).digest()


async def _whole(receive: Receive) -> bytes:
    """The body. Raises Failure."""
    octets = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Failure(Kind.INVALID, "the request has ended before its body")
        octets.extend(message.get("body", b""))
        if len(octets) > MOST_OCTETS:
            raise Failure(Kind.INVALID, f"with {HEADER}, a body has {MOST_OCTETS} octets at most")
        if not message.get("more_body", False):
            return bytes(octets)


def _again(body: bytes, receive: Receive) -> Receive:
    """Hears the body that was read already, then whatever comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def hear() -> Message:
        return waiting.pop() if waiting else await receive()

    return hear
