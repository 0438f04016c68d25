"""Addresses, networks, sockets, ports and proxies as the configuration writes them."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from switch.config import addresses
from switch.config.addresses import HostPort, Listen, Proxy, Source
from switch.config.values import Text


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (addresses.address, "192.0.2.1", "192.0.2.1"),
        (addresses.address, "2001:DB8::0:1", "2001:db8::1"),
        (addresses.network, "10.0.0.0/8", ip_network("10.0.0.0/8")),
        (addresses.network, "10.1.2.3", ip_network("10.1.2.3/32")),
        (addresses.network, "2001:db8::/32", ip_network("2001:db8::/32")),
        (addresses.source, "10.0.0.0/8", Source(ip_network("10.0.0.0/8"))),
        (addresses.source, "10.1.2.3:5070", Source(ip_network("10.1.2.3/32"), 5070)),
        (addresses.source, "2001:db8::1", Source(ip_network("2001:db8::1/128"))),
        (addresses.source, "[2001:db8::1]:5070", Source(ip_network("2001:db8::1/128"), 5070)),
        (addresses.host_port, "127.0.0.1:8080", HostPort("127.0.0.1", 8080)),
        (addresses.host_port, "[::1]:0", HostPort("::1", 0)),
        (addresses.listen, "udp:0.0.0.0:5060", Listen("udp", "0.0.0.0", 5060)),
        (addresses.listen, "tcp:[::]:5060", Listen("tcp", "::", 5060)),
        (addresses.listen, "tls:0.0.0.0:5061", Listen("tls", "0.0.0.0", 5061)),
        (addresses.listen, "udp:[::ffff:192.0.2.1]:5060", Listen("udp", "192.0.2.1", 5060)),
        (addresses.ports, "20000-29999", range(20000, 30000)),
        (addresses.ports, "20001-30000", range(20002, 30000)),
        (addresses.ports, "20000-20001", range(20000, 20002)),
        (addresses.proxy, "sip:127.0.0.1:5080", Proxy("127.0.0.1", 5080)),
        (addresses.proxy, "SIP:127.0.0.1", Proxy("127.0.0.1")),
        (addresses.proxy, "sip:Carrier.Example.", Proxy("carrier.example")),
        (addresses.proxy, "sip:carrier.example:5070", Proxy("carrier.example", 5070)),
        (addresses.proxy, "sip:a-1.b_c.example;transport=tcp", Proxy("a-1.b_c.example", None, "tcp")),
        (addresses.proxy, "sip:[2001:db8::1]:5070;transport=TCP", Proxy("2001:db8::1", 5070, "tcp")),
    ],
)
def test_is_read(read: Callable[[object], object], written: str, value: object) -> None:
    assert read(Text(written)) == value
    assert read(value) == value


@pytest.mark.parametrize(
    ("read", "written", "message"),
    [
        (addresses.address, "localhost", "'localhost' is not an IP address; write it as 192.0.2.1"),
        (addresses.address, "10.0.0.256", "'10.0.0.256' is not an IP address; write it as 192.0.2.1"),
        (addresses.network, "10.0.0.0/33", "'10.0.0.0/33' is not a network; write it as 10.0.0.0/8"),
        (addresses.network, "10.0.0.1/8", "has bits set behind its prefix; the network is 10.0.0.0/8"),
        (addresses.source, "10.0.0.1:65536", "'10.0.0.1:65536' is not a network; write it as 10.0.0.0/8"),
        (addresses.source, "10.0.0.0/8:5060", "'10.0.0.0/8:5060' is not a network; write it as 10.0.0.0/8"),
        (addresses.host_port, "8080", "'8080' is not an address and port; write it as 127.0.0.1:8080"),
        (
            addresses.host_port,
            "::1:8080",
            "'::1:8080' is not an address and port; write it as 127.0.0.1:8080",
        ),
        (
            addresses.host_port,
            "[127.0.0.1]:80",
            "'[127.0.0.1]:80' is not an address and port; write it as 127.0.0.1:8080",
        ),
        (addresses.listen, "ws:0.0.0.0:80", "not yet: ws is not built; udp, tcp and tls are"),
        (addresses.listen, "wss:0.0.0.0:443", "not yet: wss is not built; udp, tcp and tls are"),
        (
            addresses.listen,
            "0.0.0.0:5060",
            "'0.0.0.0:5060' is not a SIP socket; write it as udp:0.0.0.0:5060",
        ),
        (addresses.listen, "udp:0.0.0.0", "'udp:0.0.0.0' is not a SIP socket; write it as udp:0.0.0.0:5060"),
        (addresses.listen, "udp:x:5060", "'udp:x:5060' is not a SIP socket; write it as udp:0.0.0.0:5060"),
        (addresses.ports, "20000", "'20000' is not a range of ports; write it as 20000-29999"),
        (addresses.ports, "1000-2000", "'1000-2000' leaves the ports from 1024 to 65535"),
        (addresses.ports, "20000-70000", "'20000-70000' leaves the ports from 1024 to 65535"),
        (addresses.ports, "20001-20002", "'20001-20002' holds no even port with the odd one after it"),
        (addresses.ports, "30000-20000", "'30000-20000' holds no even port with the odd one after it"),
        (
            addresses.proxy,
            "sips:127.0.0.1",
            "sips is not spoken; for TLS to the proxy write sip:HOST;transport=tls",
        ),
        (
            addresses.proxy,
            "sip:127.0.0.300",
            "the proxy's host is neither an IP address nor a name that DNS could know",
        ),
        (
            addresses.proxy,
            "sip:-carrier.example",
            "the proxy's host is neither an IP address nor a name that DNS could know",
        ),
        (
            addresses.proxy,
            "sip:carrier..example",
            "the proxy's host is neither an IP address nor a name that DNS could know",
        ),
        (
            addresses.proxy,
            "sip:user:hunter2@127.0.0.1",
            "expected the SIP URI of a proxy such as sip:192.0.2.1:5060, without a user",
        ),
        (
            addresses.proxy,
            "127.0.0.1:5060",
            "expected the SIP URI of a proxy such as sip:192.0.2.1:5060, without a user",
        ),
        (addresses.proxy, "sip:127.0.0.1:0", "the port must lie between 1 and 65535"),
    ],
)
def test_is_refused(read: Callable[[object], object], written: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        read(Text(written))
    assert str(caught.value) == message


@pytest.mark.parametrize("params", [";lr", ";transport=sctp", ";transport", ";maddr=192.0.2.1"])
def test_a_proxy_has_no_parameter_but_transport(params: str) -> None:
    with pytest.raises(ValueError, match="only parameter of a proxy is transport, one of udp, tcp"):
        addresses.proxy(Text(f"sip:127.0.0.1{params}"))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (HostPort("127.0.0.1", 80), "127.0.0.1:80"),
        (HostPort("::1", 80), "[::1]:80"),
        (Listen("udp", "::", 5060), "udp:[::]:5060"),
        (Source(ip_network("10.0.0.0/8")), "10.0.0.0/8"),
        (Source(ip_network("10.1.2.3/32"), 5070), "10.1.2.3:5070"),
    ],
)
def test_is_written_as_it_is_read(value: object, written: str) -> None:
    assert str(value) == written


def test_the_uri_of_a_proxy() -> None:
    assert Proxy("192.0.2.1").uri == "sip:192.0.2.1"
    assert Proxy("192.0.2.1", 5060).uri == "sip:192.0.2.1:5060"
    assert str(Proxy("carrier.example")) == "sip:carrier.example"
    assert Proxy("2001:db8::1", 5070, "tcp").uri == "sip:[2001:db8::1]:5070;transport=tcp"
