"""A name server on loopback that knows what a test tells it.

async with NameServer.running({"carrier.example. SRV": ["0 0 5060 a.example."]}) as dns:
    switch = Switch.running(environment={"CENTRALITA_NAMESERVER": dns.address}, ...)
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Self, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.peers import ports


class NameServer(asyncio.DatagramProtocol):
    """Answers from `zone`, whose keys are `NAME. TYPE`; names that are no part of any key do not exist."""

    def __init__(self, zone: Mapping[str, Sequence[str]], ttl_s: int) -> None:
        self.zone = dict(zone)
        self.ttl_s = ttl_s
        self.silent = False
        """Whether it says nothing, as if it were down."""
        self.broken = False
        """Whether it says SERVFAIL."""
        self.broken_for: tuple[str, ...] = ()
        """Types of records for which it does in any case."""
        self.asked: list[str] = []
        self.address = ""
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, zone: Mapping[str, Sequence[str]], ttl_s: int = 60) -> AsyncIterator[Self]:
        loop = asyncio.get_running_loop()
        transport, server = await loop.create_datagram_endpoint(
            lambda: cls(zone, ttl_s), local_addr=(ports.own_address(), 0)
        )
        host, port = transport.get_extra_info("sockname")
        server.address = f"{host}:{port}"
        try:
            yield server
        finally:
            transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{question.name} {kind}")
        if self.silent or self._transport is None:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        values = self.zone.get(f"{question.name} {kind}", ())
        if self.broken or kind in self.broken_for:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif values:
            response.answer.append(dns.rrset.from_text(question.name, self.ttl_s, "IN", kind, *values))
        elif not any(key.startswith(f"{question.name} ") for key in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(response.to_wire(), source)
