"""Events over real WebSockets: who may listen, to what, and what he finds when he comes back."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from switch.access.holder import ADMINISTRATOR
from switch.access.rights import Role
from switch.api.event_socket import EventSocket
from switch.api.server import HttpServer
from switch.events.listening import Listeners
from switch.events.rows import PhoneNow
from switch.events.subject import agent
from switch.events.types import EventType, PhoneData
from tests.switch.api.running import Running, running

V1 = "/api/v1"


class Door:
    """The API on a socket of its own."""

    def __init__(self, api: Running, place: str) -> None:
        self.api = api
        self.place = place
        self.stream = api.services.listeners.stream

    def listen(self, query: str = "", token: str | None = None) -> connect:
        right = self.api.token if token is None else token
        headers = {"Authorization": f"Bearer {right}"} if right else {}
        return connect(f"ws://{self.place}{V1}/events{query}", additional_headers=headers, proxy=None)

    def tell(self, phone: str, *, registered: bool = True) -> int:
        row = PhoneNow(name=phone, agent=None, registered=registered)
        about = self.stream.board.put(row, [agent(f"at-{phone}")])
        return self.stream.tell(EventType.PHONE_REGISTERED, PhoneData(phone=row), about).seq

    async def refused(self, query: str = "", token: str | None = None) -> tuple[int, str]:
        """The status and the problem's words with which a WebSocket is refused."""
        with pytest.raises(InvalidStatus) as caught:
            await self.listen(query, token)
        response = caught.value.response
        problem = json.loads(response.body)
        return response.status_code, problem["detail"] + " ".join(problem.get("errors", ()))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with running(tmp_path) as api:
        server = HttpServer(api.app, "127.0.0.1", 0, socket=EventSocket)
        host, port = await server.start()
        yield Door(api, f"{host}:{port}")
        await server.close()


