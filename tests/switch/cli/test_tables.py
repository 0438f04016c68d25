"""Cells of tables that are made of more than one value."""

from typing import Any

import pytest
from rich.console import Console

from switch.cli.tables import TRUNKS, table

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
    ("cells", "shown"),
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
def test_the_targets_and_the_registration_of_a_trunk(cells: dict[str, Any], shown: str) -> None:
    console = Console(width=200, highlight=False)
    with console.capture() as capture:
        console.print(table(TRUNKS, [{**ROW, **cells}]))
    assert shown in capture.get()
