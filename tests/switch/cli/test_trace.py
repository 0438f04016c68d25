"""Traces on the command line, against a served API."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from switch.api.server import HttpServer
from switch.cli.app import app
from switch.cli.show import Manner
from tests.peers.switch import IN_TREE
from tests.switch.api.running import Running, running
from tests.switch.samples import answered_call, waiting_call
from tests.switch.trace.packets import packets
from tests.switch.trace.wire import CARRIER, PHONE, SDP, request, response

CALL = waiting_call().id
Command = Callable[..., Awaitable[Result]]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        up.tracing.claim(CALL, "leg-1", "caller carrier")
        up.wire.show("in", request(body=SDP), CARRIER)
        up.wire.show("out", response("100 Trying"), CARRIER)
        up.tracing.claim(CALL, "leg-2", "agent 1001")
        up.wire.show("out", request("INVITE", "leg-2", "1001", "Proxy-Authorization: Basic c2VjcmV0"), PHONE)
        yield up


@pytest.fixture
async def centralita(api: Running, tmp_path: Path) -> AsyncIterator[Command]:
    server = HttpServer(api.app, "127.0.0.1", 0)
    host, port = await server.start()
    config = tmp_path / "centralita.yaml"
    config.write_text(f"server: {{data_dir: {tmp_path}}}\nhttp:\n  listen: {host}:{port}\n")
    environment = {"COLUMNS": "90", "TERM": "dumb"}

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke,
            app,
            [*arguments, "--config", str(config)],
            env=environment,
            catch_exceptions=False,
        )

    yield run
    api.tracing.close()
    await server.close()


LADDER = """\
2027-01-15 08:00:00.001000 UTC, 3 messages, times in ms
A  203.0.113.9:5060 udp  caller carrier
B  192.0.2.21:5062 udp  agent 1001

            A                            centralita                             B
       0.0  |-- INVITE +34911000000 --------->|                                 |
            |   203.0.113.9:4000 PCMA PCMU    |                                 |
       1.0  |<-- 100 Trying ------------------|                                 |
       2.0  |                                 |-- INVITE 1001 +auth ----------->|
