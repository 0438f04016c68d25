"""Calls: those in progress, asked of the switch, and those that ended, read from the history."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Final

import structlog
from fastapi import Depends, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from sqlalchemy.exc import SQLAlchemyError

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import Items, answer, many, nothing, one
from switch.api.backend import Backend
from switch.api.inputs import Flag, Moment, body
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.rows import HoldRow, RecordingRow, RecordingState, SupervisionRow, TransferRow
from switch.api.services import Services
from switch.calls.originating import RING_S
from switch.calls.supervision import Mode
from switch.calls.variables import MOST, NAME, VALUE, VALUE_CHARS, checked
from switch.history.pages import BadCursor
from switch.history.reader import MAX_PAGE, Reader
from switch.records import CallRecord

_HISTORY_S = 10.0
_CALLS_AT_ONCE = 25


class CallState(StrEnum):
    """Which calls to list."""

    ACTIVE = "active"
    ENDED = "ended"


class RecordingChange(BaseModel):
    """What the recording is to be."""

    model_config = body({"state": "paused"})

    state: RecordingState


_Name = Annotated[str, Field(pattern=NAME)]
_Value = Annotated[str, Field(pattern=VALUE, max_length=VALUE_CHARS)]
_SHAPE: Final = WithJsonSchema(
    {
        "type": "object",
        "maxProperties": MOST,
        "propertyNames": {"pattern": NAME},
        "additionalProperties": {"type": "string", "maxLength": VALUE_CHARS, "pattern": VALUE},
    }
)
"""Of variables: Pydantic's own would let other names pass."""


