"""What the command line asks of the running switch as a whole."""

from http import HTTPStatus

from fastapi import Depends, Response

from switch.access.rights import Right
from switch.api.answers import answer, one
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.rows import Draining, Reloaded
from switch.api.services import Services


def routes(services: Services) -> Part:
    """`/reload` and `/drain`."""
    router = Part(tags=["control"], dependencies=[Depends(services.needs(Right.ADMINISTER))])

    @router.post("/reload", responses=one(Reloaded))
    async def reload() -> Response:
        """Read the configuration again, as SIGHUP does; 422 names every mistake, and nothing has changed."""
        outcome = await services.backend.reload()
        if not outcome.applied:
            raise Failure(Kind.CONFIGURATION, "the configuration has mistakes", errors=outcome.errors)
        return answer(outcome)

    @router.post("/drain", status_code=202, responses=one(Draining, HTTPStatus.ACCEPTED))
    async def drain() -> Response:
        """Take no new calls, as SIGTERM does, and end with the last one."""
        return answer(services.backend.drain(), HTTPStatus.ACCEPTED)

    return router