"""


async def test_a_ladder(centralita: Command) -> None:
    result = await centralita("call", "trace", CALL)
    assert result.exit_code == 0
    assert result.stdout == LADDER


async def test_the_whole_text(centralita: Command) -> None:
    result = await centralita("call", "trace", CALL, "--full")
    assert result.stdout.startswith(LADDER)
    assert "Call-ID: leg-2" in result.stdout
    assert "Proxy-Authorization: Basic ********" in result.stdout
    assert "\r" not in result.stdout


async def test_json_is_what_the_api_says_all_pages_in_one(api: Running, centralita: Command) -> None:
    for number in range(250):
        api.wire.show("in", request("INFO", cseq=number), CARRIER)
    result = await centralita("call", "trace", CALL, "--json")
    found = json.loads(result.stdout)
    assert [row["number"] for row in found["items"]] == list(range(1, 254))
    assert found["next"] is None
    async with api.client() as client:
        page = (await client.get(f"/api/v1/calls/{CALL}/trace", params={"limit": 100})).json()
    assert found["items"][:100] == page["items"]


async def test_a_call_in_progress_is_drawn_again(
    api: Running, centralita: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter(["BYE", ""])

    def wait(seconds: float) -> None:
        if not (method := next(turns)):
            raise KeyboardInterrupt
        api.wire.show("in", request(method), CARRIER)

    monkeypatch.setattr("switch.cli.trace.Manner", lambda json, watch: Manner(json, watch, wait=wait))
    result = await centralita("call", "trace", CALL, "--watch")
    assert result.exit_code == 0
    first, second = result.stdout.split("2027-01-15")[1:]
    assert "2027-01-15" + first == LADDER
    assert "|-- BYE +34911000000 ------------>|" in second


async def test_a_capture(centralita: Command, tmp_path: Path) -> None:
    file = tmp_path / "call.pcap"
    result = await centralita("call", "trace", CALL, "--pcap", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert [packet.payload.split(b" ")[0] for packet in packets(file.read_bytes())] == [
        b"INVITE",
        b"SIP/2.0",
        b"INVITE",
    ]


async def test_a_capture_to_the_output(centralita: Command) -> None:
    result = await centralita("call", "trace", CALL, "--pcap", "-")
    assert len(list(packets(result.stdout_bytes))) == 3


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("call", "trace", "none"), "no call 'none'"),
        (("call", "trace", answered_call().id), "not kept any more"),
        (("call", "trace", answered_call().id, "--pcap", "-"), "not kept any more"),
        (("call", "trace", CALL, "--pcap", "/nowhere/x.pcap"), "/nowhere/x.pcap: No such file"),
        (("trace", "--number", "a b"), "a pattern has no spaces"),
        (("trace", "--address", "nowhere"), "address: "),
    ],
)
async def test_the_answer_is_no(centralita: Command, arguments: tuple[str, ...], why: str) -> None:
    result = await centralita(*arguments)
    assert result.exit_code == 1
    assert why in result.stderr


async def test_a_capture_that_cannot_be_had_leaves_no_file(centralita: Command, tmp_path: Path) -> None:
    file = tmp_path / "none.pcap"
    assert (await centralita("call", "trace", "none", "--pcap", str(file))).exit_code == 1
    assert not file.exists()


async def test_the_last_messages_one_a_line(centralita: Command) -> None:
    result = await centralita("trace", "--last", "2", "--no-follow")
    first, second = result.stdout.splitlines()
    assert "192.0.2.1:5060 -> 203.0.113.9:5060  100 Trying" in first
    assert "192.0.2.1:5060 -> 192.0.2.21:5062  INVITE 1001 +auth" in second
    assert second.endswith(f"call {CALL}")


async def test_only_what_the_filter_takes(centralita: Command) -> None:
    result = await centralita("trace", "--last", "9", "--no-follow", "--number", "911", "--method", "invite")
    assert [line.count("INVITE +34911000000") for line in result.stdout.splitlines()] == [1, 0]
    result = await centralita("trace", "--last", "9", "--no-follow", "--address", "192.0.2.21", "--json")
    assert [json.loads(line)["number"] for line in result.stdout.splitlines()] == [3]
    result = await centralita("trace", "--last", "9", "--no-follow", "--text", "no such thing")
    assert (result.exit_code, result.stdout) == (0, "")


async def test_a_strangers_control_characters_do_not_reach_the_terminal(
    api: Running, centralita: Command
) -> None:
    api.wire.show("in", request("OPTIONS", "evil", "\x1b[2J\x07"), CARRIER)
    result = await centralita("trace", "--last", "1", "--no-follow", "--full")
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout
    assert "OPTIONS \N{REPLACEMENT CHARACTER}[2J" in result.stdout


async def test_following_ends_when_the_switch_does(api: Running, centralita: Command) -> None:
    following = asyncio.ensure_future(centralita("trace", "--method", "BYE"))
    async with asyncio.timeout(10):
        await api.wire.until(lambda: api.tracing.followers > 0)
        api.wire.show("in", request("OPTIONS"), CARRIER)
        api.wire.show("in", request("BYE"), CARRIER)
        api.tracing.close()
        result = await following
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    assert "BYE" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("call", "trace", CALL),
        ("trace", "--last", "3", "--json"),
        ("trace", "--last", "3", "--pcap", "-"),
    ],
)
async def test_nobody_reads_the_output_any_more(
    api: Running, centralita: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """`centralita trace | head` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = await asyncio.create_subprocess_exec(
            *(*IN_TREE, *arguments, "--config", str(tmp_path / "centralita.yaml")),
            stdout=writing,
            stderr=asyncio.subprocess.PIPE,
        )
    finally:
        os.close(writing)
    async with asyncio.timeout(20):
        _, complaint = await process.communicate()
    assert complaint == b""
    assert process.returncode in (0, 1)
