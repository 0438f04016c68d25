"""Who did what."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Response
from sqlalchemy.exc import SQLAlchemyError

from switch.access.rights import Right
from switch.access.rows import AuditRow
from switch.api.answers import Items, answer, many
from switch.api.inputs import Moment
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.services import Services
from switch.history.pages import BadCursor
from switch.history.reader import MAX_PAGE


def routes(services: Services) -> Part:
    """`/audit`."""
    router = Part(tags=["audit"], dependencies=[Depends(services.needs(Right.AUDIT))])

    @router.get("/audit", responses=many(AuditRow))
    async def audit(
        who: Annotated[str | None, Query(max_length=64)] = None,
        since: Moment | None = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    ) -> Response:
        """What was asked of the API, newest first: every change, and every access to what is kept apart."""
        return answer(await _page(services, who, since, cursor, limit))

    return router


async def _page(
    services: Services, who: str | None, since: datetime | None, cursor: str | None, limit: int
) -> Items:
    await services.settled()
    try:
        page = await services.audit.page(who=who, since=since, cursor=cursor, limit=limit)
    except BadCursor as error:
        raise Failure(Kind.BAD_CURSOR, str(error)) from None
    except (SQLAlchemyError, OSError) as error:
        raise Failure(Kind.DATABASE_AWAY, "the audit log is not available now") from error
    return Items(page.items, page.next)
