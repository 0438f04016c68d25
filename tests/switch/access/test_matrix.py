"""Which role may use which route: every route of the API, every role."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from switch.access.holder import ADMINISTRATOR
from switch.access.rights import RIGHTS, Right, Role
from tests.api_page import rights
from tests.peers.switch import ROOT
from tests.switch.api.running import Running, running

FREE = {("GET", path) for path in ("/", "/docs/{path:path}", "/livez", "/readyz")}
BY_TICKET = {("WS", "/api/v1/events")}
"""What it needs is asked in the route: by header or by ticket."""


class Row(NamedTuple):
    method: str
    path: str
    right: Right


def _table() -> Iterator[Row]:
    for line in _ROUTES.strip().splitlines():
        right, *routes = line.split()
        for route in routes:
            methods, path = route.split(":", 1)
            for method in methods.split(","):
                yield Row(method, path if path == "/metrics" else f"/api/v1{path}", Right(right))


_ROUTES = """
metrics          GET:/metrics
queues.see       GET:/queues GET:/queues/{name} GET:/figures
queues.close     POST:/queues/close POST:/queues/open POST:/queues/{name}/close POST:/queues/{name}/open
agents.see       GET:/agents GET:/agents/{name}
agents.set       POST:/agents/{name}/state
calls.see        GET:/calls GET:/calls/{call}
calls.act        POST:/calls POST:/calls/{call}/hold POST:/calls/{call}/resume
calls.act        DELETE:/calls/{call} GET,POST:/calls/{call}/recording POST:/calls/{call}/transfer
calls.place      GET:/calls/{call}/place POST:/calls/{call}/prioritise POST:/calls/{call}/assign
calls.place      POST:/calls/{call}/pull POST:/calls/{call}/move POST:/calls/{call}/withdraw
calls.supervise  GET,POST,DELETE:/calls/{call}/supervise
calls.why        GET:/calls/{call}/why
calls.trace      GET:/calls/{call}/trace GET:/calls/{call}/trace.pcap
forks            GET,POST:/calls/{call}/forks DELETE:/calls/{call}/forks/{fork}
recordings.hear  GET:/recordings/{call}
phones.see       GET:/phones GET:/phones/{name}/preferences
phones.set       PUT:/phones/{name}/preferences
phones.provision GET:/phones/{name}/provisioning
trunks.see       GET:/trunks
reports          GET:/reports POST:/reports/{report} GET:/reports/jobs
reports          GET,DELETE:/reports/jobs/{job} GET:/reports/jobs/{job}/result
events           GET:/events POST:/events/tickets
wire             GET:/trace GET:/trace.pcap
audit            GET:/audit
administer       GET:/ledger GET:/alarms GET:/bans DELETE:/bans/{address:path}
administer       GET:/webhooks GET:/webhooks/{name} POST:/webhooks/{name}/test POST:/webhooks/{name}/retry
administer       GET,PUT:/logs POST:/reload POST:/drain GET,POST:/tokens DELETE:/tokens/{name}
administer       GET,POST:/holds DELETE:/holds/{hold} POST:/retention
"""
TABLE = list(_table())


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


async def test_every_route_needs_the_right_of_its_row_and_no_route_is_without_one(api: Running) -> None:
    found = {(method, path): needed for method, path, needed in rights(api.app)}
    expected = {(row.method, row.path): {row.right} for row in TABLE}
    assert found == expected | {key: set() for key in FREE | BY_TICKET}


async def token_for(api: Running, role: Role) -> str:
    agents = ["ana"] if role is Role.AGENT else []
    made = await api.services.tokens.add(role, role, ADMINISTRATOR, agents=agents, lasts=timedelta(hours=1))
    return made.secret


@pytest.mark.parametrize("role", Role)
async def test_a_role_is_let_through_where_it_has_the_right_and_nowhere_else(
    api: Running, role: Role
) -> None:
    names = {
        "{call}": "none",
        "{name}": "none",
        "{fork}": "1",
        "{report}": "calls",
        "{job}": "none",
        "{address:path}": "192.0.2.1",
    }
    refused = set()
    async with api.client(token=await token_for(api, role), host="192.0.2.7") as client:
        for row in TABLE:
            path = row.path
            for name, value in names.items():
                path = path.replace(name, value)
            response = await client.request(row.method, path, params={"follow": "false"})
            assert response.status_code != 401, row
            if response.status_code == 403:
                refused.add(row)
    assert refused == {row for row in TABLE if row.right not in RIGHTS[role]}


async def test_without_a_token_nothing_is_told_but_whether_it_lives(api: Running) -> None:
    for number, row in enumerate(TABLE):
        async with api.client(token=None, host=f"192.0.2.{number}") as client:
            response = await client.request(row.method, row.path)
            assert response.status_code == 401, row
            assert response.headers["www-authenticate"] == "Bearer"
            assert (await client.get("/livez")).status_code == 200


def test_the_page_about_tokens_has_every_right_of_every_role() -> None:
    page = (ROOT / "docs/how-to/tokens.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if "|" in line
    ]
    (head,) = [row for row in rows if row[0] == "right"]
    told = {row[0].strip("`"): row[2:] for row in rows if row[0].startswith("`")}
    assert list(told) == list(Right), "each once, in their order"
    for right in Right:
        having = {role for role, cell in zip(head[2:], told[right], strict=True) if cell}
        assert having == {role for role in Role if right in RIGHTS[role]}, right
