"""The drawn state machines are those of the tables."""

import re

import pytest

from tests.diagrams import PAGE, Drawing, drawings, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.diagrams`"


@pytest.mark.parametrize("drawing", list(drawings()), ids=lambda drawing: drawing.title)
def test_every_state_is_drawn_and_every_line_can_be_read(drawing: Drawing) -> None:
    text = page().split(f"## {drawing.title}\n")[1].split("\n## ")[0]
    for (state, _), (following, *_) in drawing.table.items():
        assert f" as {state.name.lower()}\n" in text
        assert f" as {following.name.lower()}\n" in text
    body = text.split("stateDiagram-v2\n")[1].split("```")[0].splitlines()
    arrow = re.compile(
        r'    (?:state "[\w .-]+" as \w+|\[\*\] --> \w+|\w+ --> (?:\[\*\]|\w+)(?: : [^:;]+)?)\Z'
    )
    assert [line for line in body if not arrow.match(line)] == []
