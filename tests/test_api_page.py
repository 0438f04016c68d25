"""The written document and page are those of the routes, and whoever asks as they say is answered so."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from tests.api_page import DOCUMENT, PAGE, described, examples, page, written
from tests.switch.api.running import Running, running
from tests.switch.samples import waiting_call

ACTIVE = waiting_call().id
METHODS = ("get", "post", "put", "delete")


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_document_and_page_are_up_to_date() -> None:
    document, routes = described()
    assert DOCUMENT.read_text(encoding="utf-8") == written(document), "run `python -m tests.api_page`"
    assert PAGE.read_text(encoding="utf-8") == page(document, routes), "run `python -m tests.api_page`"


def test_every_operation_is_described() -> None:
    document, _ = described()
    found = list(operations(document))
    assert Counter(operation["operationId"] for _, _, operation in found).most_common(1)[0][1] == 1
    for method, path, operation in found:
        assert method in METHODS
        assert operation["description"], path
        assert "application/problem+json" in operation["responses"]["default"]["content"], path
        assert ("requestBody" in operation) == bool(examples(document, operation)), path


async def test_who_asks_with_an_example_gets_what_the_document_says(api: Running) -> None:
    document = api.app.openapi()
    components = {"components": document["components"]}
    asked = 0
    async with api.client() as client:
        for method, path, operation in operations(document):
            parameters = [each for each in operation.get("parameters", ()) if each["in"] == "path"]
            here = path.format(**{each["name"]: each["example"] for each in parameters} | {"call": ACTIVE})
            for example in examples(document, operation):
                api.memory.calls[ACTIVE] = waiting_call()
                response = await client.request(method, here, json=example)
                assert response.is_success, (method, here, example, response.text)
                said = operation["responses"][str(response.status_code)]
                if "content" in said:
                    schema = said["content"]["application/json"]["schema"]
                    validator_for(schema | components).validate(response.json())
                asked += 1
    assert asked >= sum("requestBody" in operation for _, _, operation in operations(document))
