"""The commands against a served API, and their exit codes."""

import asyncio
import csv
import getpass
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from acd.events import Act, CallAssigned, CallMoved, CallPrioritised, CallPulled, CallWithdrawn
from switch.api.server import HttpServer
from switch.cli.app import app
from switch.history.entries import AgentChanged, CallEnded
from switch.records import AgentState, AgentStateRecord
from tests.switch.api.running import Running, running
from tests.switch.samples import answered_call, at, waiting_call

ACTIVE = waiting_call().id
USER = getpass.getuser()
Command = Callable[..., Awaitable[Result]]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


def alone(*arguments: str) -> Result:
    """Runs a command without a switch."""
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


@pytest.fixture
async def centralita(api: Running, tmp_path: Path) -> AsyncIterator[Command]:
    """Runs a command against the served API, in a thread, since the API is served in this loop."""
    server = HttpServer(api.app, "127.0.0.1", 0)
    host, port = await server.start()
    config = tmp_path / "centralita.yaml"
    config.write_text(f"server: {{data_dir: {tmp_path}}}\nhttp:\n  listen: {host}:{port}\n")

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(alone, *arguments, "--config", str(config))

    yield run
    await server.close()


async def test_the_url_of_a_phone(centralita: Command) -> None:
    url = "https://192.0.2.9:8081/provision/secret/"
    assert (await centralita("phone", "url", "1001")).stdout == f"{url}\n"
    assert json.loads((await centralita("phone", "url", "1001", "--json")).stdout)["url"] == url
    unknown = await centralita("phone", "url", "1009")
    assert (unknown.exit_code, unknown.stdout) == (1, "")


async def test_csv_has_the_rows_of_the_table(centralita: Command) -> None:
    told = (await centralita("queue", "show", "--csv")).stdout
    headings, support = csv.reader(io.StringIO(told))
    row = dict(zip(headings, support, strict=True))
    assert (row["queue"], row["longest"], row["closed"]) == ("support", "3.5", "")
    both = await centralita("queue", "show", "--csv", "--json")
    assert (both.exit_code, both.stderr) == (2, "--json or --csv, not both\n")


@pytest.mark.parametrize(
    ("command", "heading", "cells"),
    [
        ("queue", "QUEUE", ["support", "3.5", "75%"]),
        ("agent", "AGENT", ["ana", "1001", "ready", "support=8"]),
        ("call", "CALL", [waiting_call().id, "inbound", "+34600111222", "support"]),
        ("phone", "PHONE", ["1001", "ana", "yes", "udp:127.0.0.1:5070"]),
        ("trunk", "TRUNK", ["carrier", "yes", "200", "sip:127.0.0.1:5080"]),
        ("ban", "ADDRESS", ["203.0.113.66", "1001", "10"]),
    ],
)
async def test_show_is_a_table_without_borders(
    centralita: Command, command: str, heading: str, cells: list[str]
) -> None:
    result = await centralita(command, "show")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith(heading)
    assert all(cell in lines[1].split() for cell in cells)
    assert not set(result.stdout) & set("│┃━─|+-") - set(lines[1])


@pytest.mark.parametrize("command", ["queue", "agent", "call", "phone", "trunk", "ban", "alarm"])
async def test_json_is_what_the_api_says(api: Running, centralita: Command, command: str) -> None:
    result = await centralita(command, "show", "--json")
    path = "/calls?state=active" if command == "call" else f"/{command}s"
    async with api.client() as client:
        assert json.loads(result.stdout) == (await client.get(f"/api/v1{path}")).json()


async def test_figures_of_today_do_not_move_since_when_an_agent_is_what_he_is(
    api: Running, centralita: Command
) -> None:
    before = (await centralita("agent", "show", "--csv")).stdout
    paused = AgentStateRecord(agent="ana", state=AgentState.PAUSED, since=datetime.now(UTC))
    api.services.figures.hear(AgentChanged(change=paused))
    async with api.client() as client:
        told = (await client.get("/api/v1/figures?by=agent")).json()["items"]
    assert [row["key"] for row in told] == ["ana"]
    assert (await centralita("agent", "show", "--csv")).stdout == before


async def test_a_ban_is_lifted_by_its_address(api: Running, centralita: Command) -> None:
    assert (await centralita("ban", "remove", "203.0.113.66")).exit_code == 0
    assert api.memory.bans() == []
    again = await centralita("ban", "remove", "203.0.113.66")
    assert again.exit_code == 1
    assert "not banned" in again.stderr


async def test_show_one(centralita: Command) -> None:
    result = await centralita("agent", "show", "luis")
    assert len(result.stdout.splitlines()) == 2
    assert "luis" in result.stdout


async def test_show_ended_calls(centralita: Command) -> None:
    result = await centralita(
        "call", "show", "--state", "ended", "--agent", "ana", "--since", "2026-01-01T00:00:00Z"
    )
    assert answered_call().id in result.stdout
    assert "caller_hung_up" in result.stdout


async def test_the_last_of_what_is_past_page_by_page(api: Running, centralita: Command) -> None:
    for n in range(203):
        api.writer.put(CallEnded(call=answered_call(f"call-{n:03}", ended_at=at(100 + n))))
    assert await api.writer.flush()
    result = await centralita("call", "show", "--state", "ended", "--last", "202", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["call"] for row in rows] == [f"call-{n:03}" for n in range(202, 0, -1)]
    assert result.stderr == "there are more than these 202: --last N\n"
    everything = await centralita("call", "show", "--state", "ended", "--last", "300", "--csv")
    assert (len(everything.stdout.splitlines()), everything.stderr) == (1 + 203 + 1, "")


