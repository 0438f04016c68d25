"""The scalar values of the configuration: what is written on one line and what it becomes.

Each reader takes text (or, when the configuration is built in Python, the finished value, which it passes through)
and returns the value, or raises `ValueError` with a message for people. The text that a message repeats is the
text as it was written (`Text.written`), so that a message never shows what an environment variable held.
"""

import re
import string
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Text(str):
    """Text from a file, which still knows how it was written there.

    `written` is the text before environment variables were put in; `plain` says that it stood without quotes.
    """

    __slots__ = ("plain", "written")

    written: str
    plain: bool

    def __new__(cls, value: str, written: str | None = None, plain: bool = True) -> Self:
        self = super().__new__(cls, value)
        self.written = value if written is None else written
        self.plain = plain
        return self

    @property
    def is_null(self) -> bool:
        """Whether a reader of an optional value may take this for "none"."""
        return self.plain and self.written in ("", "~", "null", "Null", "NULL")


def shown(value: object) -> str:
    """`value` in quotes for a message, as it was written."""
    return f"'{value.written if isinstance(value, Text) else value}'"


@dataclass(frozen=True, slots=True)
class HostPort:
    """An address and a port on which we listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Listen:
    """A SIP socket: `transport` is "udp" or "tcp"; port 0 lets the kernel choose."""

    transport: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.transport}:{HostPort(self.host, self.port)}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a trunk's requests come from: a network, and a port when only that port is meant."""

    network: Network
    port: int | None = None

    def __str__(self) -> str:
        if self.port is None:
            return str(self.network)
        return str(HostPort(str(self.network.network_address), self.port))

    def holds(self, address: Address, port: int) -> bool:
        """Whether a packet from `address` and `port` comes from here."""
        return address in self.network and self.port in (None, port)

    @property
    def precision(self) -> tuple[int, int]:
        """Larger is a narrower match: prefix length first, then whether a port is named."""
        return (self.network.prefixlen, int(self.port is not None))


@dataclass(frozen=True, slots=True)
class Advertise:
    """The address that we write into SIP or SDP.

    No `address` (`auto`): the one the kernel sends from. An `address` without `local`: always that one. With
    `local`: peers in these networks see the kernel's, all others `address`.
    """

    address: str | None = None
    local: tuple[Network, ...] = ()

    def towards(self, peer: str, kernel: str) -> str:
        """What `peer` is to see, where the kernel would send from `kernel`."""
        if self.address is None:
            return kernel
        if self.local and any(ip_address(peer) in network for network in self.local):
            return kernel
        return self.address


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where calls to a trunk go: `host` is an address, `transport` "udp" or "tcp"."""

    host: str
    port: int = 5060
    transport: str = "udp"

    @property
    def uri(self) -> str:
        """The SIP URI of the proxy, without a user."""
        return f"sip:{self.hostport}" + (";transport=tcp" if self.transport == "tcp" else "")

    @property
    def hostport(self) -> str:
        """Host and port as a URI writes them."""
        return str(HostPort(self.host, self.port))


@dataclass(frozen=True, slots=True)
class QueueTarget:
    """`queue:NAME`"""

    name: str


@dataclass(frozen=True, slots=True)
class TrunkTarget:
    """`trunk:NAME`"""

    name: str


@dataclass(frozen=True, slots=True)
class PhoneTarget:
    """`phone:NAME`"""

    name: str


@dataclass(frozen=True, slots=True)
class DialledPhone:
    """`phone`: the phone whose name was dialled"""


@dataclass(frozen=True, slots=True)
class EchoTarget:
    """`echo`: plays back what it hears"""


@dataclass(frozen=True, slots=True)
class ToneTarget:
    """`tone`: the 1004 Hz milliwatt"""


@dataclass(frozen=True, slots=True)
class HangupTarget:
    """`hangup`: the call ends"""


Go = QueueTarget | TrunkTarget | PhoneTarget | DialledPhone | EchoTarget | ToneTarget
Overflow = QueueTarget | PhoneTarget | HangupTarget

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_S = 366 * 86400.0
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)%")
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


def duration(value: object) -> float:
    """Seconds from `500ms`, `20s`, `5m`, `1h` or `0`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise ValueError("expected a duration such as 500ms, 20s, 5m or 1h")
    if value == "0":
        return 0.0
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ValueError(f"{shown(value)} is not a duration; write 500ms, 20s, 5m or 1h")
    seconds = round(float(match[1]) * _SECONDS[match[2]], 6)
    if seconds > _LONGEST_S:
        raise ValueError(f"{shown(value)} is longer than a year")
    return seconds


