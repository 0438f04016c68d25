"""Writes the API's document and the page of its operations: `python -m tests.api_page`."""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from switch.access.rights import Right
from switch.api.problems import MEANINGS
from switch.api.services import Needs
from tests.switch.api.running import running

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
DOCUMENT = REFERENCE / "openapi.json"
PAGE = REFERENCE / "operations.md"

_HEAD = """# Every operation of the API

Written from the API's document by `python -m tests.api_page`; a test fails when this page is older than it.
The document itself, with every row and its fields, is `/api/openapi.json` of a running switch, and
[here](openapi.json). What it cannot say is in [the API](api.md). An operation needs the right that it names:
[which role has which](../how-to/tokens.md). Each body is an example, and a test asks with it.
"""

_PROBLEMS = """

## Problems

`type` of a problem, its status, and when it comes. The types never change; other words may.

| type | status | when |
|---|---|---|
"""


def described() -> tuple[dict[str, Any], dict[tuple[str, str], set[Right]]]:
    """The document, without the version of the switch, and the rights that each route needs."""

    async def ask() -> tuple[dict[str, Any], dict[tuple[str, str], set[Right]]]:
        with tempfile.TemporaryDirectory() as folder:
            async with running(Path(folder)) as api:
                routes = {(method, path): needed for method, path, needed in rights(api.app)}
                return api.app.openapi(), routes

    return asyncio.run(ask())


def rights(app: FastAPI) -> Iterator[tuple[str, str, set[Right]]]:
    """Of every route: method (WS for a WebSocket), path, and what it needs."""
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None) or getattr(context.original_route, "dependant", None)
        if dependant is None or context.path == "/api/openapi.json":
            continue
        for method in context.methods or {"WS"}:
            yield method, context.path or "", set(_needed(dependant))


def _needed(dependant: Dependant) -> Iterator[Right]:
    for each in dependant.dependencies:
        if isinstance(each.call, Needs):
            yield each.call.right
        yield from _needed(each)


def written(document: Mapping[str, Any]) -> str:
    """The document as it is kept."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def page(document: Mapping[str, Any], routes: Mapping[tuple[str, str], set[Right]]) -> str:
    """The whole page."""
    needed = {(method, path.replace(":path}", "}")): found for (method, path), found in routes.items()}
    return _HEAD + "\n".join(_operations(document, needed)) + _PROBLEMS + "\n".join(_problems()) + "\n"


def _operations(document: Mapping[str, Any], needed: Mapping[tuple[str, str], set[Right]]) -> Iterator[str]:
    tag = None
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["tags"][0] != tag:
                tag = operation["tags"][0]
                yield f"\n## {tag.capitalize()}\n\n| operation | right | what | body |\n|---|---|---|---|"
            query = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
            asked = "?" + "&".join(f"{name}=" for name in query) if query else ""
            right = ", ".join(f"`{each}`" for each in needed[method.upper(), path])
            what = operation["description"].split("\n\n")[0].replace("\n", " ")
            bodies = " or ".join(f"`{json.dumps(each)}`" for each in examples(document, operation))
            yield f"| `{method.upper()} {path}{asked}` | {right} | {what} | {bodies} |"


def examples(document: Mapping[str, Any], operation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Bodies with which an operation may be asked; none where it takes none."""
    if "requestBody" not in operation:
        return []
    content = operation["requestBody"]["content"]["application/json"]
    if "example" in content:
        return [content["example"]]
    shapes = content["schema"].get("anyOf", [content["schema"]])
    rows = (document["components"]["schemas"][each["$ref"].rpartition("/")[2]] for each in shapes)
    return [example for row in rows for example in row["examples"]]


def _problems() -> Iterator[str]:
    for kind, meaning in MEANINGS.items():
        yield f"| `{kind.uri}` | {meaning.status.value} | {meaning.when} |"


if __name__ == "__main__":
    document, routes = described()
    DOCUMENT.write_text(written(document), encoding="utf-8")
    PAGE.write_text(page(document, routes), encoding="utf-8")
