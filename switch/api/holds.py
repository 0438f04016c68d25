"""Legal holds, and what retention would delete."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import answer, many, nothing, one
from switch.api.inputs import Flag, Moment, body
from switch.api.pages import Asked
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.services import Services
from switch.history.holds import Hold
from switch.history.retention import Swept
from switch.ids import new_id
from switch.records import to_us


class HoldOrder(BaseModel):
    """What is to be held; of several all must be true."""

    model_config = body(
        {"call": "01JD5Z3M3V0000000000000000", "why": "claim 4711"},
        {
            "queue": "support",
            "from": "2026-11-01T00:00:00+01:00",
            "to": "2026-12-01T00:00:00+01:00",
            "why": "audit",
        },
    )

    call: str | None = None
    number: str | None = None
    queue: str | None = None
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None
    by: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    """Believed of `admin.token` only: any other is its own name's."""
    why: Annotated[str, Field(min_length=1)]


class Sweep(BaseModel):
    """Whether to delete."""

    model_config = body({"dry_run": True})

    dry_run: Flag = True


def routes(services: Services) -> Part:
    """`/holds` and `/retention`."""
    needs = services.needs(Right.ADMINISTER)
    router = Part(tags=["history"], dependencies=[Depends(needs)])

    @router.get("/holds", responses=many(Hold))
    async def show(page: Asked) -> Response:
        """Every hold, the oldest first."""
        async with _there():
            return answer(page.of(tuple(await services.holds.all()), lambda row: row.id))

    @router.post("/holds", status_code=201, responses=one(Hold, HTTPStatus.CREATED))
    async def add(order: HoldOrder, holder: Annotated[Holder, Depends(needs)]) -> Response:
        """Keep these calls and their recordings, whatever their age, until the hold is removed."""
        now = datetime.now(UTC)
        by = services.known_as(holder, order.by)
        hold = Hold(id=new_id(to_us(now)), since=now, **order.model_dump(exclude={"by"}), by=by)
        async with _there():
            try:
                await services.holds.add(hold)
            except ValueError as error:
                raise Failure(Kind.INVALID, str(error)) from error
        return answer(hold, HTTPStatus.CREATED)

    @router.delete("/holds/{hold}", status_code=204, responses=nothing(HTTPStatus.NO_CONTENT))
    async def remove(hold: str, holder: Annotated[Holder, Depends(needs)], by: str | None = None) -> Response:
        """Take a hold back."""
        async with _there():
            if not await services.holds.remove(hold, services.known_as(holder, by)):
                raise Failure(Kind.NOT_FOUND, f"no hold {hold!r}")
        return Response(status_code=HTTPStatus.NO_CONTENT.value)

    @router.post("/retention", responses=one(Swept))
    async def sweep(order: Sweep) -> Response:
        """Delete what is too old now, or (`dry_run`, the default) only say what would go."""
        async with _there():
            what = services.retention.due() if order.dry_run else services.retention.sweep()
            return answer(Swept(dry_run=order.dry_run, deleted=await what))

    return router


@asynccontextmanager
async def _there() -> AsyncIterator[None]:
    """Answers 503 while the database is away."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        structlog.get_logger("api").error("the history cannot be asked", error=str(error))
        raise Failure(Kind.DATABASE_AWAY, "the database does not answer now") from error
