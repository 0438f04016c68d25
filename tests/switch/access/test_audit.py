"""The audit log: what is in it, and what is not."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from switch.access.audit import told
from switch.access.holder import ADMINISTRATOR
from switch.access.rights import Role
from tests.switch.api.running import Running, running
from tests.switch.samples import answered_call

V1 = "/api/v1"
ENDED = answered_call().id


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


async def log(client: httpx.AsyncClient, **asked: str) -> list[tuple[str, str, str, int]]:
    """Who, what and what came of it, oldest first, without the reading of the log."""
    rows = (await client.get(f"{V1}/audit", params=asked)).json()["items"]
    told = [(row["who"], row["method"], row["path"].removeprefix(V1), row["status"]) for row in rows]
    return [row for row in reversed(told) if row[2] != "/audit"]


async def test_every_action_is_noted_with_who_and_what_and_from_where(api: Running) -> None:
    tokens = api.services.tokens
    made = await tokens.add("eva", Role.SUPERVISOR, ADMINISTRATOR, queues=["sales"], lasts=timedelta(days=1))
    async with api.client() as admin, api.client(token=made.secret, host="192.0.2.7") as eva:
        await admin.get(f"{V1}/queues")
        await admin.post(f"{V1}/agents/ana/state", json={"state": "paused", "reason": "lunch"})
        await eva.post(f"{V1}/queues/support/close", json={})
        await eva.post(f"{V1}/drain")
        await eva.post(f"{V1}/agents/ana/state", json={"state": "asleep"})
        assert await log(admin) == [
            ("administrator", "POST", "/agents/ana/state", 200),
            ("eva", "POST", "/queues/support/close", 404),
            ("eva", "POST", "/drain", 403),
            ("eva", "POST", "/agents/ana/state", 422),
        ]
        rows = (await admin.get(f"{V1}/audit", params={"who": "eva"})).json()["items"]
        assert {(row["address"], row["token"], row["role"]) for row in rows} == {
            ("192.0.2.7", made.token.id, "supervisor")
        }
        paused = (await admin.get(f"{V1}/audit", params={"limit": 200})).json()["items"][-1]
        assert json.loads(paused["detail"]) == {"state": "paused", "reason": "lunch"}


async def test_each_access_to_a_recording_is_noted_whether_it_was_let_through_or_not(api: Running) -> None:
    recording = api.data_dir / "recordings/2026/11/21"
    recording.mkdir(parents=True)
    (recording / f"{ENDED}.wav").write_bytes(b"RIFF")
    made = await api.services.tokens.add("board", Role.WALLBOARD, ADMINISTRATOR, lasts=None)
    async with api.client() as admin, api.client(token=made.secret) as board:
        heard = await admin.get(f"{V1}/recordings/{ENDED}", headers={"Range": "bytes=0-1"})
        assert heard.status_code == 206
        await board.get(f"{V1}/recordings/{ENDED}")
        await admin.get(f"{V1}/recordings/none")
        assert await log(admin) == [
            ("administrator", "GET", f"/recordings/{ENDED}", 206),
            ("board", "GET", f"/recordings/{ENDED}", 403),
            ("administrator", "GET", "/recordings/none", 404),
        ]


async def test_who_has_no_token_cannot_fill_the_log(api: Running) -> None:
    async with api.client(token=None) as stranger, api.client() as admin:
        await stranger.post(f"{V1}/drain")
        await stranger.get(f"{V1}/recordings/{ENDED}")
        assert await log(admin) == []


async def test_the_log_comes_page_by_page(api: Running) -> None:
    async with api.client() as admin:
        for number in range(5):
            await admin.post(f"{V1}/agents/ana/state", json={"state": "ready", "reason": str(number)})
        seen, cursor = [], None
        while True:
            params = {"limit": "2", "who": "administrator"} | ({"cursor": cursor} if cursor else {})
            page = (await admin.get(f"{V1}/audit", params=params)).json()
            seen += [json.loads(row["detail"])["reason"] for row in page["items"] if row["method"] == "POST"]
            cursor = page["next"]
            if cursor is None:
                break
        assert seen == ["4", "3", "2", "1", "0"]
        assert (await admin.get(f"{V1}/audit", params={"cursor": "x"})).status_code == 404


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[1]", ""),
        (b'{"a":"' + b"x" * 2000 + b'"}', ""),
        (b'{"why":"fire"}', '{"why":"fire"}'),
        (
            b'{"hook":{"Secret":"s","url":"https://u:p@h/?k=1"},"pins":[1]}',
            '{"hook":{"Secret":"…","url":"…"},"pins":"…"}',
        ),
    ],
)
def test_secrets_are_not_written_down(body: bytes, detail: str) -> None:
    assert told(body) == detail
