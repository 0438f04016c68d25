"""The API's document (OpenAPI 3.1): what FastAPI knows of the routes, and what it cannot know."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.routing import APIRoute

from switch.api.answers import schemas
from switch.api.problems import MEANINGS
from switch.api.repeats import HEADER, PATTERN

_SUMMARY: Final = (
    "A softswitch and an ACD. Errors are application/problem+json, with a `type` that programs can go by."
    " Lists come in pages: `next` is the `cursor` of the page that follows, or null. Times are RFC 3339,"
    " durations seconds. Who asks has a bearer token; what it may is in its role, whom it sees in its scope."
)
_CALL: Final = "01JD5Z3M3V0000000000000000"
_NAMES: Final[Mapping[str, Mapping[str, Any]]] = {
    "agents": {"name": "ana"},
    "bans": {"address": "192.0.2.7"},
    "calls": {"call": _CALL, "fork": 1},
    "history": {"hold": 1},
    "peers": {"name": "1001"},
    "queues": {"name": "support"},
    "recordings": {"call": _CALL},
    "reports": {"report": "queues", "job": "a1b2c3"},
    "tokens": {"name": "wall"},
    "trace": {"call": _CALL},
    "webhooks": {"name": "crm"},
}
"""Examples of what stands in a path, by tag."""
_KEY: Final = {
    "name": HEADER,
    "in": "header",
    "description": "With one, the request is carried out once, however often it comes.",
    "schema": {"type": "string", "pattern": f"^{PATTERN}$"},
    "example": "3f1c0a52-order-4711",
}
_FREE: Final = ("/livez", "/readyz")


def operation_id(route: APIRoute) -> str:
    """What generated clients call an operation: its tag and its name. It never changes."""
    return f"{route.tags[0]}_{route.name}"


def description(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What gives the document, made once. Takes the place of the application's `openapi`."""
    generate = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(generate())
        return app.openapi_schema

    return described


def document(app: FastAPI) -> bytes:
    """The document as it is sent, made once."""
    found: bytes | None = getattr(app.state, "document", None)
    if found is None:
        found = app.state.document = msgspec.json.encode(app.openapi())
    return found


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas())
    components["schemas"]["Problem"]["properties"]["type"] |= {
        "format": "uri",
        "examples": [kind.uri for kind in MEANINGS],
    }
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["info"]["description"] = _SUMMARY
    document["security"] = [{"token": []}]
    for method, path, operation in _operations(document):
        if method == "post":
            operation.setdefault("parameters", []).append(_KEY)
        if path in _FREE:
            operation["security"] = []
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter["example"] = _NAMES[operation["tags"][0]][parameter["name"]]
    return document


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation
