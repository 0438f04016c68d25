"""The RTP generator, tried on the barest relay: it counts all, times it, and owns up to being late."""

import importlib
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from media.rtp import RtpHeader, rtp_parse
from tests.bench.compiling import ensure_compiled


@pytest.fixture(scope="module")
def rtp_load() -> Any:
    ensure_compiled()
    return importlib.import_module("tests.bench.rtp_load")


@pytest.fixture
def wires() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Four pairs of connected sockets: a leg's and the relay's."""
    with ExitStack() as stack:
        pairs = []
        for _ in range(4):
            leg, relay = (stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2))
            for each in (leg, relay):
                each.setblocking(False)
                each.bind(("127.77.9.1", 0))
            leg.connect(relay.getsockname())
            relay.connect(leg.getsockname())
            pairs.append((leg, relay))
        yield pairs


def test_what_is_relayed_is_counted_and_timed(rtp_load: Any, wires: Any) -> None:
    fds = [relay.fileno() for _, relay in wires]
    relay = threading.Thread(target=rtp_load.echo, args=(fds, 1.2))
    relay.start()
    load = rtp_load.Load([leg.fileno() for leg, _ in wires])
    load.start()
    load.run(0.2, measured=False)
    load.run(0.6, measured=True)
    load.drain(0.2)
    relay.join()
    assert 4 * 20 < load.sent <= 4 * 31
    assert load.received == load.sent
    assert sum(load.received_by_leg()) == load.sent
    assert (load.send_errors, load.foreign) == (0, 0)
    assert 0.0 < load.delay_ms(0.5) <= load.delay_ms(0.99)
    assert 0.0 < load.lag_ms(0.5) <= load.lag_ms(0.99)


def test_what_is_not_relayed_is_lost(rtp_load: Any, wires: Any) -> None:
    load = rtp_load.Load([leg.fileno() for leg, _ in wires])
    load.start()
    load.run(0.1, measured=True)
    load.drain(0.05)
    assert (load.received, load.delay_ms(0.99)) == (0, 0.0)
    assert load.sent > 0


def test_a_leg_sends_one_stream_of_g711_in_step(rtp_load: Any, wires: Any) -> None:
    load = rtp_load.Load([leg.fileno() for leg, _ in wires], payload_type=0)
    load.start()
    load.run(0.12, measured=True)
    for _, relay in wires:
        headers: list[RtpHeader | None] = []
        while len(headers) < load.sent // 4:
            headers.append(rtp_parse(relay.recv(2048)))
        first = headers[0]
        assert first is not None
        for step, header in enumerate(headers):
            assert header is not None
            assert (header.payload_type, header.ssrc, header.payload_length) == (0, first.ssrc, 160)
            assert header.sequence == (first.sequence + step) & 0xFFFF
            assert header.timestamp == (first.timestamp + 160 * step) & 0xFFFFFFFF


def test_a_stranger_is_no_packet_of_the_load(rtp_load: Any, wires: Any) -> None:
    load = rtp_load.Load([leg.fileno() for leg, _ in wires])
    for _, relay in wires:
        relay.send(b"who is there")
    load.drain(0.05)
    assert (load.foreign, load.received) == (4, 0)


def test_the_floor_is_a_few_microseconds(rtp_load: Any, wires: Any) -> None:
    leg, relay = wires[0]
    assert 0.1 < rtp_load.floor_us(leg.fileno(), relay.fileno(), 10_000) < 100.0
