"""The page of events is as new as their table, and its schema is what events are."""

import json

import pytest

from tests.event_types import PAGE, page


def test_the_page_is_as_new_as_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again: python -m tests.event_types"


def test_the_schema_can_be_read() -> None:
    schema = json.loads(page().partition("```json\n")[2].partition("```")[0])
    types = [each["properties"]["type"]["const"] for each in schema["oneOf"]]
    assert len(types) == len(set(types)) > 20


@pytest.mark.parametrize("word", ["call.started", "offer.made", "*call.ended*", "caller_kept_waiting"])
def test_what_it_names(word: str) -> None:
    assert word in page()
