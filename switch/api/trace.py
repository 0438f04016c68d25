"""What is and was on the wire: a call's messages, all that passes, both as JSON and as captures."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import Items, answer, many, octets
from switch.api.calls import find
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.services import Services
from switch.history.pages import BadCursor, opened, sealed
from switch.trace.filter import Filter, read_filter
from switch.trace.message import Message
from switch.trace.pcap import HEADER, MEDIA_TYPE, Pcap
from switch.trace.row import MessageRow, row
from switch.trace.tracing import TooManyFollowers, Tracing
from switch.trace.waiting import AT_ONCE_BYTES

LINES: Final = "application/x-ndjson"
MAX_PAGE: Final = 200
MAX_LAST: Final = 10_000
_AT_ONCE: Final = 20
"""Messages in one turn of the loop: some 1 ms of work."""
_PULSE_S: Final = 5.0
"""How often a stream with nothing to tell looks whether anybody still reads it."""

Word = Annotated[str | None, Query(max_length=256)]


@dataclass(frozen=True, slots=True)
class Some:
    """What a stream tells at once; `missed` messages passed too quickly to be told."""

    messages: list[Message]
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Which messages somebody asks for."""

    wanted: Filter
    last: int
    follow: bool


def _asked(
    number: Word = None,
    method: Word = None,
    address: Word = None,
    call: Word = None,
    text: Word = None,
    last: Annotated[int, Query(ge=0, le=MAX_LAST)] = 0,
    follow: bool = True,
) -> Asked:
    try:
        return Asked(read_filter(number, method, address, call, text), last, follow)
    except ValueError as error:
        raise Failure(Kind.INVALID, str(error)) from None


Question = Annotated[Asked, Depends(_asked)]


def routes(services: Services) -> Part:
    """`/calls/{id}/trace`, `/trace`, and each of them with `.pcap`."""
    router = Part(tags=["trace"])
    OfCall = Annotated[Holder, Depends(services.needs(Right.CALLS_TRACE))]
    wire = [Depends(services.needs(Right.WIRE))]
    tracing = services.tracing

    @router.get("/calls/{call}/trace", responses=many(MessageRow))
    async def call_trace(
        call: str,
        holder: OfCall,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    ) -> Response:
        """The SIP messages of all legs, in order; secrets are masked."""
        after = _number(cursor)
        await _look(services, holder, call)
        page = [
            row(message) async for some in _of_call(tracing, call, after, limit) for message in some.messages
        ]
        following = sealed(page[-1].number) if len(page) == limit else None
        return answer(Items(page, following))

    @router.get("/calls/{call}/trace.pcap", response_class=Response, responses=octets(MEDIA_TYPE))
    async def call_capture(call: str, holder: OfCall) -> Response:
        """The same as a capture, which Wireshark and sngrep open; TLS legs in clear."""
        await _look(services, holder, call)
        return StreamingResponse(_captured(_of_call(tracing, call)), media_type=MEDIA_TYPE)

    @router.get("/trace", response_class=Response, responses=octets(LINES), dependencies=wire)
    async def trace(request: Request, question: Question) -> Response:
        """Messages that the filter takes, one JSON object a line: the `last` of those kept, then what passes.

        An empty line now and then shows that the stream is alive; `{"missed": N}` says that so many passed
        too quickly. Without `follow` it ends with the last of those kept.
        """
        _make_room(tracing, question)
        return StreamingResponse(_lines(_passing(request, tracing, question)), media_type=LINES)

    @router.get("/trace.pcap", response_class=Response, responses=octets(MEDIA_TYPE), dependencies=wire)
    async def capture(request: Request, question: Question) -> Response:
        """The same as a capture that grows."""
        _make_room(tracing, question)
        return StreamingResponse(_captured(_passing(request, tracing, question)), media_type=MEDIA_TYPE)

    return router


def _number(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return opened(cursor, int)
    except BadCursor as error:
        raise Failure(Kind.BAD_CURSOR, str(error)) from None


async def _look(services: Services, holder: Holder, call: str) -> None:
    """Raises Failure where nothing of the call is kept, or there is no such call for him."""
    kept = services.tracing.call(call, most=1) is not None
    if kept and holder.scope is None:
        return
    await find(services, holder, call)
    if kept:
        return
    if not services.tracing.keeps:
        raise Failure(Kind.NOT_FOUND, "no messages are kept: trace.calls is 0")
    raise Failure(Kind.NOT_FOUND, f"the messages of call {call!r} are not kept any more")


def _make_room(tracing: Tracing, question: Asked) -> None:
    """Raises Failure while it can still be told."""
    if question.follow and not tracing.has_room:
        raise Failure(Kind.TOO_MANY, "too many follow already: end one of them first")


async def _of_call(
    tracing: Tracing, call: str, after: int = 0, most: int | None = None
) -> AsyncIterator[Some]:
    """A call's messages, a few at a time: the loop runs between."""
    left = sys.maxsize if most is None else most
    while left and (page := tracing.call(call, after=after, most=min(left, _AT_ONCE))):
        yield Some(page)
        after, left = page[-1].number, left - len(page)
        await asyncio.sleep(0)


async def _passing(request: Request, tracing: Tracing, question: Asked) -> AsyncIterator[Some]:
    """What the filter takes: of what is kept, then as it passes; nothing, now and then."""
    if not question.follow:
        yield Some(await tracing.recent(question.wanted, question.last))
        return
    try:
        with tracing.follow(question.wanted) as follower:  # first: nothing passes between the two unseen
            kept = await tracing.recent(question.wanted, question.last)
            yield Some(kept)
            seen, missed = kept[-1].number if kept else 0, 0
            while (some := await follower.next(_PULSE_S)) is not None:
                if not some and await request.is_disconnected():
                    return
                yield Some([each for each in some if each.number > seen], follower.missed - missed)
                missed = follower.missed
    except TooManyFollowers:
        return


async def _lines(passing: AsyncIterator[Some]) -> AsyncIterator[bytes]:
    async for some in passing:
        for part in _parts(some.messages):
            yield b"".join(msgspec.json.encode(row(message)) + b"\n" for message in part)
            await asyncio.sleep(0)  # who reads quickly never makes the server wait
        if some.missed:
            yield msgspec.json.encode({"missed": some.missed}) + b"\n"
        elif not some.messages:
            yield b"\n"


async def _captured(passing: AsyncIterator[Some]) -> AsyncIterator[bytes]:
    pcap = Pcap()
    yield HEADER
    async for some in passing:
        for part in _parts(some.messages):
            yield b"".join(map(pcap.records, part))
            await asyncio.sleep(0)


def _parts(messages: list[Message]) -> Iterator[list[Message]]:
    """What may be written in one turn of the loop, one after the other."""
    part: list[Message] = []
    size = 0
    for message in messages:
        part.append(message)
        size += len(message.data)
        if len(part) == _AT_ONCE or size >= AT_ONCE_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
