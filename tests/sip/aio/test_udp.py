"""One socket, read until it is empty."""

import select
import time

import pytest

from sip.aio.udp import UdpPort
from sip.flow import Flow


def test_all_that_has_arrived_is_read_at_once() -> None:
    one, two = UdpPort("127.0.12.1", 0), UdpPort("127.0.12.2", 0)
    try:
        for number in range(3):
            one.send(b"%d" % number, two.address)
        assert select.select([two.socket], [], [], 5.0)[0]
        flow = Flow("udp", two.address, one.address)
        assert list(two.receive()) == [(b"0", flow), (b"1", flow), (b"2", flow)]
        assert list(two.receive()) == []
    finally:
        one.close()
        two.close()


def test_what_is_left_behind_has_waited_since_the_kernel_got_it() -> None:
    one, two = UdpPort("127.0.12.1", 0), UdpPort("127.0.12.2", 0)
    try:
        before = time.time()
        for _ in range(70):
            one.send(b"x", two.address)
        assert select.select([two.socket], [], [], 5.0)[0]
        assert len(list(two.receive())) == 64
        assert 0.0 < two.backlog_s < time.time() - before
        assert list(two.receive())
        assert two.backlog_s == 0.0
    finally:
        one.close()
        two.close()


def test_a_taken_port_is_an_error_and_so_is_what_no_datagram_holds() -> None:
    port = UdpPort("127.0.12.1", 0)
    try:
        with pytest.raises(OSError, match="in use"):
            UdpPort(*port.address)
        with pytest.raises(OSError, match="too long"):
            port.send(b"x" * 70_000, port.address)
    finally:
        port.close()


@pytest.mark.parametrize("host", ["127.0.12.1", "::1"])
def test_a_stun_request_is_answered_and_goes_no_further(host: str) -> None:
    one, two = UdpPort(host, 0), UdpPort(host, 0)
    try:
        one.send(bytes.fromhex("000100002112a442") + b"twelve bytes", two.address)
        one.send(bytes.fromhex("000100002112a442") + b"too short!", two.address)
        one.send(b"\0\0", two.address)
        assert select.select([two.socket], [], [], 5.0)[0]
        assert list(two.receive()) == []
        assert select.select([one.socket], [], [], 5.0)[0]
        answer = one.socket.recv(100)
        assert (answer[:2], answer[8:20]) == (b"\1\1", b"twelve bytes")
    finally:
        one.close()
        two.close()


def test_ipv4_and_ipv6_lie_side_by_side() -> None:
    four = UdpPort("0.0.0.0", 0)
    six = UdpPort("::", four.address[1])
    ends = {four: UdpPort("127.0.12.1", 0), six: UdpPort("::1", 0)}
    try:
        for port, end in ends.items():
            end.send(b"x", (end.address[0], four.address[1]))
            assert select.select([port.socket], [], [], 5.0)[0]
        for port, end in ends.items():
            assert list(port.receive()) == [(b"x", Flow("udp", port.address, end.address))]
    finally:
        for port in (*ends, *ends.values()):
            port.close()


def test_what_fills_the_buffer_was_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    """No datagram of IPv4 does; a jumbogram would (RFC 2675)."""
    monkeypatch.setattr("sip.aio.udp._BUFFER_BYTES", 10)
    one, two = UdpPort("127.0.12.1", 0), UdpPort("127.0.12.2", 0)
    try:
        for length in (9, 10, 11):
            one.send(b"x" * length, two.address)
        assert select.select([two.socket], [], [], 5.0)[0]
        assert [data for data, _ in two.receive()] == [b"x" * 9]
        assert two.truncated == 2
    finally:
        one.close()
        two.close()
