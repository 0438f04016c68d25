"""A POST with an Idempotency-Key is carried out once."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from switch.access.holder import ADMINISTRATOR, Holder
from switch.access.limits import Buckets, Rate
from switch.access.rights import Role
from switch.api.app import create_app
from switch.api.problems import Kind
from switch.api.repeats import HEADER, KEPT_S, MOST_KEPT, MOST_OCTETS, REPLAYED, Repeats
from tests.switch.api.running import Running, running
from tests.switch.samples import waiting_call

CALL = f"/api/v1/calls/{waiting_call().id}"
KEY = {HEADER: "order-4711"}
BODY = {"type": "http.request", "body": b"", "more_body": False}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


async def test_what_comes_twice_is_done_once_and_answered_alike(api: Running) -> None:
    async with api.client() as client:
        answers = [
            await client.post(f"{CALL}/prioritise", json={"priority": 3}, headers=KEY) for _ in range(3)
        ]
        without = await client.post(f"{CALL}/prioritise", json={"priority": 3})
    assert len(api.memory.acts) == 2, "one with the key, one without"
    assert [each.status_code for each in answers] == [200] * 3
    assert len({each.content for each in answers}) == 1
    assert [each.headers.get(REPLAYED) for each in (*answers, without)] == [None, "true", "true", None]


async def test_a_key_stands_for_one_request_of_one_token(api: Running) -> None:
    made = await api.services.tokens.add("eva", Role.SUPERVISOR, ADMINISTRATOR, lasts=None)
    async with api.client() as client, api.client(token=made.secret) as eva:
        assert (await client.post(f"{CALL}/prioritise", json={"priority": 3}, headers=KEY)).status_code == 200
        other = await client.post(f"{CALL}/prioritise", json={"priority": 4}, headers=KEY)
        elsewhere = await client.post(f"{CALL}/withdraw", json={"target": "hangup"}, headers=KEY)
        hers = await eva.post(f"{CALL}/prioritise", json={"priority": 4}, headers=KEY)
    for refused in (other, elsewhere):
        assert (refused.status_code, refused.json()["type"]) == (409, Kind.KEY_TAKEN.uri)
    assert (hers.status_code, hers.headers.get(REPLAYED)) == (200, None)


async def test_what_was_refused_may_be_asked_again(api: Running) -> None:
    wanted = {"priority": 3}
    async with api.client() as client:
        del api.memory.calls[waiting_call().id]
        assert (await client.post(f"{CALL}/prioritise", json=wanted, headers=KEY)).status_code == 404
        api.memory.calls[waiting_call().id] = waiting_call()
        assert (await client.post(f"{CALL}/prioritise", json=wanted, headers=KEY)).status_code == 200


async def test_a_secret_is_told_once_and_not_kept(api: Running) -> None:
    wanted = {"name": "wall", "role": "wallboard"}
    async with api.client() as client:
        assert (await client.post("/api/v1/tokens", json=wanted, headers=KEY)).status_code == 201
        again = await client.post("/api/v1/tokens", json=wanted, headers=KEY)
    assert (again.status_code, again.json()["type"]) == (409, Kind.KEY_TAKEN.uri)


@pytest.mark.parametrize("key", ["", "two words", "ñ".encode(), "x" * 256])
async def test_a_key_that_is_none(api: Running, key: str | bytes) -> None:
    async with api.client() as client:
        headers: Any = {HEADER: key}
        response = await client.post(f"{CALL}/prioritise", json={"priority": 3}, headers=headers)
    assert (response.status_code, api.memory.acts) == (422, [])


async def test_strangers_and_long_bodies_are_let_nowhere(api: Running) -> None:
    async with api.client(token=None) as stranger, api.client() as client:
        assert (await stranger.post(f"{CALL}/hold", headers=KEY)).status_code == 401
        long = await client.post(f"{CALL}/hold", content=b" " * (MOST_OCTETS + 1), headers=KEY)
    assert long.status_code == 422


async def _ask(repeats: Repeats, key: str, *heard: dict[str, Any]) -> int:
    """The status that a POST with these messages of a body gets."""
    coming, told = list(heard or [BODY]), list[Any]()

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: Any) -> None:
        told.append(message)

    path: dict[str, Any] = {"raw_path": b"/x", "path": "/x", "query_string": b""}
    headers = [(HEADER.lower().encode(), key.encode())]
    await repeats({"type": "http", "method": "POST", "headers": headers, **path}, receive, send)
    return int(told[0]["status"])


class _App:
    """Counts what it carries out, once it may go on."""

    def __init__(self) -> None:
        self.calls = 0
        self.now_s = 0.0
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.counted = list[Holder]()
        who = Holder("eva", Role.SUPERVISOR, None, "t1")
        self.repeats = Repeats(self, lambda request: who, self.counted.append, lambda: self.now_s)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        self.begun.set()
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def test_one_that_is_being_carried_out_is_not_begun_again_and_a_key_is_forgotten_in_a_day() -> None:
    app = _App()
    first = asyncio.create_task(_ask(app.repeats, "k"))
    await app.begun.wait()
    assert await _ask(app.repeats, "k") == 409
    app.go_on.set()
    assert (await first, await _ask(app.repeats, "k"), app.calls) == (204, 204, 1)
    assert len(app.counted) == 2, "what goes no further counts against the token's limit here"
    app.now_s = KEPT_S + 1
    assert (await _ask(app.repeats, "k"), app.calls) == (204, 2)


async def test_a_body_that_breaks_off_is_not_carried_out() -> None:
    app = _App()
    app.go_on.set()
    half = {"type": "http.request", "body": b"{", "more_body": True}
    assert await _ask(app.repeats, "k", half, {"type": "http.disconnect"}) == 422
    assert (app.calls, await _ask(app.repeats, "k"), app.calls) == (0, 204, 1)


async def test_the_oldest_answer_makes_room_for_a_new_key_and_not_for_one_that_comes_again() -> None:
    app = _App()
    app.go_on.set()
    for number in range(MOST_KEPT):
        await _ask(app.repeats, str(number))
    await _ask(app.repeats, "0")
    assert app.calls == MOST_KEPT
    await _ask(app.repeats, "new")
    await _ask(app.repeats, "1")
    assert app.calls == MOST_KEPT + 1, "only the oldest was forgotten"
    await _ask(app.repeats, "0")
    assert app.calls == MOST_KEPT + 2


async def test_no_answer_drives_out_a_request_that_is_being_carried_out() -> None:
    app = _App()
    slow = asyncio.create_task(_ask(app.repeats, "slow"))
    await app.begun.wait()
    still, app.go_on = app.go_on, asyncio.Event()
    app.go_on.set()
    for number in range(MOST_KEPT + 1):
        await _ask(app.repeats, str(number))
    assert (await _ask(app.repeats, "slow"), app.calls) == (409, MOST_KEPT + 2)
    still.set()
    assert (await slow, await _ask(app.repeats, "slow"), app.calls) == (204, 204, MOST_KEPT + 2)


async def test_answers_that_are_told_again_count_against_the_limit(api: Running) -> None:
    few = Buckets(Rate(burst=2, per_s=0.001), time.monotonic)
    api.app = create_app(replace(api.services, requests=few), version="0.1.0")
    async with api.client() as client:
        asked = [client.post(f"{CALL}/prioritise", json={"priority": 3}, headers=KEY) for _ in range(3)]
        assert [(await each).status_code for each in asked] == [200, 200, 429]
