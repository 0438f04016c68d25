"""DNS for the names of carriers: asks what `sip.location` wants to know, and says for how long it holds."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.nameserver import Do53Nameserver

from sip.flow import Address, Transport
from sip.location import Destination, Kind, Located, Naptr, Question, Record, Server, Srv, locate

_LOG: Final = logging.getLogger(__name__)
_LONGEST_S: Final = 3600.0
_MISSING_S: Final = 60.0
"""For how long it holds that there is no such name or record: a common minimum of negative caches."""
_MAX_ROUNDS: Final = 8
"""NAPTR, then SRV, then addresses, each once more where the first had none."""


class LookupFailed(Exception):
    """No name server answered in time, so nothing is known; what was known before may still hold."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a destination leads, and for how many seconds that holds. `guessed`: nobody answered for its SRV
    records, so these are the addresses of the host, which may be no SIP server at all.
    """

    servers: tuple[Server, ...]
    ttl_s: float
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    records: tuple[Record, ...]
    ttl_s: float
    failed: bool = False


class Resolver:
    """Asks the name servers of this machine, or those given as (address, port)."""

    def __init__(
        self,
        nameservers: Sequence[Address] = (),
        *,
        supported: Sequence[Transport] = ("udp", "tcp"),
        families: Sequence[Kind] = (Kind.A,),
        timeout_s: float = 3.0,
    ) -> None:
        """`supported` are our transports, the preferred one first; `families` as in `locate`."""
        self._nameservers = nameservers
        self._supported = supported
        self._families = families
        self._timeout_s = timeout_s
        self._asker: dns.asyncresolver.Resolver | None = None

    async def locate(self, destination: Destination) -> Found:
        """Where the destination leads now; no servers where DNS knows none. Raises LookupFailed."""
        answers: dict[Question, _Answer] = {}
        for _ in range(_MAX_ROUNDS):
            known = {question: answer.records for question, answer in answers.items()}
            match locate(destination, known, self._supported, self._families):
                case Located(servers):
                    return _found(servers, answers, destination)
                case open_:
                    asked = open_.questions
                    answers |= zip(asked, await asyncio.gather(*map(self._ask, asked)), strict=True)
        raise LookupFailed(f"{destination.host}: its records lead in a circle")

    async def _ask(self, question: Question) -> _Answer:
        try:
            answer = await self._dns().resolve(
                f"{question.name}.", question.kind.value, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return await self._ask_hosts(question)
        except (dns.exception.DNSException, OSError) as error:
            _LOG.info("cannot look up %s %s: %s", question.kind, question.name, error)
            return _Answer((), _MISSING_S, failed=True)
        if answer.rrset is None:
            return _Answer((), _MISSING_S)
        records = tuple(_record(question.kind, data) for data in answer.rrset)
        return _Answer(records, min(float(answer.rrset.ttl), _LONGEST_S))

    async def _ask_hosts(self, question: Question) -> _Answer:
        """A name that DNS does not know may stand in this machine's own list (`/etc/hosts`)."""
        families = {Kind.A: socket.AF_INET, Kind.AAAA: socket.AF_INET6}
        if question.kind not in families or self._nameservers:
            return _Answer((), _MISSING_S)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                question.name, None, family=families[question.kind], type=socket.SOCK_DGRAM
            )
        except OSError:
            return _Answer((), _MISSING_S)
        return _Answer(tuple(str(entry[4][0]) for entry in found), _MISSING_S)

    def _dns(self) -> dns.asyncresolver.Resolver:
        """Made at the first question: who writes addresses into his configuration needs no name server."""
        if self._asker is None:
            self._asker = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                self._asker.nameservers = [Do53Nameserver(*address) for address in self._nameservers]
            self._asker.lifetime = self._timeout_s
            self._asker.timeout = self._timeout_s / 2
        return self._asker


def _found(servers: tuple[Server, ...], answers: dict[Question, _Answer], destination: Destination) -> Found:
    failed = [question for question, answer in answers.items() if answer.failed]
    if failed and not servers:
        raise LookupFailed(f"{destination.host}: no answer for {failed[0].kind} {failed[0].name}")
    ttl_s = min((answer.ttl_s for answer in answers.values()), default=_LONGEST_S)
    by_srv = any(question.kind is Kind.SRV and answer.records for question, answer in answers.items())
    return Found(servers, ttl_s, not by_srv and any(question.kind is Kind.SRV for question in failed))


def _record(kind: Kind, data: Any) -> Record:
    match kind:
        case Kind.SRV:
            return Srv(data.priority, data.weight, data.port, _name(data.target))
        case Kind.NAPTR:
            return Naptr(
                data.order, data.preference, _text(data.flags), _text(data.service), _name(data.replacement)
            )
        case Kind.A | Kind.AAAA:
            return str(data.address)


def _name(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower() if len(name.labels) > 1 else ""


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace")
