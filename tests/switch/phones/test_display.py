"""What a phone shows of a caller."""

import pytest

from switch.identities.caller import MAX_DISPLAY_CHARS
from switch.phones.display import clock, fill

FACTS = {
    "queue": "support",
    "number": "+34600111222",
    "name": "Begoña Ñúñez",
    "priority": "5",
    "wait": "2:05",
    "dialled": "+34911000000",
}


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{queue} {number}", "support +34600111222"),
        ("{name} ({wait}, P{priority}) {{{dialled}}}", "Begoña Ñúñez (2:05, P5) {+34911000000}"),
        ("Soporte", "Soporte"),
    ],
)
def test_every_field_has_its_value(template: str, shown: str) -> None:
    assert fill(template, FACTS) == shown


def test_what_nobody_said_leaves_no_gap() -> None:
    assert fill("{name} {queue} {number}", {**FACTS, "name": "", "number": ""}) == "support"


@pytest.mark.parametrize(
    "template", ["{name} {queue} {number}", "{number} {queue} {name}", "{queue} {number}"]
)
@pytest.mark.parametrize("long", [("name",), ("queue",), ("name", "queue"), ("name", "queue", "dialled")])
def test_too_long_a_name_gives_way_to_the_number(template: str, long: tuple[str, ...]) -> None:
    shown = fill(template, {**FACTS, **dict.fromkeys(long, "ñ" * 80)})
    assert len(shown) <= MAX_DISPLAY_CHARS
    assert FACTS["number"] in shown


def test_a_name_does_not_break_the_line_or_turn_it_round() -> None:
    assert fill("{name} {number}", {**FACTS, "name": "a\r\nb\u202ec\x07"}) == "a bc +34600111222"


def test_a_name_is_no_template() -> None:
    assert fill("{name}", {**FACTS, "name": "{number} {0.__class__}"}) == "{number} {0.__class__}"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, "0:00"), (59.9, "0:59"), (125.2, "2:05"), (3600, "60:00")]
)
def test_a_wait_in_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
