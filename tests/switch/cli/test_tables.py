"""Cells of tables that are made of more than one value."""

from typing import Any

import pytest
from rich.console import Console

from switch.cli.tables import AGENTS, QUEUES, TRUNKS, cells, table

ROW: dict[str, Any] = {
    "name": "carrier",
    "up": True,
    "calls": 2,
    "max_calls": 200,
    "proxy": None,
    "targets": [],
    "registration": None,
    "leaving": False,
}
ONE = {"uri": "sip:a", "place": "udp:192.0.2.1:5060", "up": True, "health": "up", "status": 200}
TWO = {"uri": "sip:b", "place": "tcp:192.0.2.2:5060", "up": False, "health": "down", "status": None}
REGISTRATION = {
    "uri": "sip:us@x",
    "registered": True,
    "state": "registered",
    "expires_at": None,
    "status": 200,
}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"targets": [ONE, TWO]}, "udp:192.0.2.1:5060 up, tcp:192.0.2.2:5060 down"),
        ({"proxy": "sip:carrier.example"}, "sip:carrier.example"),
        ({}, "carrier  yes      2  200  -        -           no"),
        ({"registration": REGISTRATION}, "-        yes         no"),
        (
            {"registration": {**REGISTRATION, "registered": False, "state": "waiting", "status": 403}},
            "no: waiting (403)",
        ),
        ({"registration": {**REGISTRATION, "registered": False, "state": "new", "status": None}}, "no: new "),
    ],
)
def test_the_targets_and_the_registration_of_a_trunk(given: dict[str, Any], shown: str) -> None:
    console = Console(width=200, highlight=False)
    with console.capture() as capture:
        console.print(table(TRUNKS, [{**ROW, **given}]))
    assert shown in capture.get()


def figure(value: float) -> dict[str, Any]:
    return {"version": 1, "numerator": value, "denominator": 1, "value": value}


def test_figures_of_today_beside_a_queue_and_an_agent() -> None:
    states = dict.fromkeys(("ready", "ringing", "on_call", "paused"), 0)
    queue = {"name": "support", "closed": None, "waiting": 1, "longest_wait_s": 3.5, "agents": states}
    queue |= {"offered": 4, "answered": 3, "abandoned": 1, "service_level": None}
    figures = {"speed_of_answer": figure(12.34), "handle_time": figure(61.0), "abandon_rate": figure(0.25)}
    (row,) = cells(QUEUES, [{**queue, "counts": {}, "figures": {**figures, "speed_of_answer.p90": None}}])
    shown = dict(zip((column.title for column in QUEUES), row, strict=True))
    told = [shown[title] for title in ("LEVEL", "ASA", "P90", "AHT", "ABANDON")]
    assert told == ["-", "12.3", "-", "61.0", "25%"]

    agent = {"name": "ana", "phone": None, "state": "ready", "reason": None, "since": None, "call": None}
    counted = {"counts": {"answered": 7}, "figures": {"occupancy": figure(0.8)}}
    (row,) = cells(AGENTS, [{**agent, "skills": {}, **counted}])
    shown = dict(zip((column.title for column in AGENTS), row, strict=True))
    assert [shown[title] for title in ("HANDLED", "AHT", "OCCUPANCY")] == ["7", "-", "80%"]
