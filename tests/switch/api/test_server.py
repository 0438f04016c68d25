"""The application behind uvicorn in the switch's own loop."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from switch.api.server import HttpServer
from tests.switch.api.running import running


async def test_it_serves_in_the_loop_and_leaves_the_signals_alone(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with running(tmp_path) as api:
        server = HttpServer(api.app, "127.0.0.1", 0)
        host, port = await server.start()
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client:
            assert (await client.get("/livez")).text == "alive\n"
            denied = await client.get("/api/v1/queues")
            assert denied.status_code == 401
            headers = {"Authorization": f"Bearer {api.token}"}
            assert (await client.get("/api/v1/queues", headers=headers)).json()["items"]
        await server.close()
        with pytest.raises(OSError):
            await asyncio.open_connection(host, port)


async def test_a_websocket_is_refused_in_words(tmp_path: Path) -> None:
    async with running(tmp_path) as api:
        server = HttpServer(api.app, "127.0.0.1", 0)
        host, port = await server.start()
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client:
            upgrade = {
                "Authorization": f"Bearer {api.token}",
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            }
            answer = await client.get("/api/v1/events?since=0", headers=upgrade)
        assert (answer.status_code, answer.headers["content-type"]) == (426, "application/problem+json")
        await server.close()


async def test_an_address_in_use_is_an_error(tmp_path: Path) -> None:
    async with running(tmp_path) as api:
        first = HttpServer(api.app, "127.0.0.1", 0)
        _, port = await first.start()
        with pytest.raises(OSError):
            await HttpServer(api.app, "127.0.0.1", port).start()
        await first.close()
