"""The memory of one worker: its ports and rooms, its rings and descriptors, and what it has counted."""

from libc.stdint cimport int64_t, uint64_t, uint8_t

from ext.engine_dtmf cimport Dtmf
from ext.engine_heard cimport Heard
from ext.engine_os cimport Address, iovec, mmsghdr, pthread_t
from ext.engine_port cimport Port
from ext.engine_ring cimport Ring
from ext.engine_srtp cimport SRTP_TRAILER
from ext.engine_tap cimport Chunk, Recorder

cdef enum:
    BATCH = 16              # datagrams for one recvmmsg; more only when a peer sends a burst
    DATAGRAM = 2048         # octets; RTP and RTCP stay below the path's 1500

cdef struct Room:
    uint64_t generation     # 0: closed
    int first_member
    int members

cdef struct Totals:
    uint64_t packets_received
    uint64_t octets_received
    uint64_t packets_sent
    uint64_t octets_sent
    uint64_t strangers
    uint64_t srtp_failed
    uint64_t srtp_replayed
    uint64_t passed_dropped
    uint64_t malformed
    uint64_t send_errors
    uint64_t lost_closed    # by ports that are closed
    uint64_t dropped_frames
    uint64_t recorders

cdef struct Worker:
    Ring orders
    Ring events
    Ring passed
    int wake_fd
    int event_fd
    int epoll_fd
    int timer_fd
    uint64_t woken          # an order was announced and not yet looked for
    uint64_t stopping
    uint64_t resync
    uint64_t merged
    uint64_t worst_lag_ns
    bint told               # events wait for their eventfd
    Port* ports
    int capacity
    int slots_used          # the highest slot that was ever opened, plus one
    int open_count
    int* playing
    int playing_count
    int* hearing            # the ports whose samples are needed
    int hearing_count
    Heard* spare_ears
    Room* rooms
    int rooms_used          # the highest that was ever open, plus one
    Port* first_keypad
    bint ticking
    int64_t now_ns
    int64_t tick_ns         # when the next is due
    uint64_t tick
    uint64_t tick_packets   # received by the last tick
    bint coalescing
    uint64_t random
    Totals totals
    pthread_t thread
    pthread_t writer
    Ring errands            # to the writer
    Ring returns            # from it
    int writer_fd
    uint64_t errands_out
    Recorder* recorders
    Dtmf ear                # judges frames that are to be recorded, one at a time
    Chunk* chunks           # as many as may wait for the disk; what no recording has needed yet is not resident
    int chunk_count
    int chunks_taken        # the first of them, ever
    int chunks_ready        # the first of them, resident
    Chunk* spare            # those taken that are free again
    mmsghdr heads[BATCH]
    iovec vectors[BATCH]
    Address names[BATCH]
    uint8_t datagrams[BATCH * DATAGRAM]
    uint8_t sealed[DATAGRAM + SRTP_TRAILER]     # a copy of the packet that is protected


cdef inline uint64_t next_random(Worker* worker) noexcept nogil:
    """xorshift64: spreads RTCP over time, nothing secret (RFC 3550 section 6.3.1)."""
    worker.random ^= worker.random << 13
    worker.random ^= worker.random >> 7
    worker.random ^= worker.random << 17
    return worker.random
