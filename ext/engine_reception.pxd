"""What a port receives, counted: sequence numbers and loss (RFC 3550 A.1, A.3), interarrival jitter (A.8)."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint16_t, uint32_t, uint64_t

from ext.engine_worker cimport Reception

cdef enum:
    MAX_DROPOUT = 3000      # RFC 3550 A.1: a jump further than this is a new start
    MAX_MISORDER = 100


cdef inline uint64_t expected_packets(const Reception* reception) noexcept nogil:
    if not reception.started:
        return 0
    return <uint64_t>(reception.cycles + reception.top - reception.base) + 1


cdef inline int64_t packets_lost(const Reception* reception) noexcept nogil:
    """Of all SSRCs so far. Duplicates can make one SSRC's share negative (A.3); it counts as none."""
    cdef int64_t lost = <int64_t>expected_packets(reception) - <int64_t>reception.received
    return reception.lost_before + (lost if lost > 0 else 0)


cdef inline void reception_restart(Reception* reception, uint32_t ssrc, uint16_t sequence) noexcept nogil:
    reception.lost_before = packets_lost(reception)
    reception.started = True
    reception.ssrc = ssrc
    reception.top = sequence
    reception.base = sequence
    reception.cycles = 0
    reception.received = 0
    reception.expected_prior = 0
    reception.received_prior = 0
    reception.timed = False


cdef inline void reception_sequence(Reception* reception, uint32_t ssrc, uint16_t sequence) noexcept nogil:
    cdef int16_t step
    if not reception.started or ssrc != reception.ssrc:
        reception_restart(reception, ssrc, sequence)
    step = <int16_t>(sequence - reception.top)
    if step > MAX_DROPOUT or step < -MAX_MISORDER:
        reception_restart(reception, ssrc, sequence)
    elif step > 0:
        if sequence < reception.top:
            reception.cycles += 65536
        reception.top = sequence
    reception.received += 1


cdef inline void reception_jitter(Reception* reception, uint32_t timestamp, int64_t now_ns) noexcept nogil:
    """Only for audio: the packets of a telephone-event share one timestamp (RFC 4733 section 2.2)."""
    cdef uint32_t transit = <uint32_t>(<uint64_t>now_ns // 125000) - timestamp
    cdef double distance
    if reception.timed:
        distance = <double><int32_t>(transit - reception.transit)
        if distance < 0:
            distance = -distance
        # A jump of a second is a new talkspurt of a device that does not count silence, not jitter.
        if distance < 8000:
            reception.jitter += (distance - reception.jitter) / 16
    reception.transit = transit
    reception.timed = True
