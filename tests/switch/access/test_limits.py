"""How often somebody may ask, and what he is told when he asks too often."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from switch.access.holder import ADMINISTRATOR
from switch.access.limits import FAILURES, Buckets, Rate
from switch.access.rights import Role
from switch.api.app import create_app
from tests.switch.api.running import Running, running

V1 = "/api/v1"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


def test_a_bucket_empties_and_fills_each_by_itself() -> None:
    now = 0.0
    buckets = Buckets(Rate(burst=2, per_s=0.5), lambda: now)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 2]
    assert buckets.take("b") == 0
    now = 1.0
    assert buckets.take("a") == 1
    now = 2.0
    assert [buckets.take("a") for _ in range(2)] == [0, 2]
    now = 1000.0
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 2]


def test_who_comes_from_everywhere_takes_no_memory() -> None:
    buckets = Buckets(Rate(burst=1, per_s=1), lambda: 0.0)
    for number in range(10_001):
        assert buckets.take(str(number)) == 0
    assert buckets.take("0") == 0, "the first was forgotten"
    assert buckets.take("10000") == 1


async def test_an_address_that_guesses_is_told_to_wait_and_others_are_not(api: Running) -> None:
    async with api.client(token="guess", host="192.0.2.7") as guesser:
        answers = [await guesser.get(f"{V1}/queues") for _ in range(int(FAILURES.burst) + 1)]
        assert [answer.status_code for answer in answers] == [401] * int(FAILURES.burst) + [429]
        assert answers[-1].headers["content-type"] == "application/problem+json"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 6
        right = {"Authorization": f"Bearer {api.token}"}
        assert (await guesser.get(f"{V1}/queues", headers=right)).status_code == 200
    async with api.client(token="guess", host="192.0.2.8") as other:
        assert (await other.get(f"{V1}/queues")).status_code == 401


async def test_a_token_that_asks_too_often_is_told_to_wait_and_others_are_not(api: Running) -> None:
    buckets = Buckets(Rate(burst=2, per_s=1), lambda: 0.0)
    api.app = create_app(replace(api.services, requests=buckets), version="0.1.0")
    made = await api.services.tokens.add("board", Role.WALLBOARD, ADMINISTRATOR, lasts=timedelta(hours=1))
    async with api.client(token=made.secret) as board, api.client() as admin:
        answers = [await board.get(f"{V1}/queues") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].headers["retry-after"] == "1"
        assert (await admin.get(f"{V1}/queues")).status_code == 200
