"""A body that is too large is refused, before anybody keeps it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from switch.api.bodies import MOST_OCTETS
from switch.api.problems import Kind
from tests.switch.api.running import Running, running

DAY = "/api/v1/reports/calls"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


@pytest.mark.parametrize("token", ["the right one", None], ids=["known", "unknown"])
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "order-4711"}], ids=["plain", "once"])
async def test_what_says_that_it_is_too_large(api: Running, token: str | None, key: dict[str, str]) -> None:
    async with api.client(token=token) as client:
        said = await client.post(DAY, content=b" " * (MOST_OCTETS + 1), headers=key)
    assert (said.status_code, said.json()["type"]) == (413, Kind.TOO_LARGE.uri)
    assert said.headers["connection"] == "close"


async def test_what_turns_out_to_be_too_large(api: Running) -> None:
    """In chunks, without a length: it is read as far as it may be, and no further."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 10_000
            yield b" " * 10_000

    async with api.client() as client:
        said = await client.post(DAY, content=endless())
    assert (said.status_code, said.json()["type"]) == (413, Kind.TOO_LARGE.uri)
    assert sent <= MOST_OCTETS + 20_000


async def test_what_is_as_large_as_may_be_is_read(api: Running) -> None:
    async with api.client() as client:
        said = await client.post(
            DAY, content=b"{}".rjust(MOST_OCTETS), headers={"Content-Type": "application/json"}
        )
    assert said.status_code == 202
