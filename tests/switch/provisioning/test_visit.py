"""Connections to the door: so many, and no longer than it takes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from switch.api.server import HttpServer
from switch.config.choices import Maker
from switch.provisioning import visit
from switch.provisioning.door import Door
from tests.switch.provisioning.sites import NAMES, files, site

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def place() -> AsyncIterator[tuple[str, int]]:
    """Where the door is."""
    server = HttpServer(
        Door(files(site(Maker.YEALINK)), refused_after_s=0.0), "127.0.0.1", 0, None, visit.Visit
    )
    yield await server.start()
    await server.close()


async def said(streams: Streams, words: str) -> bytes:
    """All that comes until the other side leaves, after these words."""
    reader, writer = streams
    writer.write(words.encode())
    heard = b""
    try:
        async with asyncio.timeout(10):
            heard = await reader.read()
    except ConnectionResetError:
        heard = b""  # he left without reading all of it
    finally:
        writer.close()
    return heard


async def test_one_too_many_from_an_address_is_turned_away(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "PER_ADDRESS", 3)
    path = f"{files(site(Maker.YEALINK)).path('1001')}{NAMES[Maker.YEALINK][0]}"
    asking = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    first, *others = [await asyncio.open_connection(*place) for _ in range(3)]
    assert await said(await asyncio.open_connection(*place), "") == b""
    assert (await said(first, asking)).startswith(b"HTTP/1.1 200 OK")
    assert (await said(await asyncio.open_connection(*place), asking)).startswith(b"HTTP/1.1 200 OK")
    for streams in others:
        await said(streams, asking)


async def test_who_says_nothing_is_sent_away(place: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "LASTS_S", 0.1)
    assert await said(await asyncio.open_connection(*place), "GET /provision/") == b""
