"""The dashboards are what Grafana imports, and every expression of theirs finds what is known to be there.

In a real Prometheus that scrapes a switch under SIPp's calls.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import pytest
import yaml

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.metric_page import declared
from tests.peers.prometheus import Prometheus, Sample
from tests.peers.sipp import Sipp
from tests.peers.switch import ROOT, Switch

FOLDER = ROOT / "config" / "grafana"
DASHBOARDS: Final[Mapping[str, dict[str, Any]]] = {
    path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))
}
UNITS = {"bps", "bytes", "cpm", "cps", "none", "ops", "percentunit", "pps", "reqps", "s", "short"}
VARIABLES: Final[Mapping[str, str]] = {
    "$__rate_interval": "30s",
    "$__range": "1m",
    "$__interval": "30s",
    "$instance": ".*",
    "$queue": ".*",
    "$trunk": ".*",
}
SUFFIXES = re.compile(r"_(?:bucket|sum|count|total)$")


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (panel for panel in board["panels"] if panel["type"] != "row")


def expressions(board: dict[str, Any]) -> Iterator[str]:
    """Of panels, annotations and variables."""
    for panel in panels(board):
        yield from (target["expr"] for target in panel["targets"])
    yield from (note["expr"] for note in board["annotations"]["list"])
    yield from (one["definition"] for one in board["templating"]["list"] if one["type"] == "query")


ALL = pytest.mark.parametrize("board", DASHBOARDS.values(), ids=DASHBOARDS)


def test_there_are_three() -> None:
    assert list(DASHBOARDS) == ["contact-centre", "media-and-host", "signalling"]


@ALL
def test_every_panel_says_what_it_shows_and_in_which_unit(board: dict[str, Any]) -> None:
    for panel in panels(board):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]
    titles = [panel["title"] for panel in panels(board)]
    assert len(set(titles)) == len(titles)


@ALL
def test_it_can_be_imported_anywhere(board: dict[str, Any]) -> None:
    """Without ids, with any Prometheus, for whichever switches, and leading to the others."""
    assert re.findall(r'"id":', json.dumps(board)) == []
    assert board["uid"].startswith("centralita-")
    first, second, *_ = board["templating"]["list"]
    assert (first["name"], first["type"], second["name"]) == ("datasource", "datasource", "instance")
    sources = {json.dumps(panel["datasource"]) for panel in panels(board)}
    assert sources == {'{"type": "prometheus", "uid": "${datasource}"}'}
    assert all('instance=~"$instance"' in one["expr"] for panel in panels(board) for one in panel["targets"])
    assert board["links"][0]["tags"] == board["tags"] == ["centralita"]


@ALL
def test_panels_do_not_overlap(board: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        x, y, w, h = (panel["gridPos"][key] for key in "xywh")
        cells = {(column, line) for column in range(x, x + w) for line in range(y, y + h)}
        assert x + w <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@ALL
def test_every_metric_is_one_of_ours(board: dict[str, Any]) -> None:
    ours = {f"centralita_{one.name}" for one in declared()}
    named = {name for text in expressions(board) for name in re.findall(r"centralita_\w+", text)}
    assert {name for name in named if name not in ours and SUFFIXES.sub("", name) not in ours} == set()


def test_what_is_provisioned_is_what_we_ship() -> None:
    found = yaml.safe_load((FOLDER / "provisioning" / "dashboards" / "centralita.yaml").read_text())
    where = found["providers"][0]["options"]["path"]
    for page in ("how-to/monitoring.md", "tutorial/first-queue.md", "tutorial/primera-cola.md"):
        assert f" {where} config/grafana/*.json\n" in (ROOT / "docs" / page).read_text()
    source = yaml.safe_load((FOLDER / "provisioning" / "datasources" / "prometheus.yaml").read_text())
    scraped = yaml.safe_load((ROOT / "config" / "prometheus" / "prometheus.yml").read_text())
    often = scraped["global"]["scrape_interval"]
    assert source["datasources"][0]["jsonData"]["timeInterval"] == often


@dataclass(frozen=True, slots=True)
class Known:
    """What a panel shows: each of its targets has values, within these bounds."""

    low: float
    high: float
    some: bool = False
    """Whether targets may be empty or NaN: nothing of the kind has happened."""


NOTHING: Final = Known(0, 0, some=True)
CALLS: Final = 12
"""Answered, of 13 that were offered; one gave up before anybody was there."""

KNOWN: Final[Mapping[str, Mapping[str, Known]]] = {
    "contact-centre": {
        "Waiting": Known(0, 0),
        "Longest wait": Known(0, 0),
        "Service level": Known(CALLS / (CALLS + 1), CALLS / (CALLS + 1)),
        "Agents ready": Known(2, 2),
        "Agents who serve": Known(2, 2),
        "Waited beside a free agent": Known(0, 0),
        "Waiting by queue": Known(0, 0),
        "Longest wait by queue": Known(0, 0),
        "Calls a minute": Known(0, 60 * CALLS),
        "Service level and its target": Known(0.8, CALLS / (CALLS + 1)),
        "Speed of answer": Known(0.01, 30),
        "Abandoned": Known(0.04, 0.12),
        "Left the line otherwise": NOTHING,
        "Closed queues": NOTHING,
        "Agents by state": Known(0, 2),
        "Who could serve, by queue": Known(2, 2),
        "Occupancy": Known(0, 0),
        "Handle time": Known(0, 10),
        "Offers that ended": Known(0, 2 * CALLS),
        "Outside decisions": Known(0, 0),
    },
    "signalling": {
        "Takes calls": Known(1, 1),
        "Calls": Known(1, 1),
        "Trunks down": Known(0, 0),
        "Phones": Known(2, 2),
        "Banned": Known(0, 0),
        "Last reload": Known(1, 1),
        "Calls in progress": Known(0, 1),
        "Calls that ended": Known(0, CALLS),
        "Why calls failed or were rejected": Known(0.5, 3, some=True),
        "Set-up of calls": Known(0.001, 30),
        "Time to an offer": Known(0.00001, 1),
        "A step of the router": Known(0.000001, 0.1),
        "Trunks": Known(1, 1, some=True),
        "Calls over trunks": Known(1, 1),
        "Registrations": Known(0, 2),
        "Requests": Known(0.01, 50),
        "Errors that we get and give": Known(0.01, 5, some=True),
        "Sent again": Known(0, 5),
        "Unread and unwelcome": Known(0, 0),
        "Wrong passwords and limits of toll": Known(0, 0),
        "Refused for overload": Known(0, 0),
        "Transactions and dialogs": Known(1, 100),
        "Connections": Known(0, 0),
        "Connections that ended": NOTHING,
    },
    "media-and-host": {
        "Ports in use": Known(1 / 500, 0.06),  # of who is still there; the others' close in their time
        "Worst tenth of MOS": Known(1, 4.5),
        "Loop late": Known(0, 1),
        "Recorder lost": Known(0, 0),
        "Disk left": Known(0.01, 1),
        "Waits for the database": Known(0, 0),
        "Packets": Known(1, 1000),
        "Bandwidth": Known(1_000, 2_000_000),
        "Lost on the way to us": Known(0, 0.05),
        "How it sounds: MOS": Known(1, 4.5, some=True),
        "Jitter": Known(0, 0.1, some=True),
        "Round trip": Known(0, 1, some=True),
        "Ports": Known(0, 1000),
        "Recordings": Known(0, 0),
        "Packets that are not taken": Known(0, 50),
        "Event loop": Known(0, 1),
        "Audio workers": Known(0, 5),
        "Garbage collection": Known(0, 1, some=True),
        "Processor": Known(0.001, 2),
        "Memory": Known(30e6, 2e9),
        "Disk": Known(64 * 1024 * 1024, 1e15),
        "History": Known(0, 500),
        "Spool": Known(0, 0),
        "Put right and lost": Known(0, 30),
        "Up for": Known(1, 300),
        "Tasks": Known(1, 200),
        "Copies for Homer": Known(0, 0),
    },
}


def test_it_is_known_what_every_panel_is_to_show() -> None:
    assert {name: {panel["title"] for panel in panels(board)} for name, board in DASHBOARDS.items()} == {
        name: set(known) for name, known in KNOWN.items()
    }


async def test_every_expression_finds_what_is_there(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        level = {"within": "30s", "short_abandon": "0s"}
        sections = centre(2, {"wrap_up": "0s", "service_level": level}, sip={"overload": {"loop_lag": "0"}})
        switch = await stack.enter_async_context(Switch.running(capture=False, **sections))
        tell_on_failure("switch", switch.story)
        prometheus = await stack.enter_async_context(Prometheus.running(switch.url))
        await prometheus.until('up{job="centralita"} == 1')
        await under_load(stack, switch)
        await prometheus.until(f"centralita_queue_answered_total == {CALLS}")
        await prometheus.until('centralita_agents_by_state{state="ready"} == 2')
        wrong = []
        for name, board in DASHBOARDS.items():
            for panel in panels(board):
                known = KNOWN[name][panel["title"]]
                for target in panel["targets"]:
                    found = await prometheus.query(_as_grafana_asks(target["expr"]))
                    if not _is_as_known(found, known):
                        wrong.append(f"{name}, {panel['title']}: {target['expr']} is {found}, not {known}")
            for note in board["annotations"]["list"]:
                assert await prometheus.query(_as_grafana_asks(note["expr"])) == []
        assert wrong == [], "\n".join(wrong)


async def under_load(stack: AsyncExitStack, switch: Switch) -> None:
    """One caller gives up, one is refused, twelve are answered; one who hears his own echo is still there."""
    async with (
        Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=300) as impatient,
        Sipp.running("refused", target=switch.sip, number="999", status=404) as stray,
    ):
        assert (await impatient.finished()).failed == (await stray.finished()).failed == 0
    users = {phone: SECRETS[phone] for phone in ("1001", "1002")}
    async with Sipp.running(
        "register", target=switch.sip, calls=2, users=users, address=switch.address, port=5070
    ) as registering:
        assert (await registering.finished()).failed == 0
    await stack.enter_async_context(
        Sipp.running("caller_hangs_up", target=switch.sip, number="600", talk_ms=60_000)
    )
    async with (
        Sipp.running("agent_answers", address=switch.address, port=5070, calls=CALLS, ring_ms=20),
        Sipp.running(
            "caller_hangs_up", target=switch.sip, number=NUMBER, calls=CALLS, rate=8, talk_ms=250
        ) as callers,
    ):
        assert (await callers.finished()).failed == 0


def _as_grafana_asks(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def _is_as_known(found: list[Sample], known: Known) -> bool:
    values = [sample.value for sample in found]
    if known.some:
        values = [value for value in values if not math.isnan(value)]
    return bool(values or known.some) and all(known.low <= value <= known.high for value in values)
