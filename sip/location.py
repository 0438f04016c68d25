"""Where a SIP URI leads (RFC 3263): transport, port and addresses, worked out from the answers of DNS.

Nothing is asked from here: `locate` says which questions are open, whoever calls it finds the answers and
calls again. Only names of the configuration are ever located: no message of a peer makes us look one up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final, Protocol, TypeVar

from sip.flow import DEFAULT_PORTS, Transport

_SERVICES: Final[Mapping[str, str]] = {"sip+d2u": "udp", "sip+d2t": "tcp", "sips+d2t": "tls"}
"""NAPTR services by the transport they stand for (RFC 3263 section 4.1)."""
_PREFIXES: Final[Mapping[str, str]] = {"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}
_MAX_SERVERS: Final = 32
"""More servers than any carrier has; the least preferred beyond them are left out."""


class Kind(StrEnum):
    """The types of DNS records that lead to a SIP server."""

    A = "A"
    AAAA = "AAAA"
    SRV = "SRV"
    NAPTR = "NAPTR"


@dataclass(frozen=True, slots=True)
class Question:
    """What DNS is asked: `name` in small letters, without the last dot."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Naptr:
    """RFC 3403 section 4.1; the regular expression has no use in RFC 3263."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    """RFC 2782; `target` is empty where the service is decidedly not there."""

    priority: int
    weight: int
    port: int
    target: str


Record = str | Srv | Naptr
"""An address as text, or one of the others."""
Answers = Mapping[Question, Sequence[Record]]
"""What DNS has said; a question that is there without records has none."""


@dataclass(frozen=True, slots=True)
class Destination:
    """What a SIP URI says of its next hop; None is left to DNS. `secure`: a sips URI, or one with TLS."""

    host: str
    port: int | None = None
    transport: Transport | None = None
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One socket of a peer; `address` is no name. `name` is what its certificate has to show (RFC 5922)."""

    transport: Transport
    address: str
    port: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """Places of one host, to be tried in this order; `priority` and `weight` are those of SRV."""

    places: tuple[Place, ...]
    priority: int = 0
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Located:
    """Where to send; nothing where DNS knows no way."""

    servers: tuple[Server, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """What has to be asked before anything can be said; all of it may be asked at once."""

    questions: tuple[Question, ...]


class Weighted(Protocol):
    """What has a place in an order of RFC 2782."""

    @property
    def priority(self) -> int: ...

    @property
    def weight(self) -> int: ...


Item = TypeVar("Item", bound=Weighted)


def in_turn(items: Iterable[Item], random: Callable[[], float]) -> list[Item]:
    """The items in the order in which to try them (RFC 2782, "Weight"): smaller priorities first, among
    equals by lot, each with a chance in proportion to its weight. `random` returns numbers from 0 to 1.
    """
    turn: list[Item] = []
    left = sorted(items, key=lambda item: (item.priority, item.weight))  # those without weight lead each lot
    while left:
        alike = [item for item in left if item.priority == left[0].priority]
        mark = random() * sum(item.weight for item in alike)
        running = 0
        for drawn in alike:
            running += drawn.weight
            if running >= mark:
                break
        turn.append(drawn)
        left.remove(drawn)
    return turn


def locate(
    destination: Destination,
    answers: Answers,
    supported: Sequence[Transport] = ("udp", "tcp", "tls"),
    families: Sequence[Kind] = (Kind.A, Kind.AAAA),
) -> Located | Open:
    """Where to send what is meant for `destination`, or what has to be asked first.

    `supported` are our transports, the preferred one first; `families` the kinds of addresses we can reach.
    """
    search = _Search(answers, supported, families)
    try:
        return Located(tuple(search.servers(destination))[:_MAX_SERVERS])
    except _Unanswered as unanswered:
        return Open(unanswered.questions)


class _Unanswered(Exception):
    def __init__(self, questions: tuple[Question, ...]) -> None:
        super().__init__()
        self.questions = questions


class _Search:
    """One walk through RFC 3263 section 4, as far as the answers reach."""

    def __init__(self, answers: Answers, supported: Sequence[Transport], families: Sequence[Kind]) -> None:
        self._answers = answers
        self._supported = supported
        self._families = families

    def servers(self, destination: Destination) -> list[Server]:
        host, port, transport = destination.host.lower().rstrip("."), destination.port, destination.transport
        if transport is None and destination.secure:
            transport = "tls"
        address = _numeric(host)
        if address is not None:  # 4.1 and 4.2: a number is never looked up
            way: Transport = transport or "udp"
            return [Server((Place(way, address, port or DEFAULT_PORTS[way], host),))]
        if port is not None:  # a port means this very host
            return self._host(host, port, transport or "udp")
        if transport is not None:
            servers = self._by_service(_PREFIXES[transport] + host, transport)
            return servers or self._unless_denied(host, [transport])
        return self._by_naptr(host)

    def _by_naptr(self, host: str) -> list[Server]:
        """Section 4.1: the domain chooses the transport; where it does not, we ask for each of ours."""
        (found,) = self._records(Question(host, Kind.NAPTR))
        usable = [
            (record, transport)
            for record in found
            if isinstance(record, Naptr) and record.flags.lower() == "s"
            for transport in self._supported
            if _SERVICES.get(record.service.lower()) == transport
        ]
        for record, transport in sorted(usable, key=lambda pair: (pair[0].order, pair[0].preference)):
            if servers := self._by_service(record.replacement, transport):
                return servers
        plain: list[Transport] = [transport for transport in self._supported if transport != "tls"]
        self._records(*(Question(_PREFIXES[transport] + host, Kind.SRV) for transport in plain))
        for transport in plain:
            if servers := self._by_service(_PREFIXES[transport] + host, transport):
                return servers
        return self._unless_denied(host, plain or ["udp"])

    def _unless_denied(self, host: str, transports: Iterable[Transport]) -> list[Server]:
        """Section 4.2: the host itself at the usual port, by the first transport of which SRV does not say
        that there is no such service (RFC 2782).
        """
        for transport in transports:
            if not self._answers.get(Question(_PREFIXES[transport] + host, Kind.SRV)):
                return self._host(host, DEFAULT_PORTS[transport], transport)
        return []

    def _by_service(self, name: str, transport: Transport) -> list[Server]:
        (found,) = self._records(Question(name, Kind.SRV))
        services = sorted(
            (record for record in found if isinstance(record, Srv) and record.target),
            key=lambda record: (record.priority, -record.weight),
        )[:_MAX_SERVERS]
        self._records(*(question for record in services for question in self._of_host(record.target)))
        return [
            Server(places, record.priority, record.weight)
            for record in services
            if (places := self._places(record.target, record.port, transport))
        ]

    def _host(self, host: str, port: int, transport: Transport) -> list[Server]:
        places = self._places(host, port, transport)
        return [Server(places)] if places else []

    def _places(self, host: str, port: int, transport: Transport) -> tuple[Place, ...]:
        found = self._records(*self._of_host(host))
        addresses = [record for records in found for record in records if isinstance(record, str)]
        return tuple(Place(transport, address, port, host) for address in addresses)

    def _of_host(self, host: str) -> list[Question]:
        return [Question(host, family) for family in self._families]

    def _records(self, *questions: Question) -> list[Sequence[Record]]:
        """The answers; raises _Unanswered with all of these questions that have none."""
        unanswered = tuple(question for question in questions if question not in self._answers)
        if unanswered:
            raise _Unanswered(unanswered)
        return [self._answers[question] for question in questions]


def _numeric(host: str) -> str | None:
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return None
