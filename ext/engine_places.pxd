"""Addresses and networks as Python writes them: (host of 4 or 16 octets, port), (base, mask)."""

from libc.stdint cimport uint16_t
from libc.stdlib cimport calloc
from libc.string cimport memcpy, memset

from ext.engine_os cimport AF_INET, AF_INET6, Address, htons, ntohs
from ext.engine_port cimport Network


cdef inline Address socket_address(tuple place) except *:
    """From a host of 4 or 16 octets, and a port."""
    cdef Address address
    cdef bytes host = place[0]
    memset(&address, 0, sizeof(address))
    address.v4.sin_port = htons(<uint16_t>place[1])
    if len(host) == 16:
        address.any.sa_family = AF_INET6
        memcpy(&address.v6.sin6_addr, <char*>host, 16)
    elif len(host) == 4:
        address.any.sa_family = AF_INET
        memcpy(&address.v4.sin_addr, <char*>host, 4)
    else:
        raise ValueError("a host has 4 or 16 octets")
    return address


cdef inline object place_of(const Address* address):
    """The reverse: host and port; None for an address that was never set."""
    if address.any.sa_family == AF_INET6:
        return (<const char*>&address.v6.sin6_addr)[:16], ntohs(address.v6.sin6_port)
    if address.any.sa_family == AF_INET:
        return (<const char*>&address.v4.sin_addr)[:4], ntohs(address.v4.sin_port)
    return None


cdef inline Network* network_array(tuple networks) except? NULL:
    cdef Network* array
    if not networks:
        return NULL
    array = <Network*>calloc(len(networks), sizeof(Network))
    if array == NULL:
        raise MemoryError()
    for i, (base, mask) in enumerate(networks):
        memcpy(array[i].base, <char*>(<bytes>base), min(len(base), 16))
        memcpy(array[i].mask, <char*>(<bytes>mask), min(len(mask), 16))
    return array