def whole(value: object) -> int:
    """A whole number, in decimal digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a whole number" if isinstance(value, str) else "expected a whole number")
    return int(value)


def flag(value: object) -> bool:
    """True from `true` and `yes`, false from `false` and `no`."""
    if isinstance(value, bool):
        return value
    found = _FLAGS.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{shown(value)} is neither true nor false" if isinstance(value, str) else "expected true or false")
    return found


def percent(value: object) -> float:
    """A share from 0 to 1 out of `80%`."""
    if isinstance(value, float):
        return value
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None or float(match[1]) > 100:
        raise ValueError(f"{shown(value)} is not a share; write it as 80%" if isinstance(value, str) else "expected a share such as 80%")
    return float(match[1]) / 100


def address(value: object) -> str:
    """An IPv4 or IPv6 address, in its canonical form."""
    if not isinstance(value, str):
        raise ValueError("expected an IP address")
    try:
        return str(ip_address(str(value)))
    except ValueError:
        raise ValueError(f"{shown(value)} is not an IP address") from None


def network(value: object) -> Network:
    """A network such as 10.0.0.0/8; an address alone is a network of one."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        raise ValueError("expected a network such as 10.0.0.0/8")
    try:
        return ip_network(str(value))
    except ValueError:
        return _wrong_network(value)


def _wrong_network(value: str) -> Network:
    try:
        meant = ip_network(str(value), strict=False)
    except ValueError:
        raise ValueError(f"{shown(value)} is not a network; write it as 10.0.0.0/8") from None
    raise ValueError(f"{shown(value)} has bits set beyond its prefix; the network is {meant}")


def split_port(value: str) -> tuple[str, int] | None:
    """Address and port from `1.2.3.4:5` or `[::1]:5`; None where it is not of that form. Raises for bad parts."""
    host, colon, port = value.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit():
        return None
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return None
    if int(port) > 65535:
        raise ValueError(f"port {port} is above 65535")
    return (address(host), int(port))


def source(value: object) -> Source:
    """A network, or address:port, whose requests are a trunk's."""
    if isinstance(value, Source):
        return value
    if not isinstance(value, str):
        raise ValueError("expected a network such as 10.0.0.0/8, or address:port")
    if (pair := split_port(value)) is not None:
        return Source(ip_network(pair[0]), pair[1])
    return Source(network(value))


def host_port(value: object) -> HostPort:
    """An address and port to listen on, such as 127.0.0.1:8080."""
    if isinstance(value, HostPort):
        return value
    pair = split_port(value) if isinstance(value, str) else None
    if pair is None:
        raise ValueError(
            f"{shown(value)} is not an address and port; write it as 127.0.0.1:8080"
            if isinstance(value, str)
            else "expected an address and port such as 127.0.0.1:8080"
        )
    return HostPort(*pair)


def listen(value: object) -> Listen:
    """A SIP socket such as udp:0.0.0.0:5060."""
    if isinstance(value, Listen):
        return value
    if not isinstance(value, str):
        raise ValueError("expected a SIP socket such as udp:0.0.0.0:5060")
    transport, _, rest = value.partition(":")
    if transport in ("tls", "ws", "wss"):
        raise ValueError(f"not yet: {transport} is not built; listen on udp and tcp")
    if transport not in ("udp", "tcp"):
        raise ValueError(f"{shown(value)} is not a SIP socket; write it as udp:0.0.0.0:5060 or tcp:0.0.0.0:5060")
    pair = split_port(rest)
    if pair is None:
        raise ValueError(f"{shown(value)} names no address and port; write it as {transport}:0.0.0.0:5060")
    return Listen(transport, *pair)


