"""A fork: the PCM of a port on its way to a reader in Python, through a bounded ring.

A worker puts 20 ms of both sides in at each tick and never waits: what finds no room is left out and counted,
and the numbers of the frames show where. The block lives as long as its reader or the worker needs it.

At 16 kHz a reader hears all that the port's codec has; where that has 8 kHz, it is resampled.
"""

from libc.stdint cimport int16_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from ext.engine_os cimport atomic_add, atomic_store
from ext.engine_resample cimport Upward, upward
from ext.engine_ring cimport Ring, ring_free, ring_make, ring_push

cdef enum:
    FORK_SAMPLES = 160      # of a frame of 20 ms, on one side, at 8 kHz
    FORK_FRAMES = 128       # 2.56 s

cdef struct ForkFrame:
    int64_t number          # since the fork began
    int16_t samples[4 * FORK_SAMPLES]   # two sides in turn; at 8 kHz half of it

cdef struct ForkBlock:
    uint64_t users
    bint wide               # 16 kHz
    Upward up[2]
    Ring ring
    uint64_t dropped
    uint64_t ended


cdef inline int fork_samples(const ForkBlock* fork) noexcept nogil:
    """Of a frame, on both sides."""
    return FORK_SAMPLES * (4 if fork.wide else 2)


cdef inline ForkBlock* fork_make(bint wide) noexcept nogil:
    """A block with one user, or NULL when there is no memory."""
    cdef ForkBlock* fork = <ForkBlock*>calloc(1, sizeof(ForkBlock))
    if fork == NULL:
        return NULL
    fork.wide = wide
    if not ring_make(&fork.ring, FORK_FRAMES, sizeof(int64_t) + fork_samples(fork) * sizeof(int16_t)):
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


cdef inline void smooth(ForkBlock* fork, int side, int16_t* samples) noexcept nogil:
    """Resample one side, of which each sample stands twice."""
    cdef int16_t narrow[FORK_SAMPLES]
    cdef int16_t wide[2 * FORK_SAMPLES]
    cdef int i
    for i in range(FORK_SAMPLES):
        narrow[i] = samples[4 * i + side]
    upward(&fork.up[side], narrow, FORK_SAMPLES, wide)
    for i in range(2 * FORK_SAMPLES):
        samples[2 * i + side] = wide[i]


cdef inline void fork_push(ForkBlock* fork, int64_t number, const int16_t* samples, const bint* doubled) noexcept nogil:
    """20 ms at the fork's rate, two sides in turn."""
    cdef ForkFrame frame
    cdef int side
    frame.number = number
    memcpy(frame.samples, samples, fork_samples(fork) * sizeof(int16_t))
    for side in range(2):
        if fork.wide and doubled[side]:
            smooth(fork, side, frame.samples)
    if not ring_push(&fork.ring, &frame):
        atomic_store(&fork.dropped, fork.dropped + 1)


cdef inline void fork_end(ForkBlock* fork) noexcept nogil:
    """The worker lets go: nothing follows."""
    atomic_store(&fork.ended, 1)
    fork_release(fork)