async def heard(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def test_first_everything_then_one_after_the_other(door: Door) -> None:
    door.tell("1001")
    async with door.listen() as socket:
        snapshot = await heard(socket)
        assert snapshot["type"] == "snapshot"
        assert snapshot["data"]["phones"] == [{"name": "1001", "agent": None, "registered": True}]
        seqs = [door.tell("1002"), door.tell("1003")]
        events = [await heard(socket) for _ in seqs]
    assert [event["seq"] for event in events] == seqs == [snapshot["seq"] + 1, snapshot["seq"] + 2]
    assert events[0]["data"] == {"phone": {"name": "1002", "agent": None, "registered": True}}
    assert events[0]["time"].endswith("Z")


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(door: Door) -> None:
    async with door.listen() as socket:
        since = (await heard(socket))["seq"]
    missed = [door.tell("1001"), door.tell("1002")]
    async with door.listen(f"?since={since}") as socket:
        assert [(await heard(socket))["seq"] for _ in missed] == missed
        assert door.tell("1003") == (await heard(socket))["seq"]


async def test_a_number_of_another_run_gets_everything_anew(door: Door) -> None:
    door.tell("1001")
    for since in (1, door.stream.last + 10):
        async with door.listen(f"?since={since}") as socket:
            assert (await heard(socket))["type"] == "snapshot"


async def test_only_what_is_asked_for(door: Door) -> None:
    async with door.listen("?types=phone.*&types=alarm&agent=at-1002") as socket:
        assert (await heard(socket))["data"]["agents"] == []
        door.tell("1001")
        seq = door.tell("1002")
        assert (await heard(socket))["seq"] == seq


async def test_who_may_not_listen(door: Door) -> None:
    assert await door.refused(token="wrong") == (401, "a bearer token is needed")
    assert (await door.refused(token=""))[0] == 401
    assert (await door.refused("?ticket=guessed", token=""))[0] == 401


async def test_a_ticket_lets_in_once(door: Door) -> None:
    async with door.api.client() as client:
        given = await client.post(f"{V1}/events/tickets")
    assert given.status_code == 201
    ticket = given.json()["ticket"]
    async with door.listen(f"?ticket={ticket}", token="") as socket:
        assert (await heard(socket))["type"] == "snapshot"
    assert (await door.refused(f"?ticket={ticket}", token=""))[0] == 401


async def test_what_makes_no_sense_is_refused_in_words(door: Door) -> None:
    status, why = await door.refused("?types=call.asnwered")
    assert (status, "call.asnwered" in why) == (422, True)
    status, why = await door.refused("?since=yesterday")
    assert (status, "since" in why) == (422, True)


async def test_no_more_than_there_is_room_for(door: Door) -> None:
    services = door.api.services
    full = Listeners(services.listeners.stream, most=services.listeners.count)
    assert not full.has_room
    services.listeners.count += 500
    assert (await door.refused())[0] == 429
    services.listeners.count -= 500
    async with door.listen() as socket:
        await heard(socket)
        assert services.listeners.count == 1
    async with asyncio.timeout(5):
        while services.listeners.count:  # noqa: ASYNC110 - going away tells nobody
            await asyncio.sleep(0.01)


async def test_a_listener_who_talks_is_heard_out_and_one_who_pings_is_answered(door: Door) -> None:
    async with door.listen() as socket:
        await heard(socket)
        await socket.send("hello")
        await (await socket.ping())
        assert door.tell("1001") == (await heard(socket))["seq"]


async def test_a_large_snapshot_is_one_message(door: Door) -> None:
    for n in range(3000):
        door.tell(str(n))
    async with door.listen() as socket:
        assert len((await heard(socket))["data"]["phones"]) == 3000


async def test_without_a_socket_there_is_nothing_to_hear(door: Door) -> None:
    async with door.api.client() as client:
        answer = await client.get(f"{V1}/events")
    assert (answer.status_code, answer.headers["content-type"]) == (426, "application/problem+json")


async def test_the_server_ends_while_somebody_listens(tmp_path: Path) -> None:
    async with running(tmp_path) as api:
        server = HttpServer(api.app, "127.0.0.1", 0, socket=EventSocket)
        host, port = await server.start()
        async with Door(api, f"{host}:{port}").listen() as socket:
            await heard(socket)
            async with asyncio.timeout(3):
                await server.close()
                await socket.wait_closed()
            assert socket.close_code == 1012
        with pytest.raises(httpx.ConnectError):
            await httpx.AsyncClient().get(f"http://{host}:{port}/livez")


async def test_who_is_revoked_hears_no_more(door: Door) -> None:
    tokens = door.api.services.tokens
    made = await tokens.add("board", Role.WALLBOARD, ADMINISTRATOR, lasts=None)
    async with door.listen(token=made.secret) as socket:
        assert json.loads(await socket.recv())["type"] == "snapshot"
        await tokens.revoke("board")
        with pytest.raises(ConnectionClosedError) as closed:
            await asyncio.wait_for(socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert (await door.refused(token=made.secret))[0] == 401


@pytest.mark.parametrize("since", ["", "?since=1"])
async def test_of_what_is_anothers_nothing_is_heard_however_it_is_asked_for(door: Door, since: str) -> None:
    tokens = door.api.services.tokens
    about = ["at-1002"]
    made = await tokens.add("eva", Role.SUPERVISOR, ADMINISTRATOR, agents=about, lasts=None)
    for phone in ("1001", "1002", "1001"):
        door.tell(phone)
    more = "&" if since else "?"
    for query in (since, f"{since}{more}agent=at-1001&agent=at-1002", f"{since}{more}types=*"):
        async with door.listen(query, made.secret) as socket:
            door.tell("1001", registered=False)
            last, told = door.tell("1002"), [""]
            while not told[-1] or json.loads(told[-1])["seq"] < last:
                told.append(str(await asyncio.wait_for(socket.recv(), 5)))
        assert "1002" in told[-1]
        assert not [each for each in told if "1001" in each], query
