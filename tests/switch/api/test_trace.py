"""Messages over HTTP: of a call, of all that is kept, and as they pass."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from switch.api.server import HttpServer
from switch.config.schema import Trace
from switch.trace.tracing import FOLLOWERS
from tests.switch.api.running import Running, running
from tests.switch.samples import answered_call, waiting_call
from tests.switch.trace.packets import packets
from tests.switch.trace.wire import CARRIER, PHONE, SECURE, request, response

V1 = "/api/v1"
CALL = waiting_call().id
SECRET = 'Proxy-Authorization: Digest username="1001", response="0123456789abcdef"'


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


@pytest.fixture
async def client(api: Running) -> AsyncIterator[httpx.AsyncClient]:
    """Over a real socket: only there does a stream stream."""
    server = HttpServer(api.app, "127.0.0.1", 0)
    host, port = await server.start()
    headers = {"Authorization": f"Bearer {api.token}"}
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", headers=headers) as client:
        yield client
    api.tracing.close()
    await server.close()


def two_legs(api: Running) -> None:
    """A call of the carrier to a phone, as far as its ringing."""
    api.tracing.claim(CALL, "leg-1", "caller carrier")
    api.wire.show("in", request("INVITE", "leg-1", "+34911000000", SECRET), CARRIER)
    api.wire.show("out", response("100 Trying"), CARRIER)
    api.tracing.claim(CALL, "leg-2", "agent 1001")
    api.wire.show("out", request("INVITE", "leg-2", "1001"), PHONE)
    api.wire.show("in", response("180 Ringing", "INVITE", "leg-2"), PHONE)
    api.wire.show("in", response("180 Ringing", "INVITE", "leg-2"), PHONE)


async def test_a_calls_messages(api: Running, client: httpx.AsyncClient) -> None:
    two_legs(api)
    api.wire.show("in", request("OPTIONS", "other"), CARRIER)
    answer = await client.get(f"{V1}/calls/{CALL}/trace")
    assert answer.status_code == 200
    body = answer.json()
    assert body["next"] is None
    rows = body["items"]
    assert [(row["direction"], row["method"], row["party"], row["repeats"]) for row in rows] == [
        ("in", "INVITE", "caller carrier", False),
        ("out", "INVITE", "caller carrier", False),
        ("out", "INVITE", "agent 1001", False),
        ("in", "INVITE", "agent 1001", False),
        ("in", "INVITE", "agent 1001", True),
    ]
    first = rows[0]
    assert (first["source"], first["destination"], first["transport"]) == (
        "203.0.113.9:5060",
        "192.0.2.1:5060",
        "udp",
    )
    assert (first["call"], first["sip_call_id"]) == (CALL, "leg-1")
    assert first["time"].startswith("2027-01-15T08:00:00.001")
    assert 'response="****************"' in first["text"]


async def test_page_by_page(api: Running, client: httpx.AsyncClient) -> None:
    two_legs(api)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor is not None else {})
        page = (await client.get(f"{V1}/calls/{CALL}/trace", params=params)).json()
        seen += [row["number"] for row in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == [1, 2, 3, 4, 5]


async def test_a_calls_capture(api: Running, client: httpx.AsyncClient) -> None:
    two_legs(api)
    answer = await client.get(f"{V1}/calls/{CALL}/trace.pcap")
    assert answer.headers["content-type"] == "application/vnd.tcpdump.pcap"
    found = list(packets(answer.content))
    assert len(found) == 5
    assert b"0123456789abcdef" not in answer.content
    assert b'response="****************"' in found[0].payload


@pytest.mark.parametrize("kind", ["trace", "trace.pcap"])
async def test_what_is_not_kept_is_said(api: Running, client: httpx.AsyncClient, kind: str) -> None:
    unknown = await client.get(f"{V1}/calls/nothing/{kind}")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "no call 'nothing'")
    former = await client.get(f"{V1}/calls/{answered_call().id}/{kind}")
    assert former.status_code == 404
    assert "not kept any more" in former.json()["detail"]
    api.tracing.configure(Trace(calls=0))
    off = await client.get(f"{V1}/calls/{answered_call().id}/{kind}")
    assert (off.status_code, off.json()["detail"]) == (404, "no messages are kept: trace.calls is 0")


@pytest.mark.parametrize("cursor", ["x", "7", "٣", "9" * 40])
async def test_a_cursor_of_nobodys(api: Running, client: httpx.AsyncClient, cursor: str) -> None:
    assert (await client.get(f"{V1}/calls/{CALL}/trace", params={"cursor": cursor})).status_code == 404


@pytest.mark.parametrize(
    ("params", "numbers"),
    [
        ({"last": "100"}, [1, 2, 3, 4, 5, 6, 7]),
        ({"last": "2"}, [6, 7]),
        ({"last": "0"}, []),
        ({"last": "100", "method": "OPTIONS"}, [6, 7]),
        ({"last": "2", "method": "INVITE"}, [4, 5]),
        ({"last": "100", "call": CALL}, [1, 2, 3, 4, 5]),
        ({"last": "100", "address": "192.0.2.21"}, [3, 4, 5]),
    ],
)
async def test_the_last_of_those_kept(
    api: Running, client: httpx.AsyncClient, params: dict[str, str], numbers: list[int]
) -> None:
    two_legs(api)
    for cseq in (1, 2):
        api.wire.show("in", request("OPTIONS", "probe", cseq=cseq), SECURE)
    answer = await client.get(f"{V1}/trace", params={"follow": "false", **params})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines() if line]
    assert [line["number"] for line in lines] == numbers


async def test_a_long_call_page_by_page(api: Running, client: httpx.AsyncClient) -> None:
    api.tracing.claim(CALL, "leg-1", "caller carrier")
    for number in range(100):
        api.wire.show("in", request("INFO", "leg-1", cseq=number))
    numbers: list[list[int]] = []
    cursor: dict[str, str] = {}
    while len(numbers) < 3:
        page = (await client.get(f"{V1}/calls/{CALL}/trace", params={"limit": "45", **cursor})).json()
        numbers.append([each["number"] for each in page["items"]])
        cursor = {"cursor": page["next"] or "none"}
    assert numbers == [list(range(1, 46)), list(range(46, 91)), list(range(91, 101))]
    assert cursor == {"cursor": "none"}


async def test_others_have_their_turn_while_much_is_told(api: Running) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def turns_for(client: httpx.AsyncClient, messages: int) -> int:
        call = f"of-{messages}"
        api.tracing.claim(call, call)
        for number in range(messages):
            api.wire.show("in", request("INFO", call, cseq=number))
        before = turns
        answer = await client.get(f"{V1}/calls/{call}/trace.pcap")
        assert len(list(packets(answer.content))) == messages
        return turns - before

    meanwhile = asyncio.create_task(others())
    headers = {"Authorization": f"Bearer {api.token}"}
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        assert await turns_for(client, 300) - await turns_for(client, 1) >= 300 // 20 - 1
    meanwhile.cancel()


async def test_the_last_of_very_many(api: Running, client: httpx.AsyncClient) -> None:
    for number in range(300):
        api.wire.show("in", request("OPTIONS", f"probe {number % 7}", cseq=number))
    answer = await client.get(f"{V1}/trace", params={"follow": "false", "last": "10"})
    assert [json.loads(line)["number"] for line in answer.text.splitlines()] == list(range(291, 301))


@pytest.mark.parametrize(
    "params", [{"number": "a b"}, {"address": "nowhere"}, {"last": "-1"}, {"last": "10001"}]
)
async def test_a_filter_that_makes_no_sense(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    answer = await client.get(f"{V1}/trace", params=params)
    assert answer.status_code == 422


@asynccontextmanager
async def followed(client: httpx.AsyncClient, **params: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The messages of a live trace that has begun."""
    async with client.stream("GET", f"{V1}/trace", params=params) as answer:
        lines = answer.aiter_lines()
        if "last" not in params:
            assert await anext(lines) == ""
        yield (json.loads(line) async for line in lines if line)


