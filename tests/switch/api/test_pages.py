"""Pages of lists that are made when they are asked for: every row once, also while the list changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from msgspec import Struct
from msgspec.structs import replace
from typer.testing import CliRunner

from switch.api.pages import MOST_ROWS, Page
from switch.api.server import HttpServer
from switch.cli.app import app
from tests.switch.api.running import Running, running

V1 = "/api/v1"
LISTS = "agents queues phones trunks figures?by=queue bans tokens holds webhooks reports/jobs"


class Named(Struct, frozen=True):
    name: str


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


def staff(api: Running, count: int) -> list[str]:
    """So many more agents; the names of all."""
    for number in range(count):
        name = f"agent{number:04}"
        api.memory.people[name] = replace(api.memory.people["luis"], name=name)
    return list(api.memory.people)


async def pages(client: httpx.AsyncClient, path: str, **params: str) -> list[list[str]]:
    """The names on each page."""
    found, cursor = list[list[str]](), dict[str, str]()
    while True:
        page = (await client.get(f"{V1}/{path}", params=params | cursor)).json()
        found.append([row["name"] for row in page["items"]])
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def test_each_row_is_on_one_page_in_the_order_of_the_list(api: Running) -> None:
    names = staff(api, 8)
    async with api.client() as client:
        for limit, lengths in (("4", [4, 4, 2]), ("5", [5, 5]), ("10", [10]), ("1000", [10])):
            found = await pages(client, "agents", limit=limit)
            assert [len(page) for page in found] == lengths
            assert [name for page in found for name in page] == names


@pytest.mark.parametrize(
    ("now", "following"),
    [("abcdef", "def"), ("xabcdef", "def"), ("acdef", "def"), ("abdef", "def"), ("a", "")],
)
def test_what_comes_and_goes_between_two_pages_costs_no_other_row(now: str, following: str) -> None:
    first = Page(None, 3).of([Named(name) for name in "abcdef"], lambda row: row.name)
    rest = Page(first.next, 3).of([Named(name) for name in now], lambda row: row.name)
    assert list(rest.items) == [Named(name) for name in following]
    assert rest.next is None


@pytest.mark.parametrize("path", LISTS.split())
async def test_every_list_takes_cursor_and_limit(api: Running, path: str) -> None:
    async with api.client() as client:
        asked = client.build_request("GET", f"{V1}/{path}").url
        assert (await client.get(asked.copy_merge_params({"limit": "1"}))).status_code == 200
        for bad, status in (({"cursor": "x"}, 404), ({"limit": "0"}, 422), ({"limit": "1001"}, 422)):
            assert (await client.get(asked.copy_merge_params(bad))).status_code == status


async def test_the_commands_show_all_pages(api: Running, tmp_path: Path) -> None:
    names = staff(api, MOST_ROWS)
    server = HttpServer(api.app, "127.0.0.1", 0)
    host, port = await server.start()
    config = tmp_path / "centralita.yaml"
    config.write_text(f"server: {{data_dir: {tmp_path}}}\nhttp:\n  listen: {host}:{port}\n")
    command = ["agent", "show", "--json", "--config", str(config)]
    shown = await asyncio.to_thread(CliRunner().invoke, app, command, catch_exceptions=False)
    told = json.loads(shown.stdout)
    assert ([row["name"] for row in told["items"]], told["next"]) == (names, None)
    await server.close()
