"""The values of the configuration that name places in the network: addresses, networks, sockets, ports,
proxies.

Readers as in `switch.config.values`: text to value, or `ValueError` with a message for people.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, get_args

from sip.flow import Transport
from sip.location import Destination
from sip.syntax.uri import host_port as host_and_port
from switch.config.values import expected, shown

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PORTS = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_PROXY = re.compile(
    r"sip:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?P<params>(?:;[^;?]*)*)",
    re.IGNORECASE,
)
_TRANSPORTS: Final[Mapping[str, Transport]] = {name: name for name in get_args(Transport)}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NOT_BUILT = ("ws", "wss")


@dataclass(frozen=True, slots=True)
class HostPort:
    """An address and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Listen:
    """A SIP socket: `transport` is "udp", "tcp" or "tls"; port 0 lets the kernel choose. One at :: takes IPv6
    only.
    """

    transport: Transport
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.transport}:{HostPort(self.host, self.port)}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a trunk's requests come from: a network, and a port where only that port is meant."""

    network: Network
    port: int | None = None

    def __str__(self) -> str:
        if self.port is None:
            return str(self.network)
        return str(HostPort(str(self.network.network_address), self.port))


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where calls to a trunk go: `host` is an address or a name; None leaves port and transport to DNS, or to
    what is usual (RFC 3263).
    """

    host: str
    port: int | None = None
    transport: Transport | None = None

    @property
    def uri(self) -> str:
        """The SIP URI of the proxy, without a user."""
        transport = "" if self.transport is None else f";transport={self.transport}"
        return f"sip:{host_and_port(self.host, self.port)}{transport}"

    @property
    def destination(self) -> Destination:
        """What is to be located."""
        return Destination(self.host, self.port, self.transport)

    def __str__(self) -> str:
        return self.uri


def address(value: object) -> str:
    """An IPv4 or IPv6 address, in its canonical form."""
    try:
        return str(ip_address(str(value) if isinstance(value, str) else ""))
    except ValueError:
        raise expected(value, "an IP address", "192.0.2.1") from None


def network(value: object) -> Network:
    """A network; an address alone is a network of one."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    written = str(value) if isinstance(value, str) else ""
    try:
        meant = ip_network(written, strict=False)
    except ValueError:
        raise expected(value, "a network", "10.0.0.0/8") from None
    try:
        return ip_network(written)
    except ValueError:
        raise ValueError(f"has bits set behind its prefix; the network is {meant}") from None


def source(value: object) -> Source:
    """A network, or address:port, whose requests are a trunk's."""
    if isinstance(value, Source):
        return value
    pair = _split(value) if isinstance(value, str) else None
    return Source(network(value)) if pair is None else Source(ip_network(pair[0]), pair[1])


def host_port(value: object) -> HostPort:
    """An address and port to listen on."""
    if isinstance(value, HostPort):
        return value
    pair = _split(value) if isinstance(value, str) else None
    if pair is None:
        raise expected(value, "an address and port", "127.0.0.1:8080")
    return HostPort(*pair)


def listen(value: object) -> Listen:
    """A SIP socket."""
    if isinstance(value, Listen):
        return value
    transport, _, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    if transport in _NOT_BUILT:
        raise ValueError(f"not yet: {transport} is not built; udp, tcp and tls are")
    pair = _split(rest)
    built = _TRANSPORTS.get(transport)
    if built is None or pair is None:
        raise expected(value, "a SIP socket", "udp:0.0.0.0:5060")
    return Listen(built, *pair)


def ports(value: object) -> range:
    """The UDP ports for RTP (even) and RTCP (the odd one after), both ends included; an odd first or an
    even last port has no partner and is left out.
    """
    if isinstance(value, range):
        return value
    match = _PORTS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise expected(value, "a range of ports", "20000-29999")
    first, last = int(match[1]), int(match[2])
    if first < 1024 or last > 65535:
        raise ValueError(f"{shown(match.string)} leaves the ports from 1024 to 65535")
    pairs = range(first + first % 2, last + last % 2)
    if len(pairs) < 2:
        raise ValueError(f"{shown(match.string)} holds no even port with the odd one after it")
    return pairs


def proxy(value: object) -> Proxy:
    """Where calls to a trunk go: sip:HOST[:PORT][;transport=udp|tcp|tls]. Messages do not repeat it: people
    write passwords into URIs.
    """
    if isinstance(value, Proxy):
        return value
    written = str(value) if isinstance(value, str) else ""
    if written.lower().startswith("sips:"):
        raise ValueError("sips is not spoken; for TLS to the proxy write sip:HOST;transport=tls")
    match = _PROXY.fullmatch(written)
    if match is None:
        raise ValueError("expected the SIP URI of a proxy such as sip:192.0.2.1:5060, without a user")
    port = None if match["port"] is None else int(match["port"])
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("the port must lie between 1 and 65535")
    return Proxy(_proxy_host(match["host"]), port, _proxy_transport(match["params"]))


def _split(value: str) -> tuple[str, int] | None:
    """Address and port from `1.2.3.4:5` or `[::1]:5`; None where they cannot be read so."""
    host, _, port = value.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        number = ip_address(host[1:-1] if bracketed else str(host))
    except ValueError:
        return None
    if bracketed != (number.version == 6) or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        return None
    mapped = number.ipv4_mapped if isinstance(number, IPv6Address) else None
    return (str(mapped or number), int(port))


def _proxy_host(host: str) -> str:
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        name = host.lower().rstrip(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueError("the proxy's host is neither an IP address nor a name that DNS could know")
    return name


def _proxy_transport(params: str) -> Transport | None:
    transport: Transport | None = None
    for param in filter(None, params.lower().split(";")):
        name, _, given = param.partition("=")
        if name != "transport" or given not in _TRANSPORTS:
            raise ValueError(f"the only parameter of a proxy is transport, one of {', '.join(_TRANSPORTS)}")
        transport = _TRANSPORTS[given]
    return transport