async def test_messages_as_they_pass(api: Running, client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(10), followed(client, method="INVITE", number="1001") as messages:
        two_legs(api)
        assert [(await anext(messages))["number"]] == [3]
        api.wire.show("in", request("OPTIONS", "probe", "1001"))
        api.wire.show("in", request("INVITE", "leg-3", "1001"))
        message = await anext(messages)
        assert (message["number"], message["call"]) == (7, None)


async def test_first_what_is_kept_then_what_passes(api: Running, client: httpx.AsyncClient) -> None:
    two_legs(api)
    async with asyncio.timeout(10), followed(client, call=CALL, last="2") as messages:
        assert [(await anext(messages))["number"] for _ in range(2)] == [4, 5]
        api.wire.show("in", response("200 OK", "INVITE", "leg-2"), PHONE)
        assert (await anext(messages))["number"] == 6


async def test_a_capture_that_grows(api: Running, client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(10), client.stream("GET", f"{V1}/trace.pcap") as answer:
        chunks = answer.aiter_bytes()
        captured = await anext(chunks)
        two_legs(api)
        while len(list(packets(captured))) < 5:
            captured += await anext(chunks)


async def test_followers_are_few_and_make_room(api: Running, client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        streams = [followed(client) for _ in range(FOLLOWERS)]
        for stream in streams:
            await stream.__aenter__()
        assert (await client.get(f"{V1}/trace")).status_code == 429
        await streams[0].__aexit__(None, None, None)
        await api.wire.until(lambda: api.tracing.has_room)
        for stream in streams[1:]:
            await stream.__aexit__(None, None, None)


async def test_a_follower_is_told_when_the_switch_stops(api: Running, client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(10), followed(client) as messages:
        api.tracing.close()
        with pytest.raises(StopAsyncIteration):
            await anext(messages)


@pytest.mark.parametrize("path", [f"calls/{CALL}/trace", f"calls/{CALL}/trace.pcap", "trace", "trace.pcap"])
async def test_only_the_administrator_sees_messages(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"{V1}/{path}", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401