def ports(value: object) -> range:
    """The UDP ports for RTP and RTCP, both ends included: 20000-29999."""
    if isinstance(value, range):
        return value
    match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a range of ports such as 20000-29999")
    first, last = int(match[1]), int(match[2])
    if first < 1024 or last > 65535:
        raise ValueError(f"{shown(value)} leaves the ports from 1024 to 65535")
    if first % 2 or last % 2 == 0:
        raise ValueError(f"{shown(value)} must begin at an even port and end at an odd one: RTP is even, its RTCP the next")
    if last < first:
        raise ValueError(f"{shown(value)} ends before it begins")
    return range(first, last + 1)


def display(value: object) -> str:
    """A caller display: text with {queue} and {number} in it."""
    if not isinstance(value, str):
        raise ValueError("expected text such as {queue} {number}")
    try:
        parts = list(string.Formatter().parse(value))
    except ValueError as error:
        raise ValueError(f"{shown(value)}: {error}") from None
    for _, field, form, conversion in parts:
        if field is not None and (field not in ("queue", "number") or form or conversion):
            raise ValueError(f"{shown('{' + field + '}')} is not known; known are {{queue}} and {{number}}")
    if not value.isprintable():
        raise ValueError("holds control characters")
    return str(value)


_PROXY = re.compile(r"sip:(?P<host>\[[^\]]*\]|[^:;?@\[\]]+)(?::(?P<port>[0-9]{1,5}))?(?P<params>(?:;[^;?]*)*)", re.IGNORECASE)


def proxy(value: object) -> Proxy:
    """Where calls to a trunk go: sip:ADDRESS[:PORT][;transport=udp|tcp]."""
    if isinstance(value, Proxy):
        return value
    if not isinstance(value, str):
        raise ValueError("expected a SIP URI such as sip:192.0.2.1:5060")
    if value.lower().startswith("sips:"):
        raise ValueError("not yet: sips is not built; write sip:")
    match = _PROXY.fullmatch(value)
    if match is None:
        raise ValueError("is not the SIP URI of a proxy; write it as sip:192.0.2.1:5060")
    return Proxy(_proxy_host(match["host"]), _proxy_port(match["port"]), _proxy_transport(match["params"]))


def _proxy_host(host: str) -> str:
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        raise ValueError(f"not yet: {shown(host)} would have to be looked up in the DNS; write an IP address") from None


def _proxy_port(port: str | None) -> int:
    number = 5060 if port is None else int(port)
    if not 1 <= number <= 65535:
        raise ValueError(f"port {number} is not between 1 and 65535")
    return number


def _proxy_transport(params: str) -> str:
    transport = "udp"
    for param in filter(None, params.split(";")):
        name, _, given = param.lower().partition("=")
        if name == "transport" and given in ("tls", "ws", "wss"):
            raise ValueError(f"not yet: transport {given} is not built; udp and tcp are")
        if name != "transport" or given not in ("udp", "tcp"):
            raise ValueError(f"parameter {shown(param)} is not known; known are transport=udp and transport=tcp")
        transport = given
    return transport


def go(value: object) -> Go:
    """Where a route leads."""
    if isinstance(value, Go):
        return value
    match str(value).split(":", 1) if isinstance(value, str) else []:
        case ["queue", name] if name:
            return QueueTarget(name)
        case ["trunk", name] if name:
            return TrunkTarget(name)
        case ["phone", name] if name:
            return PhoneTarget(name)
        case ["phone"]:
            return DialledPhone()
        case ["echo"]:
            return EchoTarget()
        case ["tone"]:
            return ToneTarget()
    raise ValueError(_no_target(value, "queue:NAME, trunk:NAME, phone:NAME, phone, echo or tone"))


def overflow(value: object) -> Overflow:
    """Where callers of a queue go who cannot stay."""
    if isinstance(value, Overflow):
        return value
    match str(value).split(":", 1) if isinstance(value, str) else []:
        case ["queue", name] if name:
            return QueueTarget(name)
        case ["phone", name] if name:
            return PhoneTarget(name)
        case ["hangup"]:
            return HangupTarget()
    raise ValueError(_no_target(value, "hangup, queue:NAME or phone:NAME"))


def _no_target(value: object, known: str) -> str:
    return f"{shown(value)} is not a target; write {known}" if isinstance(value, str) else f"expected {known}"