async def test_the_environment_names_the_configuration(
    centralita: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENTRALITA_CONFIG", str(tmp_path / "centralita.yaml"))
    result = await asyncio.to_thread(alone, "agent", "show", "ana")
    assert (result.exit_code, "ana" in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("verb", "state"),
    [("ready", AgentState.READY), ("pause", AgentState.PAUSED), ("logout", AgentState.OFFLINE)],
)
async def test_an_agents_state(api: Running, centralita: Command, verb: str, state: AgentState) -> None:
    result = await centralita("agent", verb, "ana", "--reason", "so")
    assert (result.exit_code, result.stdout) == (0, f"ana is {state.value}\n")
    assert (api.memory.people["ana"].state, api.memory.people["ana"].reason) == (state, "so")


@pytest.mark.parametrize("verb", ["ready", "pause"])
async def test_an_agents_phone(api: Running, centralita: Command, verb: str) -> None:
    assert (await centralita("agent", verb, "luis", "--phone", "1003")).exit_code == 0
    assert api.memory.people["luis"].phone == "1003"


async def test_hangup(api: Running, centralita: Command) -> None:
    ended = await centralita("call", "hangup", waiting_call().id)
    assert (ended.exit_code, ended.stdout) == (0, f"{waiting_call().id} is over\n")
    assert not api.memory.calls
    again = await centralita("call", "hangup", waiting_call().id)
    assert (again.exit_code, again.stderr) == (1, f"no call '{waiting_call().id}' in progress\n")


@pytest.mark.parametrize(
    ("arguments", "act", "said"),
    [
        (
            ("prioritise", "7"),
            CallPrioritised(ACTIVE, 7, by=USER),
            "support, priority 7",
        ),
        (("assign", "ana"), CallAssigned(ACTIVE, "ana", by=USER), "priority 0, ana"),
        (("pull", "ana", "--by", "eva"), CallPulled(ACTIVE, "ana", by="eva"), "offered in support"),
        (("move",), CallMoved(ACTIVE, by=USER), "waiting in support"),
        (("move", "sales"), CallMoved(ACTIVE, "sales", by=USER), "waiting in sales"),
        (("withdraw", "phone:1001"), CallWithdrawn(ACTIVE, "phone:1001", by=USER), "has left"),
    ],
    ids=str,
)
async def test_what_supervisors_do_with_callers(
    api: Running, centralita: Command, arguments: tuple[str, ...], act: Act, said: str
) -> None:
    result = await centralita("call", arguments[0], ACTIVE, *arguments[1:])
    assert (result.exit_code, api.memory.acts) == (0, [act])
    assert said in result.stdout


async def test_what_cannot_be_done_with_a_caller(centralita: Command) -> None:
    result = await centralita("call", "assign", ACTIVE, "nobody")
    assert (result.exit_code, result.stderr) == (1, "no agent 'nobody'\n")


async def test_reload_says_every_mistake(api: Running, centralita: Command) -> None:
    assert (await centralita("reload")).exit_code == 0
    api.memory.mistakes = ("c.yaml:1:2: one", "c.yaml:3:4: two")
    result = await centralita("reload")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[:2] == list(api.memory.mistakes)


async def test_drain(api: Running, centralita: Command) -> None:
    result = await centralita("drain")
    assert (result.exit_code, result.stdout) == (0, "draining, 1 calls left\n")
    assert not api.memory.ready.ready


@pytest.mark.parametrize(
    "arguments",
    [
        ("queue", "show", "none"),
        ("agent", "show", "a/../b"),
        ("agent", "ready", "none"),
        ("agent", "ready", "luis"),
        ("call", "show", "--since", "x"),
    ],
)
async def test_the_answer_is_no(centralita: Command, arguments: tuple[str, ...]) -> None:
    result = await centralita(*arguments)
    assert result.exit_code == 1
    assert result.stderr
    assert not result.stdout


async def test_a_wrong_token_is_a_no(api: Running, centralita: Command) -> None:
    (api.data_dir / "admin.token").write_text("wrong")
    result = await centralita("queue", "show")
    assert (result.exit_code, result.stderr) == (1, "a bearer token is needed\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("agent", "fly", "ana"),
        ("agent", "ready"),
        ("queue", "show", "--color"),
        ("call", "show", "--state", "asleep"),
        ("queue", "show", "--config", "/nowhere/centralita.yaml"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert alone(*arguments).exit_code == 2


def test_no_switch_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    never = alone("queue", "show")
    assert never.exit_code == 3
    (tmp_path / "var").mkdir()
    (tmp_path / "var/admin.token").write_text("token")
    (tmp_path / "var/centralita.yaml").write_text("http: {listen: '127.0.0.1:1'}")
    gone = alone("queue", "show")
    assert gone.exit_code == 3
    assert gone.stderr.startswith("no switch answers at http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("text", "code", "lines"),
    [
        ("server: {language: en}\n", 0, []),
        (
            "queues:\n  support: {stratgy: longest-idle, music: 3}\n",
            1,
            ["centralita.yaml:2:13: queues.support.stratgy:"],
        ),
        ("a: [\n", 1, ["centralita.yaml:"]),
        ("sip: {listen: ['udp:[::1]:5060']}\n", 0, []),
    ],
)
def test_check(tmp_path: Path, text: str, code: int, lines: list[str]) -> None:
    path = tmp_path / "centralita.yaml"
    path.write_text(text)
    result = alone("check", str(path))
    assert result.exit_code == code
    for said, expected in zip(result.stdout.splitlines(), lines, strict=False):
        assert expected in said