class Origination(BaseModel):
    """Which number a phone of ours is to call, and how."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    to: Annotated[str, Field(min_length=1, max_length=64)]
    """As the phone would dial it."""
    answers: Flag = False
    """Ask the phone to answer by itself, where it is configured to do so."""
    ring_s: Annotated[float, Field(strict=True, gt=0, le=300)] = RING_S
    """So long it may ring before it is answered."""
    variables: Annotated[dict[_Name, _Value], AfterValidator(checked), Field(max_length=MOST), _SHAPE] = (
        Field(default_factory=dict)
    )
    """What goes with the call: it stands in its row, its events and its record. Names and values have 4,096
    octets at most, all together, in UTF-8."""


class PhoneCalls(Origination):
    """A phone by its name."""

    model_config = body({"phone": "1001", "to": "0600111222"})

    phone: str


class AgentCalls(Origination):
    """The phone at which an agent sits."""

    model_config = body({"agent": "ana", "to": "0600111222", "variables": {"ticket": "4711"}})

    agent: str


class SupervisionChange(BaseModel):
    """Who is to supervise, and how."""

    model_config = body({"phone": "1001", "mode": "whisper"})

    phone: str
    mode: Mode


class TransferOrder(BaseModel):
    """Where a caller is to be sent on to."""

    model_config = body({"to": "1002"})

    to: str


def routes(services: Services) -> Part:
    """`/calls`."""
    router = Part(prefix="/calls", tags=["calls"])
    See = Annotated[Holder, Depends(services.needs(Right.CALLS_SEE))]

    @router.get("", responses=many(CallRecord))
    async def calls(
        holder: See,
        state: CallState | None = None,
        queue: str | None = None,
        agent: str | None = None,
        since: Moment | None = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    ) -> Response:
        """Calls, newest first; without `state` those in progress before those that ended.

        `queue` and `agent` find the calls that visited the queue, and those that were the agent's or that he
        placed. `since` is the earliest start of a call in progress, the earliest end of one that ended. Those
        in progress come all at once.
        """
        if state is not CallState.ENDED and cursor is None:
            seen = services.seen_by(holder)
            active = await _active(
                services.backend, lambda call: seen.sees_call(call) and _wanted(call, queue, agent, since)
            )
            if state is CallState.ACTIVE:
                return answer(Items(active))
        else:
            active = []
        return answer(await _ended(services, holder, active, queue, agent, since, cursor, limit))

    @router.get("/{call}", responses=one(CallRecord))
    async def call(call: str, holder: See) -> Response:
        """One call, in progress or ended."""
        return answer(await find(services, holder, call))

    _add_control(router, services)
    _add_supervision(router, services)
    return router


def _add_control(router: Part, services: Services) -> None:
    May = Annotated[Holder, Depends(services.needs(Right.CALLS_ACT))]

    @router.post("", status_code=202, responses=one(CallRecord, HTTPStatus.ACCEPTED))
    async def originate(wanted: PhoneCalls | AgentCalls, holder: May) -> Response:
        """Ring a phone; answered, it calls `to` as if it had dialled it. The call's record says what became
        of it.
        """
        sight = services.seen_by(holder)
        if isinstance(wanted, AgentCalls):
            phone = sight.agent(wanted.agent).phone
            if phone is None:
                raise Failure(Kind.CONFLICT, f"agent {wanted.agent!r} sits at no phone")
        else:
            phone = sight.phone(wanted.phone).name
        call = services.backend.originate(
            phone, wanted.to, answers=wanted.answers, ring_s=wanted.ring_s, variables=wanted.variables
        )
        return answer(call, HTTPStatus.ACCEPTED)

    @router.delete("/{call}", status_code=204, responses=nothing(HTTPStatus.NO_CONTENT))
    async def hangup(call: str, holder: May) -> Response:
        """End a call in progress."""
        services.seen_by(holder).check_call(call)
        services.backend.hangup(call)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.post("/{call}/hold", responses=one(HoldRow))
    async def hold(call: str, holder: May) -> Response:
        """Part the phone of ours in the call from the other side, who hears music. Again changes nothing."""
        services.seen_by(holder).check_call(call)
        return answer(services.backend.hold(call, True))

    @router.post("/{call}/resume", responses=one(HoldRow))
    async def resume(call: str, holder: May) -> Response:
        """Join them again."""
        services.seen_by(holder).check_call(call)
        return answer(services.backend.hold(call, False))

    @router.get("/{call}/recording", responses=one(RecordingRow))
    async def recording(call: str, holder: May) -> Response:
        """Whether a call in progress is being recorded, or its recording paused."""
        services.seen_by(holder).check_call(call)
        return answer(services.backend.recording(call))

    @router.post("/{call}/recording", responses=one(RecordingRow))
    async def set_recording(call: str, change: RecordingChange, holder: May) -> Response:
        """Pause the recording: silence is kept in place of what is said. Or let it go on."""
        services.seen_by(holder).check_call(call)
        return answer(services.backend.set_recording(call, change.state))

    @router.post("/{call}/transfer", status_code=202, responses=one(TransferRow, HTTPStatus.ACCEPTED))
    async def transfer(call: str, order: TransferOrder, holder: May) -> Response:
        """Send the caller on to a number, as the phone that he talks to could dial it; that phone leaves."""
        services.seen_by(holder).check_call(call)
        return answer(services.backend.transfer(call, order.to), HTTPStatus.ACCEPTED)


def _add_supervision(router: Part, services: Services) -> None:
    May = Annotated[Holder, Depends(services.needs(Right.CALLS_SUPERVISE))]

    @router.get("/{call}/supervise", responses=one(SupervisionRow))
    async def supervision(call: str, holder: May) -> Response:
        """Who supervises a call in progress."""
        services.seen_by(holder).check_call(call)
        return answer(services.backend.supervision(call))

    @router.post("/{call}/supervise", responses=one(SupervisionRow))
    async def supervise(call: str, change: SupervisionChange, holder: May) -> Response:
        """Call a phone that is to listen to the call, whisper to its agent, speak to both, or take it over.

        Answers when the phone rings. The same phone again changes the mode at once.
        """
        services.seen_by(holder).check_call(call)
        return answer(await services.backend.supervise(call, change.phone, change.mode))

    @router.delete("/{call}/supervise", status_code=204, responses=nothing(HTTPStatus.NO_CONTENT))
    async def leave(call: str, holder: May) -> Response:
        """Let the supervisor go; the call goes on."""
        services.seen_by(holder).check_call(call)
        services.backend.leave(call)
        return Response(status_code=HTTPStatus.NO_CONTENT)


async def find(services: Services, holder: Holder, call: str) -> CallRecord:
    """The call, in his scope. Raises Failure 404."""
    record = services.backend.active_call(call)
    if record is None:
        async with history(services) as reader:
            record = await reader.call(call)
    if record is None or not services.seen_by(holder).sees_call(record):
        raise Failure(Kind.NOT_FOUND, f"no call {call!r}")
    return record


async def _active(backend: Backend, wanted: Callable[[CallRecord], bool]) -> list[CallRecord]:
    """The calls in progress, a few at a time: the loop runs between."""
    found = []
    for number, call in enumerate(backend.active_ids(), start=1):
        record = backend.active_call(call)
        if record is not None and record.ended_at is None and wanted(record):
            found.append(record)
        if number % _CALLS_AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


async def _ended(
    services: Services,
    holder: Holder,
    before: Sequence[CallRecord],
    queue: str | None,
    agent: str | None,
    since: datetime | None,
    cursor: str | None,
    limit: int,
) -> Items:
    try:
        async with history(services) as reader:
            page = await reader.calls(
                queue=queue, agent=agent, since=since, cursor=cursor, limit=limit, scope=holder.scope
            )
    except BadCursor as error:
        raise Failure(Kind.BAD_CURSOR, str(error)) from error
    active = {call.id for call in before}
    return Items([*before, *(call for call in page.items if call.id not in active)], page.next)


@asynccontextmanager
async def history(services: Services) -> AsyncIterator[Reader]:
    """The reader, once what ended before is there for it. Raises Failure 503 when the database is not."""
    await services.settled()
    try:
        async with asyncio.timeout(_HISTORY_S):
            yield services.reader
    except (SQLAlchemyError, OSError) as error:
        structlog.get_logger("api").warning("history unavailable", error=str(error))
        raise Failure(Kind.DATABASE_AWAY, "the history is not available now") from error


def _wanted(call: CallRecord, queue: str | None, agent: str | None, since: datetime | None) -> bool:
    return (
        (since is None or call.started_at >= since)
        and (queue is None or queue in (call.queue, *(visit.queue for visit in call.visits)))
        and (agent is None or agent in (call.agent, call.placed_by, *(visit.agent for visit in call.visits)))
    )
