"""The RTP generator, tried on the barest relay: it counts all, times it, and owns up to being late."""

import importlib
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from media.rtp import rtp_parse
from tests.compiling import ensure_compiled


@pytest.fixture(scope="module")
def rtp_load() -> Any:
    ensure_compiled("tests.bench")
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


@contextmanager
def relaying(rtp_load: Any, wires: Any) -> Iterator[None]:
    """The barest relay on another thread, each two neighbouring wires bridged."""
    done = threading.Event()

    def relay() -> None:
        while not done.is_set():
            rtp_load.echo([end.fileno() for _, end in wires], 0.05)

    thread = threading.Thread(target=relay)
    thread.start()
    yield
    done.set()
    thread.join()


def send_at_least(load: Any, packets: int) -> None:
    """However long a busy machine takes."""
    while load.sent < packets:
        load.run(0.05, measured=True)


def test_what_is_relayed_is_counted_and_timed(rtp_load: Any, wires: Any) -> None:
    load = rtp_load.Load([leg.fileno() for leg, _ in wires])
    load.start()
    with relaying(rtp_load, wires):
        load.run(0.1, measured=False)
        assert load.sent == load.received == 0
        send_at_least(load, 80)
        while load.received < load.sent:
            load.drain(0.01)
    assert sum(load.received_by_leg()) == load.received == load.sent
    assert min(load.received_by_leg()) >= 80 // 4 - 1
    assert (load.send_errors, load.foreign) == (0, 0)
    assert 0.0 < load.delay_ms(0.5) <= load.delay_ms(0.99)
    assert 0.0 < load.lag_ms(0.5) <= load.lag_ms(0.99)


def test_what_is_not_relayed_is_lost(rtp_load: Any, wires: Any) -> None:
    load = rtp_load.Load([leg.fileno() for leg, _ in wires])
    load.start()
    send_at_least(load, 8)
    load.drain(0.02)
    assert (load.received, load.delay_ms(0.99)) == (0, 0.0)


def test_a_leg_sends_one_stream_of_g711_in_step(rtp_load: Any, wires: Any) -> None:
    load = rtp_load.Load([leg.fileno() for leg, _ in wires], payload_type=0)
    load.start()
    send_at_least(load, 40)
    for _, relay in wires:
        headers = [rtp_parse(relay.recv(2048)) for _ in range(40 // 4 - 1)]
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
