"""One socket, read until it is empty."""

import select

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


def test_a_taken_port_is_an_error_and_so_is_what_no_datagram_holds() -> None:
    port = UdpPort("127.0.12.1", 0)
    try:
        with pytest.raises(OSError, match="in use"):
            UdpPort(*port.address)
        with pytest.raises(OSError, match="too long"):
            port.send(b"x" * 70_000, port.address)
    finally:
        port.close()
