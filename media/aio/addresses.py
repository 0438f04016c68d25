"""Addresses as the engine takes and tells them: octets of its socket's family."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

_MAPPED: Final = bytes(10) + b"\xff\xff"  # RFC 4291 section 2.5.5.2
_ALL_ONES: Final = b"\xff" * 12
_ANY_V6: Final = IPv6Address("::")


@lru_cache(maxsize=1024)
def _parsed(address: str) -> IPv4Address | IPv6Address:
    """The same few peers, and our own address for every port."""
    return ip_address(address)


def is_ipv6(listen: str) -> bool:
    """Whether ports that listen there have sockets of IPv6. ValueError: no address."""
    return _parsed(listen).version == 6


def reaches(listen: str, address: str) -> bool:
    """Whether a port that listens there can send to `address`: one on `::` reaches both families."""
    ours, theirs = _parsed(listen), _parsed(address)
    return ours.version == theirs.version or ours == _ANY_V6


def place(address: str, port: int, ipv6: bool) -> tuple[bytes, int]:
    """As the engine takes a peer's address. ValueError: none of that family, or no port number."""
    if not 0 <= port <= 65535:
        raise ValueError(f"{port} is no port number")
    return _host(address, ipv6), port


@lru_cache(maxsize=1024)
def _host(address: str, ipv6: bool) -> bytes:
    return _octets(_parsed(address), ipv6)


@lru_cache(maxsize=1024)
def networks(allowed: tuple[Network, ...], ipv6: bool) -> tuple[tuple[bytes, bytes], ...]:
    """Base and mask of each; one of IPv6 says nothing to a socket of IPv4."""
    return tuple(
        (_octets(each.network_address, ipv6), _mask(each, ipv6))
        for each in allowed
        if ipv6 or each.version == 4
    )


def address_of(place: tuple[bytes, int]) -> tuple[str, int]:
    """As everybody else writes it."""
    host, port = place
    if len(host) == 4:
        return str(IPv4Address(host)), port
    address = IPv6Address(host)
    return str(address.ipv4_mapped or address), port


def _octets(address: IPv4Address | IPv6Address, ipv6: bool) -> bytes:
    if ipv6:
        return address.packed if isinstance(address, IPv6Address) else _MAPPED + address.packed
    if isinstance(address, IPv4Address):
        return address.packed
    raise ValueError(f"{address}: a port of IPv4 has no way to IPv6")


def _mask(network: Network, ipv6: bool) -> bytes:
    mask = network.netmask.packed
    return _ALL_ONES + mask if ipv6 and network.version == 4 else mask
