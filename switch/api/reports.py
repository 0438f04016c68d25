"""Reports: which there are, one that is made, how far it is, and its result."""

import asyncio
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import Depends, Query, Request, Response
from fastapi.responses import FileResponse

from switch.access.holder import Holder
from switch.access.narrowing import NoPart, narrowed
from switch.access.rights import Right, Role
from switch.api.answers import Items, answer, many, nothing, octets, one
from switch.api.pages import Asked
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.services import Services
from switch.config.schema import Language
from switch.events.types import Alarm
from switch.reports.asking import NoQuestion, Wish, question
from switch.reports.catalogue import rows
from switch.reports.formats import FORMS
from switch.reports.jobs import Job, NoJob, TooMany
from switch.reports.question import Name
from switch.reports.rows import JobRow, JobState, ReportRow

MOST_WAIT_S = 30.0
_BODY = {
    "schema": {"$ref": "#/components/schemas/Wish"},
    "example": {"from": "2026-11-02", "to": "2026-11-08", "interval": 30, "queue": "support"},
}
_WISH = {"requestBody": {"required": True, "content": {"application/json": _BODY}}}


def routes(services: Services) -> Part:
    """`/reports`."""
    router = Part(prefix="/reports", tags=["reports"])
    Asking = Annotated[Holder, Depends(services.needs(Right.REPORTS))]

    @router.get("", responses=many(ReportRow))
    async def reports(holder: Asking, language: Annotated[Language | None, Query()] = None) -> Response:
        """The reports, their columns, and how each figure is found; in `language`, or the server's."""
        return answer(Items(rows(language or services.language())))

    _add_jobs(router, services)

    @router.post(
        "/{report}",
        status_code=202,
        responses=one(JobRow) | one(JobRow, HTTPStatus.ACCEPTED),
        openapi_extra=_WISH,
    )
    async def ask(
        report: Name,
        request: Request,
        holder: Asking,
        wait: Annotated[float, Query(ge=0, le=MOST_WAIT_S)] = 0,
    ) -> Response:
        """Have a report made. The answer comes when it is done, after `wait` seconds at the latest.

        A token with a scope gets the rows that are of its queues or agents; 403 where the report has none.
        """
        job = _begun(services, holder, report, await request.body())
        try:
            await asyncio.wait_for(job.ended.wait(), wait)
        except TimeoutError:
            return answer(job.row(), HTTPStatus.ACCEPTED)
        return answer(job.row())

    return router


def _begun(services: Services, holder: Holder, report: Name, body: bytes) -> Job:
    """A job for him. Raises Failure."""
    if services.alarms.stands(Alarm.DATABASE_AWAY):
        raise Failure(Kind.DATABASE_AWAY, "the database does not answer: no report can be made now")
    try:
        wish = msgspec.json.decode(body, type=Wish)
        asked = question(report, wish, services.zone(), services.language())
        seen = narrowed(asked, services.seen_by(holder))
        return services.reports.ask(seen, wish.format, holder.token)
    except msgspec.MsgspecError as error:
        raise Failure(Kind.INVALID, str(error)) from None
    except NoQuestion as error:
        raise Failure(Kind.INVALID, "no report can be made of that", errors=error.lines) from None
    except NoPart as error:
        raise Failure(Kind.FORBIDDEN, str(error)) from None
    except TooMany as error:
        raise Failure(Kind.TOO_MANY, str(error)) from None


def _add_jobs(router: Part, services: Services) -> None:
    jobs = services.reports
    Asking = Annotated[Holder, Depends(services.needs(Right.REPORTS))]

    def find(job: str, holder: Holder) -> Job:
        """What he asked for himself; the administrator sees all. Raises Failure."""
        try:
            found = jobs.find(job)
            if not _sees(holder, found):
                raise NoJob(f"no report {job!r}")
        except NoJob as error:
            raise Failure(Kind.NOT_FOUND, str(error)) from None
        return found

    @router.get("/jobs", responses=many(JobRow))
    async def asked(holder: Asking, page: Asked) -> Response:
        """What was asked for, the latest first."""
        rows = [job.row() for job in jobs.all() if _sees(holder, job)]
        return answer(page.of(rows, lambda row: row.id))

    @router.get("/jobs/{job}", responses=one(JobRow))
    async def progress(job: str, holder: Asking) -> Response:
        """How far it is."""
        return answer(find(job, holder).row())

    @router.get(
        "/jobs/{job}/result",
        response_class=Response,
        responses=octets(*(form.media_type for form in FORMS.values())),
    )
    async def result(job: str, holder: Asking) -> Response:
        """The report as a file."""
        found = find(job, holder)
        if found.state is not JobState.DONE:
            why = "" if found.why is None else f": {found.why}"
            raise Failure(Kind.CONFLICT, f"report {job!r} is {found.state.value}{why}")
        return FileResponse(found.path, media_type=FORMS[found.format].media_type, filename=found.path.name)

    @router.delete("/jobs/{job}", status_code=204, responses=nothing(HTTPStatus.NO_CONTENT))
    async def cancel(job: str, holder: Asking) -> Response:
        """Stop it, or throw its result away."""
        find(job, holder)
        jobs.cancel(job)
        return Response(status_code=HTTPStatus.NO_CONTENT)


def _sees(holder: Holder, job: Job) -> bool:
    return holder.role is Role.ADMIN or job.owner == holder.token
