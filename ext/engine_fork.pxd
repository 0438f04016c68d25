"""A fork: the PCM of a port on its way to a reader in Python, through a bounded ring.

A worker puts 20 ms of both sides in at each tick and never waits: what finds no room is left out and counted,
and the numbers of the frames show where. The block lives as long as its reader or the worker needs it.
"""

from libc.stdint cimport int16_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from ext.engine_os cimport atomic_add, atomic_store
from ext.engine_ring cimport Ring, ring_free, ring_make, ring_push

cdef enum:
    FORK_SAMPLES = 320      # of a frame: 20 ms, two sides in turn
    FORK_FRAMES = 128       # 2.56 s

cdef struct ForkFrame:
    int64_t number          # since the fork began
    int16_t samples[FORK_SAMPLES]

cdef struct ForkBlock:
    uint64_t users
    Ring ring
    uint64_t dropped
    uint64_t ended


cdef inline ForkBlock* fork_make() noexcept nogil:
    """A block with one user, or NULL when there is no memory."""
    cdef ForkBlock* fork = <ForkBlock*>calloc(1, sizeof(ForkBlock))
    if fork == NULL or not ring_make(&fork.ring, FORK_FRAMES, sizeof(ForkFrame)):
        free(fork)
        return NULL
    fork.users = 1
    return fork


cdef inline ForkBlock* fork_share(ForkBlock* fork) noexcept nogil:
    atomic_add(&fork.users, 1)
    return fork


cdef inline void fork_release(ForkBlock* fork) noexcept nogil:
    if fork != NULL and atomic_add(&fork.users, -1) == 0:
        ring_free(&fork.ring)
        free(fork)


cdef inline void fork_push(ForkBlock* fork, int64_t number, const int16_t* samples) noexcept nogil:
    cdef ForkFrame frame
    frame.number = number
    memcpy(frame.samples, samples, sizeof(frame.samples))
    if not ring_push(&fork.ring, &frame):
        atomic_store(&fork.dropped, fork.dropped + 1)


cdef inline void fork_end(ForkBlock* fork) noexcept nogil:
    """The worker lets go: nothing follows."""
    atomic_store(&fork.ended, 1)
    fork_release(fork)
