"""What supervisors do with callers in queues: a place, and the acts that change it."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field

from acd.events import Act, CallAssigned, CallMoved, CallPrioritised, CallPulled, CallWithdrawn
from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import answer, nothing, one
from switch.api.inputs import WHOLE, body
from switch.api.part import Part
from switch.api.rows import PlaceRow
from switch.api.services import Services

MOST_PRIORITY = 1_000_000
Name = Annotated[str, Field(min_length=1, max_length=64)]


class _Order(BaseModel):
    """`by` is who wants it, for the log: believed of `admin.token` only, as every other token has a name."""

    by: Name | None = None


class Priority(_Order):
    """The caller's from now on."""

    model_config = body({"priority": 10})

    priority: Annotated[int, Field(strict=True, ge=-MOST_PRIORITY, le=MOST_PRIORITY), WHOLE]


class ForAgent(_Order):
    """For whom the caller is."""

    model_config = body({"agent": "ana"})

    agent: Name


class ToFront(_Order):
    """To the front of the queue."""

    model_config = body({"front": True})

    front: Literal[True]


class ToQueue(_Order):
    """Into another queue."""

    model_config = body({"queue": "support"})

    queue: Name


class Withdrawal(_Order):
    """Where the caller goes."""

    model_config = body({"target": "phone:1001"})

    target: Annotated[str, Field(pattern=r"^(hangup|phone:.{1,64})$")]


def routes(services: Services) -> Part:
    """`/calls/{id}/place`, and POSTs beside it."""
    router = Part(prefix="/calls/{call}", tags=["calls"])

    Place = Annotated[Holder, Depends(services.needs(Right.CALLS_PLACE))]

    def by(call: str, order: _Order, holder: Holder) -> str:
        """In whose name; raises Unknown where the call is not for him."""
        services.seen_by(holder).check_call(call)
        return services.known_as(holder, order.by)

    def done(act: Act) -> Response:
        row = services.backend.act(act)
        return Response(status_code=HTTPStatus.NO_CONTENT) if row is None else answer(row)

    @router.get("/place", responses=one(PlaceRow))
    async def place(call: str, holder: Place) -> Response:
        """Where a caller stands in a queue, or whom he talks to from one."""
        services.seen_by(holder).check_call(call)
        return answer(services.backend.place(call))

    @router.post("/prioritise", responses=one(PlaceRow))
    async def prioritise(call: str, order: Priority, holder: Place) -> Response:
        """Give a caller in a queue another priority; larger goes first."""
        return done(CallPrioritised(call, order.priority, by=by(call, order, holder)))

    @router.post("/assign", responses=one(PlaceRow))
    async def assign(call: str, order: ForAgent, holder: Place) -> Response:
        """Let a waiting caller wait for this agent alone, before everybody else whom the agent could take."""
        services.seen_by(holder).check_agent(order.agent)
        return done(CallAssigned(call, order.agent, by=by(call, order, holder)))

    @router.post("/pull", responses=one(PlaceRow))
    async def pull(call: str, order: ForAgent, holder: Place) -> Response:
        """Offer a waiting caller at once to this agent, who wants him out of his turn."""
        services.seen_by(holder).check_agent(order.agent)
        return done(CallPulled(call, order.agent, by=by(call, order, holder)))

    @router.post("/move", responses=one(PlaceRow))
    async def move(call: str, order: ToFront | ToQueue, holder: Place) -> Response:
        """Move a caller to the front of his queue, or into another one, where he keeps his time."""
        queue = order.queue if isinstance(order, ToQueue) else ""
        if queue:
            services.seen_by(holder).check_queue(queue)
        return done(CallMoved(call, queue, by=by(call, order, holder)))

    @router.post("/withdraw", status_code=204, responses=nothing(HTTPStatus.NO_CONTENT))
    async def withdraw(call: str, order: Withdrawal, holder: Place) -> Response:
        """Take a caller out of his queue, and hang up or ring a phone for him."""
        return done(CallWithdrawn(call, order.target, by=by(call, order, holder)))

    return router
