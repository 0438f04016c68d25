"""A bounded ring between one producer and one consumer, each on its own thread; no locks."""

from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from ext.engine_os cimport atomic_load, atomic_store


cdef struct Ring:
    uint64_t tail           # next to write; the producer's
    char apart[56]          # a cache line each, or producer and consumer fight for one
    uint64_t head           # next to read; the consumer's
    char away[56]
    uint64_t mask
    size_t size             # octets of one item
    char* items


cdef inline bint ring_make(Ring* ring, uint64_t length, size_t size) noexcept nogil:
    """`length` is a power of two. False: no memory."""
    ring.tail = ring.head = 0
    ring.mask = length - 1
    ring.size = size
    ring.items = <char*>calloc(length, size)
    return ring.items != NULL


cdef inline void ring_free(Ring* ring) noexcept nogil:
    free(ring.items)
    ring.items = NULL


cdef inline uint64_t ring_room(Ring* ring) noexcept nogil:
    """How many more the producer can push."""
    return ring.mask + 1 - (ring.tail - atomic_load(&ring.head))


cdef inline bint ring_push(Ring* ring, const void* item) noexcept nogil:
    """False: full, nothing changed."""
    if ring_room(ring) == 0:
        return False
    memcpy(ring.items + (ring.tail & ring.mask) * ring.size, item, ring.size)
    atomic_store(&ring.tail, ring.tail + 1)
    return True


cdef inline bint ring_pop(Ring* ring, void* item) noexcept nogil:
    """False: empty."""
    if ring.head == atomic_load(&ring.tail):
        return False
    memcpy(item, ring.items + (ring.head & ring.mask) * ring.size, ring.size)
    atomic_store(&ring.head, ring.head + 1)
    return True
