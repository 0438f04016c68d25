"""Asking twice: a POST with an `Idempotency-Key` is carried out once, and answered alike each time.

As in draft-ietf-httpapi-idempotency-key-header. Answers are kept in memory, of each token apart; a restart
forgets them.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from typing import Any, Final, NamedTuple, TypeAlias

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


_Name: TypeAlias = tuple[str, str]
"""A token's id and a key."""


class _Done(NamedTuple):
    """What was asked, and since when it is done; no answer where that is not kept."""

    asked: bytes
    since_s: float
    answer: tuple[Message, Message] | None


class Repeats:
    """Middleware: lets through what was not asked before, answers what was."""

    def __init__(
        self,
        app: ASGIApp,
        who: Callable[[HTTPConnection], Holder | None],
        count: Callable[[Holder], None],
        clock: Callable[[], float],
    ) -> None:
        """`who` is asking, None for a stranger; `count` is told of what goes no further, and raises Failure
        where he asks too often; `clock` is in seconds, monotonic.
        """
        self._app = app
        self._who = who
        self._count = count
        self._clock = clock
        self._working: dict[_Name, bytes] = {}
        """What is being carried out."""
        self._done: OrderedDict[_Name, _Done] = OrderedDict()

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
            asked = _fingerprint(scope, body)
            answer = self._answer(holder, key, asked)
        except Failure as failure:
            await problem(failure.problem, failure.headers)(scope, receive, send)
            return
        if answer is None:
            await self._carry_out((holder.token, key), asked, scope, _again(body, receive), send)
            return
        for message in answer:
            await send(message)

    def _answer(self, holder: Holder, key: str, asked: bytes) -> tuple[Message, Message] | None:
        """What was answered; None for what was not asked before. Raises Failure where it cannot be told."""
        now_s, name = self._clock(), (holder.token, key)
        while self._done and next(iter(self._done.values())).since_s < now_s - KEPT_S:
            self._done.popitem(last=False)
        done = self._done.get(name)
        before = self._working.get(name) if done is None else done.asked
        if before is None:
            return None
        self._count(holder)
        if before != asked:
            raise Failure(Kind.KEY_TAKEN, f"{HEADER} stands for another request: choose a new one")
        if done is None:
            raise Failure(Kind.KEY_AT_WORK, "it is being carried out: ask again", retry_after_s=1)
        if done.answer is None:
            raise Failure(Kind.KEY_TAKEN, "it was done; its answer is not kept, as it is secret or too long")
        return done.answer

    async def _carry_out(self, name: _Name, asked: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        """What was refused was not done: it is not kept, and may be asked again."""
        start: Message = {}
        octets = bytearray()

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                octets.extend(message.get("body", b"")[: MOST_OCTETS + 1 - len(octets)])
            await send(message)

        self._working[name] = asked
        try:
            await self._app(scope, receive, tell)
        finally:
            del self._working[name]
            if start.get("status", 500) < 400:
                self._done[name] = _Done(asked, self._clock(), _kept(start, bytes(octets)))
            if len(self._done) > MOST_KEPT:
                self._done.popitem(last=False)


def _kept(start: MutableMapping[str, Any], octets: bytes) -> tuple[Message, Message] | None:
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
