"""One real call as its operator sees it: ladder, live trace, capture and Homer, without a secret in them."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncio_dgram
from asyncio_dgram.aio import DatagramServer

from tests.e2e.centre import NUMBER, Tell, centre, desks
from tests.e2e.wiring import Wiring
from tests.peers.raw import SDP
from tests.peers.sipp import Sipp
from tests.peers.switch import IN_TREE, Switch
from tests.switch.trace.packets import hep, packets

SECRET = "5ec2e7" * 5
CREDENTIALS = f'\r\nProxy-Authorization: Digest username="c", realm="c", nonce="n", response="{SECRET}"'
ARROW = re.compile(r"^ *[0-9.]+  (\|.*\|)$")


@asynccontextmanager
async def command(switch: Switch, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`centralita` as an operator runs it, its output in a pipe."""
    process = await asyncio.create_subprocess_exec(
        *(*IN_TREE, *arguments, "--config", str(switch.config_file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "130"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def centralita(switch: Switch, *arguments: str) -> bytes:
    """What the command prints; it must succeed."""
    async with command(switch, *arguments) as process:
        said, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
        return said


@asynccontextmanager
async def homer() -> AsyncIterator[tuple[DatagramServer, list[bytes]]]:
    """A server that keeps what it is sent."""
    kept: list[bytes] = []
    server = await asyncio_dgram.bind(("127.0.0.1", 0))

    async def keep() -> None:
        while True:
            kept.append((await server.recv())[0])

    keeping = asyncio.create_task(keep())
    try:
        yield server, kept
    finally:
        keeping.cancel()
        server.close()


async def told(process: asyncio.subprocess.Process, status: str) -> list[dict[str, Any]]:
    """The messages of a live trace, up to the response with this status."""
    assert process.stdout is not None
    rows: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while not (rows and rows[-1]["text"].startswith(f"SIP/2.0 {status}")):
            rows.append(json.loads(await process.stdout.readline()))
    return rows


async def test_a_call_is_traced_from_both_sides_without_secrets(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        server, copies = await stack.enter_async_context(homer())
        address = "{}:{}".format(*server.sockname)
        sections = centre(
            1, {"answer": "on-agent"}, trace={"hep": address, "hep_id": 77, "hep_secret": "open sesame"}
        )
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        live = await stack.enter_async_context(
            command(switch, "trace", "--method", "INVITE", "--json", "--last", "100")
        )
        (desk,) = await desks(stack, switch, 1)
        await desk.behave("answer")
        call, legs = await called(switch, tell_on_failure)

        rows = json.loads(await centralita(switch, "call", "trace", call, "--json"))["items"]
        texts = [row["text"].encode() for row in rows]
        on_wire = [
            each.payload for each in switch.wire() if any(leg.encode() in each.payload for leg in legs)
        ]
        assert {row["sip_call_id"] for row in rows} == legs
        assert {row["party"] for row in rows} == {"caller carrier", "agent 1001"}
        assert sorted(map(len, texts)) == sorted(map(len, on_wire))

        ladder = await centralita(switch, "call", "trace", call, "--full")
        assert_both_legs_are_drawn(ladder.decode())

        capture = await centralita(switch, "call", "trace", call, "--pcap", "-")
        assert [each.payload for each in packets(capture)] == texts

        assert {row["method"] for row in await told(live, "200")} == {"INVITE"}

        chunks = [hep(copy) for copy in copies]
        assert [each[15] for each in chunks if each.get(17) == call] == texts
        assert {(each[12], each[14]) for each in chunks} == {(77, "open sesame")}
        sent = (await switch.metrics()).value("centralita_hep_packets_total", result="sent")
        assert sent == len(copies)

        recent = await centralita(switch, "trace", "--no-follow", "--last", "1000", "--full")
        assert b"REGISTER" in recent
        digests = {
            found[1] for each in switch.wire() for found in re.finditer(rb'response="(\w+)"', each.payload)
        }
        assert SECRET.encode() in digests
        assert len(digests) > 1, "the phone's REGISTER had one, too"
        for output in (*texts, ladder, capture, recent, *copies):
            assert not [digest for digest in digests if digest in output]


async def called(switch: Switch, tell_on_failure: Tell) -> tuple[str, set[str]]:
    """A carrier's call to the queue, and the Call-IDs of its legs."""
    caller: dict[str, Any] = {"target": switch.sip, "number": NUMBER, "talk_ms": 300, "headers": CREDENTIALS}
    async with Sipp.running("caller_hangs_up", **caller) as carrier:
        tell_on_failure("carrier", carrier.story)
        assert (await carrier.finished()).failed == 0
    (record,) = await switch.ended_calls(1)
    legs = {leg["sip_call_id"] for leg in record["legs"]}
    assert len(legs) == 2
    return record["id"], legs


def assert_both_legs_are_drawn(ladder: str) -> None:
    arrows = [found[1] for line in ladder.splitlines() if (found := ARROW.match(line))]
    for arrow in (
        r"\|-- INVITE \+34911000000 \+auth -+>\| +\|",
        r"\|<-- 200 OK -+\| +\|",
        r"\| +\|-- INVITE 1001 -+>\|",
        r"\| +\|<-- 200 \w+ -+\|",
        r"\|-- BYE -+>\| +\|",
        r"\| +\|-- BYE cause=16 -+>\|",
    ):
        assert [found for found in arrows if re.fullmatch(arrow, found)], f"{arrow}\n{ladder}"


async def test_a_capture_shows_a_leg_over_tls_in_clear(tmp_path: Path, tell_on_failure: Tell) -> None:
    wiring = Wiring(tmp_path)
    async with wiring.office(tell_on_failure, certificate=True) as (switch, carrier):
        inbound = await carrier.dial("600", SDP.format(carrier.host, 9000))
        await inbound.answered()
        assert (await inbound.ask("BYE")).status == 200
        (record,) = await switch.ended_calls(1)
        capture = list(packets(await centralita(switch, "call", "trace", record["id"], "--pcap", "-")))
        assert {packet.protocol for packet in capture} == {6}
        host, port = wiring.target.split(":")
        assert all((host, int(port)) in (packet.source, packet.destination) for packet in capture)
        said = [packet.payload.split(b"\r\n")[0].split(b" sip:")[0] for packet in capture]
        assert said[0] == b"INVITE"
        assert said[-2:] == [b"BYE", b"SIP/2.0 200 OK"]
