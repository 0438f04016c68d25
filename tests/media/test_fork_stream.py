"""A fork on its way to a speech service, over a real WebSocket: media/aio/fork_stream.py."""

import asyncio
import socket
import ssl
import threading
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from media.aio import fork_stream
from media.aio.fork_stream import ForkStream, StreamState
from tests.media.hearing import heard_anywhere, listen
from tests.media.stage import Stage, until
from tests.media.test_engine_recorder import bridged, talk
from tests.peers.certificates import Authority
from tests.peers.speech_service import SpeechService

SERVICE = "127.20.5.1"


async def test_each_party_is_heard_in_its_own_channel(stage: Stage) -> None:
    caller, agent, left, _ = await bridged(stage)
    async with SpeechService.running(SERVICE) as service:
        stream = ForkStream(left.fork(), service.url, {"call": "c1", "rate": 8000})
        await service.until(lambda heard: heard.frames > 0)
        await asyncio.gather(talk(caller, 440, 1.0), talk(agent, 1000, 1.0))
        assert stream.state is StreamState.OPEN
        left.close()
        stream.stop()
        await stream.wait()
        await service.until(lambda heard: bool(heard.told("stop")))
    first, *_, last = service.came
    assert isinstance(first, dict)
    assert first == {"event": "start", "call": "c1", "rate": 8000, "frame": first["frame"]}
    assert last == {"event": "stop", "frames": service.frames, "dropped": first["frame"]}
    assert service.told("dropped") == []
    assert [heard_anywhere(listen(side)) for side in service.sides()] == [{440}, {1000}]
    assert stream.sent == service.frames >= 50


async def test_a_service_that_stalls_costs_frames_and_the_call_nothing(stage: Stage) -> None:
    caller, agent, left, _ = await bridged(stage)
    async with SpeechService.running(SERVICE, stalled=True) as service:
        fork = left.fork()
        stream = ForkStream(fork, service.url, {})
        talking = asyncio.create_task(talk(caller, 440, 6.0))
        assert len(await agent.receive_many(300)) == 300, "every packet, while the service stalls"
        await talking
        await until(lambda: fork.dropped > 10)
        service.stall(False)
        await service.until(lambda heard: bool(heard.told("dropped")))
        await talk(caller, 440, 0.2)
        stream.stop()
        await stream.wait()
        await service.until(lambda heard: bool(heard.told("stop")))
    (stop,) = service.told("stop")
    missing = sum(each["frames"] for each in service.told("dropped"))
    assert stop["frames"] == service.frames == stream.sent
    assert missing + service.told("start")[0]["frame"] == stop["dropped"] == stream.dropped > 10
    assert service.frames > 100


@pytest.mark.parametrize("code", [pytest.param(1001, id="goes away"), pytest.param(1011, id="fails")])
async def test_it_comes_back_to_a_service_that_was_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(fork_stream, "DELAYS_S", (0.05,))
    caller, _, left, _ = await bridged(stage)
    with socket.socket() as free:
        free.bind((SERVICE, 0))
        port = free.getsockname()[1]
    stream = ForkStream(left.fork(), f"ws://{SERVICE}:{port}", {})
    await until(lambda: stream.error is not None)
    assert stream.state is StreamState.CONNECTING
    async with SpeechService.running(SERVICE, port) as service:
        await talk(caller, 440, 0.4)
        await service.until(lambda heard: heard.frames > 5)
        await service.connections[0].close(code)
        await service.until(lambda heard: len(heard.told("start")) == 2)
        before = service.frames
        await talk(caller, 440, 0.4)
        await service.until(lambda heard: heard.frames > before + 5)
    stream.stop()
    await stream.wait()
    assert service.told("start")[1]["frame"] > service.told("start")[0]["frame"]


async def test_a_service_that_has_heard_enough_is_left_alone(stage: Stage) -> None:
    _, _, left, _ = await bridged(stage)
    async with SpeechService.running(SERVICE) as service:
        fork = left.fork()
        stream = ForkStream(fork, service.url, {})
        await service.until(lambda heard: heard.frames > 0)
        await service.connections[0].close(1000)
        await stream.wait()
    assert stream.state is StreamState.ENDED
    assert fork.ended
    assert len(service.connections) == 1


async def test_by_tls_a_service_must_prove_that_it_has_its_name(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To somebody whom this machine trusts; whom it trusts is read once, and not in the loop's thread."""
    authority = Authority(tmp_path)
    readers: list[threading.Thread] = []
    read = ssl.create_default_context

    def note() -> ssl.SSLContext:
        readers.append(threading.current_thread())
        return read(cafile=authority.certificate)

    monkeypatch.setattr(ssl, "create_default_context", note)
    fork_stream._authorities.cache_clear()
    _, _, left, _ = await bridged(stage)
    for name, heard in ((SERVICE, True), ("other.example", False)):
        tls = authority.server(authority.issue(name))
        async with SpeechService.running(SERVICE, tls=tls) as service:
            stream = ForkStream(left.fork(), service.url, {})
            await until(lambda stream=stream: stream.sent > 0 or stream.error is not None)  # type: ignore[misc]
            stream.stop()
            await stream.wait()
        assert (service.frames > 0) is heard
        assert ("certificate verify failed" in (stream.error or "")) is not heard
    assert len(readers) == 1
    assert readers[0] is not threading.current_thread()
    fork_stream._authorities.cache_clear()


async def test_it_follows_no_redirection(stage: Stage) -> None:
    """Only the host that was allowed may hear the call."""
    _, _, left, _ = await bridged(stage)

    async with SpeechService.running(SERVICE) as elsewhere:

        def redirect(connection: ServerConnection, request: Request) -> Response:
            response = connection.respond(HTTPStatus.FOUND, "")
            response.headers["Location"] = elsewhere.url
            return response

        async def nobody(connection: ServerConnection) -> None:
            raise AssertionError

        async with serve(nobody, SERVICE, 0, process_request=redirect) as server:
            host, port = next(iter(server.sockets)).getsockname()
            stream = ForkStream(left.fork(), f"ws://{host}:{port}", {})
            await until(lambda: stream.error is not None)
            stream.stop()
            await stream.wait()
        assert elsewhere.connections == []
        assert "302" in (stream.error or "")
