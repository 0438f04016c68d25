"""What a port receives, counted: sequence numbers and loss (RFC 3550 A.1, A.3), interarrival jitter (A.8)."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint16_t, uint32_t, uint64_t

from ext.engine_jitter cimport OLDEST_S, units
from ext.engine_losses cimport Losses, losses_advance, losses_discard, losses_late, losses_restart

cdef enum:
    MAX_DROPOUT = 3000      # RFC 3550 A.1: a jump further than this is a new start
    MAX_MISORDER = 100
    LONGEST_PACKET_MS = 200     # RFC 3551 section 4.2: the longest that receivers take

cdef struct Reception:      # RFC 3550 appendix A
    bint started
    uint32_t ssrc
    uint16_t top            # highest sequence number seen
    uint32_t cycles         # shifted, as in A.1
    uint32_t base           # extended sequence number of the first
    uint64_t received       # of this SSRC
    uint64_t unique         # the same without what came twice
    uint64_t duplicates     # of all SSRCs
    uint64_t discarded      # came too late to be played, of all SSRCs
    Losses losses
    int64_t lost_before     # by SSRCs that came before
    uint64_t expected_prior
    uint64_t received_prior
    bint timed
    uint32_t transit
    double jitter           # in timestamp units
    double jitter_sum_s     # all that moved it, in seconds, and how many they were
    uint64_t jitter_count
    uint32_t timestamp      # of the newest audio, and its sequence number
    uint16_t sequence
    double spacing_ms       # between packets; 0: not yet known
    uint64_t packets
    uint64_t octets


cdef inline uint64_t expected_packets(const Reception* reception) noexcept nogil:
    if not reception.started:
        return 0
    return <uint64_t>(reception.cycles + reception.top - reception.base) + 1


cdef inline int64_t packets_lost(const Reception* reception) noexcept nogil:
    """Of all SSRCs so far. What came twice counts once, unlike in a report block (A.3)."""
    return reception.lost_before + <int64_t>(expected_packets(reception) - reception.unique)


cdef inline void reception_restart(Reception* reception, uint32_t ssrc, uint16_t sequence) noexcept nogil:
    reception.lost_before = packets_lost(reception)
    reception.started = True
    reception.ssrc = ssrc
    reception.top = sequence
    reception.base = sequence
    reception.cycles = 0
    reception.received = reception.unique = 1
    losses_restart(&reception.losses)
    reception.expected_prior = 0
    reception.received_prior = 0
    reception.timed = False


cdef inline bint reception_sequence(Reception* reception, uint32_t ssrc, uint16_t sequence) noexcept nogil:
    """True: it leaps, and begins a count of its own."""
    cdef int16_t step = <int16_t>(sequence - reception.top)
    if (
        not reception.started
        or ssrc != reception.ssrc
        or step > MAX_DROPOUT
        or step < -MAX_MISORDER
    ):
        reception_restart(reception, ssrc, sequence)
        return True
    reception.received += 1
    if step > 0:
        if sequence < reception.top:
            reception.cycles += 65536
        reception.top = sequence
        reception.unique += 1
        losses_advance(&reception.losses, step)
    elif losses_late(&reception.losses, -step):
        reception.unique += 1
    elif -step < reception.losses.known:
        reception.duplicates += 1
    return False


cdef inline bint is_stale(
    const Reception* reception, uint32_t ssrc, uint16_t sequence, uint32_t timestamp, int rate_hz
) noexcept nogil:
    """Seconds late, by its number and by its timestamp: of no use to anybody, and no new start either."""
    cdef int32_t age = <int32_t>(reception.timestamp - timestamp)
    return (
        reception.timed
        and ssrc == reception.ssrc
        and <int16_t>(sequence - reception.top) < -MAX_MISORDER
        and 0 < age < OLDEST_S * rate_hz
    )


cdef inline void reception_discard(Reception* reception, uint16_t sequence) noexcept nogil:
    """This packet came, but too late to be played."""
    if losses_discard(&reception.losses, <int16_t>(reception.top - sequence)):
        reception.discarded += 1


cdef inline void measure_spacing(
    Reception* reception, uint16_t sequence, uint32_t timestamp, int rate_hz
) noexcept nogil:
    """From two packets of audio, one right after the other."""
    cdef double ms = <double><uint32_t>(timestamp - reception.timestamp) * 1000 / rate_hz
    if reception.timed and <uint16_t>(sequence - reception.sequence) == 1 and 0 < ms <= LONGEST_PACKET_MS:
        reception.spacing_ms = ms
    reception.timestamp = timestamp
    reception.sequence = sequence


cdef inline void reception_jitter(
    Reception* reception, uint16_t sequence, uint32_t timestamp, int rate_hz, int64_t now_ns
) noexcept nogil:
    """Only for audio: the packets of a telephone-event share one timestamp (RFC 4733 section 2.2)."""
    cdef uint32_t transit = units(now_ns, rate_hz) - timestamp
    cdef double distance
    if reception.timed:
        distance = <double><int32_t>(transit - reception.transit)
        if distance < 0:
            distance = -distance
        # A jump of a second is a new talkspurt of a device that does not count silence, not jitter.
        if distance < rate_hz:
            reception.jitter += (distance - reception.jitter) / 16
            reception.jitter_sum_s += distance / rate_hz
            reception.jitter_count += 1
    measure_spacing(reception, sequence, timestamp, rate_hz)
    reception.transit = transit
    reception.timed = True
