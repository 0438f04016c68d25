"""The application: every route, and one form for whatever goes wrong."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import get_args

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError, ValidationException, WebSocketRequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import compile_path

from switch.access.audit import Auditing
from switch.api import (
    agents,
    alarms,
    audit,
    bans,
    calls,
    control,
    events,
    figures,
    forks,
    health,
    holds,
    home,
    logs,
    peers,
    queues,
    recordings,
    reports,
    tokens,
    trace,
    waiting,
    webhooks,
    why,
)
from switch.api.backend import Refused, Unknown
from switch.api.bodies import Bodies
from switch.api.description import description, document, operation_id
from switch.api.problems import MEANINGS, Failure, Kind, Problem, problem
from switch.api.repeats import Repeats
from switch.api.services import Services

_PARTS = (
    queues,
    agents,
    calls,
    waiting,
    why,
    forks,
    peers,
    bans,
    alarms,
    recordings,
    reports,
    holds,
    trace,
    control,
    figures,
    events,
    webhooks,
    tokens,
    logs,
    audit,
)


def create_app(services: Services, *, version: str) -> FastAPI:
    """The API of one switch. Its only state is what it answered to who may ask twice."""
    app = FastAPI(
        title="Centralita",
        version=version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    home.routes(services, version).give_to(app.router)
    health.routes(services).give_to(app.router)
    for part in _PARTS:
        part.routes(services).give_to(app.router, "/api/v1")
    why.ledger(services).give_to(app.router, "/api/v1")
    app.include_router(events.socket(services), prefix="/api/v1")
    app.exception_handler(Failure)(_failure)
    app.exception_handler(Unknown)(_unknown)
    app.exception_handler(Refused)(_refused)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(WebSocketRequestValidationError)(_invalid)
    app.exception_handler(Exception)(_broken)
    app.add_middleware(Repeats, who=services.signed_in, count=services.count, clock=time.monotonic)
    app.add_middleware(Bodies)
    app.add_middleware(Auditing, put=services.note, now=lambda: datetime.now(UTC))
    app.openapi = description(app)  # type: ignore[method-assign]

    @app.get("/api/openapi.json", tags=["document"], include_in_schema=False)
    async def openapi() -> Response:
        """The document, which everybody may read."""
        return Response(document(app), media_type="application/json")

    return app


def prepare(app: FastAPI) -> None:
    """Make what would be made at the first requests, and would take the loop longer than calls may wait."""
    _patterns(app)
    document(app)


async def _failure(request: HTTPConnection, error: Failure) -> Response:
    return problem(error.problem, error.headers)


async def _unknown(request: Request, error: Unknown) -> Response:
    return await _failure(request, Failure(Kind.NOT_FOUND, str(error)))


async def _refused(request: Request, error: Refused) -> Response:
    return await _failure(request, Failure(Kind.CONFLICT, str(error)))


async def _http(request: Request, error: HTTPException) -> Response:
    """What the framework says; of a status that is not in our list it means no more than that."""
    status = HTTPStatus(error.status_code)
    type = next((kind.uri for kind, meaning in MEANINGS.items() if meaning.status is status), "about:blank")
    what = Problem(type=type, title=status.phrase, status=status.value, detail=str(error.detail))
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    return problem(what, headers)


def _methods(request: Request) -> list[str]:
    """What a path may be asked with (RFC 9110 section 10.2.1): of the routes that it fits, the plainest."""
    fitting: dict[int, set[str]] = {}
    for pattern, open_parts, methods in _patterns(request.app):
        if pattern.match(request.url.path):
            fitting.setdefault(open_parts, set()).update(methods)
    return sorted(fitting[min(fitting)])


def _patterns(app: FastAPI) -> list[tuple[re.Pattern[str], int, set[str]]]:
    """Of each route its path, how many parts of that are open, and its methods."""
    found: list[tuple[re.Pattern[str], int, set[str]]] | None = getattr(app.state, "patterns", None)
    if found is None:
        found = app.state.patterns = []
        for context in iter_route_contexts(app.routes):
            pattern, _, open_parts = compile_path(context.path or "")
            if context.methods:
                found.append((pattern, len(open_parts), set(context.methods)))
    return found


async def _invalid(request: HTTPConnection, error: ValidationException) -> Response:
    """Where the path itself cannot be, there is nothing at it."""
    found, bodies = error.errors(), _bodies(request)
    lines = dict.fromkeys(f"{_place(one['loc'], bodies)}: {one['msg']}" for one in found)
    kind = Kind.NOT_FOUND if all(one["loc"][0] == "path" for one in found) else Kind.INVALID
    return await _failure(request, Failure(kind, "the request is not as it should be", errors=[*lines]))


def _bodies(request: HTTPConnection) -> frozenset[str]:
    """Our names for the bodies of which a request has one."""
    field = getattr(request.scope.get("route"), "body_field", None)
    kinds = () if field is None else get_args(field.field_info.annotation)
    return frozenset(kind.__name__ for kind in kinds)


def _place(parts: Sequence[str | int], bodies: frozenset[str]) -> str:
    """Where it stands in what was sent: there, our names for bodies are not."""
    return ".".join(str(part) for at, part in enumerate(parts) if not (at == 1 and part in bodies))


async def _broken(request: Request, error: Exception) -> Response:
    structlog.get_logger("api").error("request failed", path=request.url.path, exc_info=error)
    detail = "the switch failed to answer; its log says why"
    return await _failure(request, Failure(Kind.BROKEN, detail))
