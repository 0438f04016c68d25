"""How much the log tells, changed while the switch runs."""

from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, Field

from switch.access.rights import Right
from switch.api.answers import answer, one
from switch.api.inputs import body
from switch.api.part import Part
from switch.api.services import Services
from switch.config.logs import Level, Logger
from switch.log_levels import LogRow

LONGEST_S = 86_400


class LogOrder(BaseModel):
    """A level for a while: for one logger or for all, in one call or in all. Without a level: as it was."""

    model_config = body({"level": "debug", "logger": "sip", "for_s": 600})

    level: Level | None
    logger: Logger | None = None
    call: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    for_s: Annotated[float, Field(strict=True, gt=0, le=LONGEST_S)] = 600.0


def routes(services: Services) -> Part:
    """`/logs`."""
    router = Part(tags=["logs"], dependencies=[Depends(services.needs(Right.ADMINISTER))])

    @router.get("/logs", responses=one(LogRow))
    async def logs() -> Response:
        """Which levels hold, and for how long."""
        return answer(services.levels.row())

    @router.put("/logs", responses=one(LogRow))
    async def change(order: LogOrder) -> Response:
        """Write more or less for a while; it ends by itself, at the latest after a day."""
        if order.level is None:
            services.levels.revert(order.logger, order.call)
        else:
            services.levels.change(order.level, order.for_s, logger=order.logger, call=order.call)
        return answer(services.levels.row())

    return router
