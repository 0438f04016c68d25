"""Names of carriers, asked of a real name server (RFC 3263)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sip.aio.resolver import LookupFailed, Resolver
from sip.flow import Transport
from sip.location import Destination, Kind, Place, Server
from tests.peers.nameserver import NameServer

NAME = Destination("carrier.example")
A = {"a.carrier.example. A": ["192.0.2.1"], "a.carrier.example. AAAA": ["2001:db8::1"]}
SRV = {"_sip._udp.carrier.example. SRV": ["10 60 5070 A.Carrier.example."]}
NAPTR = {
    "carrier.example. NAPTR": [
        '20 10 "s" "SIP+D2U" "" _sip._udp.carrier.example.',
        '10 10 "s" "SIP+D2T" "" _sip._tcp.carrier.example.',
    ]
}


def resolver(dns: NameServer, **options: Any) -> Resolver:
    host, _, port = dns.address.rpartition(":")
    return Resolver([(host, int(port))], timeout_s=0.5, **options)


def place(transport: Transport, port: int, address: str = "192.0.2.1") -> Place:
    return Place(transport, address, port, "a.carrier.example")


@pytest.mark.parametrize(
    ("zone", "servers"),
    [
        ({**A, **SRV}, (Server((place("udp", 5070),), 10, 60),)),
        (
            {**A, **SRV, **NAPTR, "_sip._tcp.carrier.example. SRV": ["1 2 5080 a.carrier.example."]},
            (Server((place("tcp", 5080),), 1, 2),),
        ),
        (
            {"carrier.example. A": ["192.0.2.7"]},
            (Server((Place("udp", "192.0.2.7", 5060, NAME.host),)),),
        ),
        (
            {"_sip._udp.carrier.example. SRV": ["0 0 0 ."], "carrier.example. A": ["192.0.2.7"]},
            (Server((Place("tcp", "192.0.2.7", 5060, NAME.host),)),),
        ),
        (
            {
                "_sip._udp.carrier.example. SRV": ["0 0 0 ."],
                "_sip._tcp.carrier.example. SRV": ["0 0 0 ."],
                "carrier.example. A": ["192.0.2.7"],
            },
            (),
        ),
        ({}, ()),
    ],
    ids=["SRV", "NAPTR", "A", "no such service by UDP", "no such service", "no such name"],
)
async def test_rfc3263_where_names_lead(
    zone: Mapping[str, Sequence[str]], servers: tuple[Server, ...]
) -> None:
    async with NameServer.running(zone, ttl_s=30) as dns:
        found = await resolver(dns).locate(NAME)
    assert found.servers == servers
    assert found.ttl_s <= 60


async def test_all_addresses_of_a_name_are_places_of_one_server() -> None:
    async with NameServer.running({"carrier.example. A": ["192.0.2.7", "192.0.2.8"]}) as dns:
        (server,) = (await resolver(dns).locate(NAME)).servers
    assert {each.address for each in server.places} == {"192.0.2.7", "192.0.2.8"}


async def test_it_holds_for_the_shortest_ttl_on_the_way() -> None:
    async with NameServer.running({**A, **SRV, **NAPTR}, ttl_s=7) as dns:
        assert (await resolver(dns).locate(NAME)).ttl_s == 7


async def test_only_families_that_we_reach_are_asked_for() -> None:
    async with NameServer.running({**A, **SRV}) as dns:
        await resolver(dns).locate(NAME)
        assert not [asked for asked in dns.asked if asked.endswith(" AAAA")]
        found = await resolver(dns, families=[Kind.A, Kind.AAAA]).locate(NAME)
    assert found.servers[0].places == (place("udp", 5070), place("udp", 5070, "2001:db8::1"))


async def test_an_address_is_asked_of_nobody() -> None:
    async with NameServer.running({}) as dns:
        found = await resolver(dns).locate(Destination("192.0.2.9", 5071, "tcp"))
        assert not dns.asked
    assert found.servers == (Server((Place("tcp", "192.0.2.9", 5071, "192.0.2.9"),)),)


@pytest.mark.parametrize("fault", ["silent", "broken"])
async def test_a_name_server_that_fails_is_not_one_that_says_no(fault: str) -> None:
    async with NameServer.running({**A, **SRV}) as dns:
        setattr(dns, fault, True)
        with pytest.raises(LookupFailed, match=r"carrier\.example"):
            await resolver(dns).locate(NAME)


@pytest.mark.parametrize(("broken", "guessed"), [((), False), (("NAPTR", "AAAA"), False), (("SRV",), True)])
async def test_the_hosts_own_addresses_are_a_guess_where_srv_is_not_answered(
    broken: tuple[str, ...], guessed: bool
) -> None:
    async with NameServer.running({"carrier.example. A": ["192.0.2.7"]}) as dns:
        dns.broken_for = broken
        found = await resolver(dns).locate(NAME)
    assert (found.servers, found.guessed) == (
        (Server((Place("udp", "192.0.2.7", 5060, NAME.host),)),),
        guessed,
    )


async def test_records_that_lead_in_a_circle_come_to_an_end() -> None:
    zone = {
        "carrier.example. NAPTR": ['1 1 "s" "SIP+D2U" "" _sip._udp.carrier.example.'],
        "_sip._udp.carrier.example. SRV": ["0 0 5060 carrier.example."],
        "carrier.example. A": ["192.0.2.1"],
    }
    async with NameServer.running(zone) as dns:
        found = await resolver(dns).locate(NAME)
    assert len(found.servers) == 1
