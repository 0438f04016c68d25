"""The RTP generator, tried on the barest relay: it counts all, times it, and owns up to being late."""

import importlib
import itertools
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
            rtp_load.relay([end.fileno() for _, end in wires], 0.05)

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


def test_the_barest_relay_says_what_it_did(rtp_load: Any, wires: Any) -> None:
    leg, relay = wires[0]
    leg.send(b"one")
    leg.send(b"two")
    packets, cpu_s = rtp_load.relay([relay.fileno(), wires[1][1].fileno()], 0.05)
    assert packets == 2
    assert 0.0 < cpu_s < 1.0
    assert [wires[1][0].recv(10) for _ in range(2)] == [b"one", b"two"]


def test_what_is_made_anew_is_judged_by_numbers_and_time(rtp_load: Any, wires: Any) -> None:
    legs = [leg.fileno() for leg, _ in wires]
    load = rtp_load.Load(legs, made_anew=True)
    load.talk([0, 1], [b"x" * 40, b"y" * 50], 111, 48000)
    load.talk([2, 3], [b"z" * 160], 8, 8000)
    load.start()
    with relaying(rtp_load, wires):
        load.run(0.2, measured=False)
        send_at_least(load, 160)
    assert sum(load.received_by_leg()) == load.received >= 100
    assert load.foreign == 0
    assert load.lost <= max(0, load.sent - load.received), "some were sent before it counted"
    assert all(quickest <= 0.0 for quickest in load.quickest_ms()), "the first was not the quickest, or was"


def test_a_voice_goes_on_from_payload_to_payload(rtp_load: Any, wires: Any) -> None:
    load = rtp_load.Load([leg.fileno() for leg, _ in wires], made_anew=True)
    load.talk(range(4), [b"x" * 40, b"y" * 50], 111, 48000)
    load.start()
    send_at_least(load, 16)
    packets = [wires[0][1].recv(2048) for _ in range(3)]
    assert [packet[1] for packet in packets] == [111] * 3
    assert {packets[0][12:], packets[1][12:]} == {b"x" * 40, b"y" * 50}
    assert packets[2][12:] == packets[0][12:]
    stamps = [int.from_bytes(packet[4:8], "big") for packet in packets]
    assert [b - a for a, b in itertools.pairwise(stamps)] == [960, 960]
    with pytest.raises(ValueError, match="payloads"):
        load.talk([0], [b"x" * 1000], 111, 48000)


def test_legs_that_speak_srtp(rtp_load: Any, wires: Any) -> None:
    srtp = pytest.importorskip("ext.srtp")
    suite, material = "AES_CM_128_HMAC_SHA1_80", bytes(range(30))
    load = rtp_load.Load([leg.fileno() for leg, _ in wires])
    for leg in range(4):
        load.secure(
            leg,
            srtp.SendingKey(suite, material, 0x10000000 + leg),
            srtp.ReceivingKey(suite, material),
        )
    load.start()
    with relaying(rtp_load, wires):
        send_at_least(load, 80)
        while load.received < load.sent:
            load.drain(0.01)
    assert (load.foreign, load.lost) == (0, 0)
