"""Extended reports (RFC 3611): VoIP metrics both ways, and the round trip for who does not send.

A VoIP metrics block goes with each of our reports once the peer was heard. A receiver reference time goes
along when nothing was sent, for then no sender report asks for the round trip; the peer's is answered. Neither
goes to who does not take it.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy

from ext.emodel cimport mos_of
from ext.engine_heard cimport EXCESS_MS
from ext.engine_jitter cimport LONGEST_MS
from ext.engine_losses cimport (
    GMIN, Losses, losses_settled, lost_in_bursts, packets_in_bursts, packets_in_gaps, part,
)
from ext.engine_octets cimport get16, get32, in_ntp_units, ntp_now, put16, put_head, put_network
from ext.engine_os cimport atomic_fence, atomic_store
from ext.engine_port cimport METRICS, Control, Facts, Port
from ext.engine_quality cimport delay_ms, rating_heard, spacing_ms
from ext.engine_worker cimport Worker

cdef enum:
    EXTENDED_REPORT = 207
    RECEIVER_REFERENCE = 4  # block types
    DELAY_SINCE_LAST = 5
    VOIP_METRICS = 7
    UNKNOWN = 127           # of levels, ratings and scores that are not measured
    STANDARD_CONCEALMENT = 0xC0     # section 4.7.6
    ADAPTIVE_BUFFER = 0x30
    LONGEST_TRIP = 10 << 16         # 10 s, far more than anybody talks through


# --- what we report ---

cdef inline uint8_t in_256ths(double fraction) noexcept nogil:
    cdef int whole = <int>(fraction * 256.0)
    return <uint8_t>(whole if whole < 255 else 255)


cdef inline uint16_t in_16_bits(double value) noexcept nogil:
    return <uint16_t>(value if value < 65535.0 else 65535.0)


cdef inline uint8_t* put_losses(const Port* port, const Losses* losses, uint8_t* octets) noexcept nogil:
    """Sections 4.7.1 and 4.7.2. Gaps are one more than bursts: a stream begins and ends with one."""
    cdef double each_ms = spacing_ms(port)
    cdef uint64_t all = packets_in_gaps(losses) + packets_in_bursts(losses)
    cdef uint64_t lost = losses.c14 + lost_in_bursts(losses) - port.reception.discarded
    octets[0] = in_256ths(part(lost, all))
    octets[1] = in_256ths(part(port.reception.discarded, all))
    octets[2] = in_256ths(part(lost_in_bursts(losses), packets_in_bursts(losses)))
    octets[3] = in_256ths(part(losses.c14, packets_in_gaps(losses)))
    octets = put16(octets + 4, in_16_bits(each_ms * part(packets_in_bursts(losses), losses.c13)))
    return put16(octets, in_16_bits(each_ms * part(packets_in_gaps(losses), losses.c13 + 1)))


cdef inline uint8_t* put_metrics(Port* port, uint8_t* octets) noexcept nogil:
    """Section 4.7. What a switch cannot know of the end system stays at zero or unknown."""
    cdef Losses losses = losses_settled(&port.reception.losses)
    cdef double delay = delay_ms(port)
    cdef double rating = rating_heard(port, &losses, delay)
    cdef int64_t trip = port.control.round_trip_ns
    octets[0] = VOIP_METRICS
    octets[1] = 0
    octets = put16(octets + 2, 1 + METRICS // 4)
    octets = put_network(octets, port.reception.ssrc)
    octets = put_losses(port, &losses, octets)
    octets = put16(octets, in_16_bits(<double>trip / 1e6 if trip > 0 else 0.0))
    octets = put16(octets, 0)
    octets[0] = octets[1] = octets[2] = UNKNOWN
    octets[3] = GMIN
    octets[4] = <uint8_t>(0.0 if rating < 0.0 else 100.0 if rating > 100.0 else rating + 0.5)
    octets[5] = UNKNOWN
    octets[6] = <uint8_t>(10.0 * mos_of(rating_heard(port, &losses, 0.0)) + 0.5)
    octets[7] = <uint8_t>(10.0 * mos_of(rating) + 0.5)
    octets[8] = STANDARD_CONCEALMENT | ADAPTIVE_BUFFER if port.buffer_ms else 0
    octets[9] = 0
    octets = put16(octets + 10, <uint16_t>port.buffer_ms)
    octets = put16(octets, <uint16_t>port.buffer_most_ms)
    return put16(octets, LONGEST_MS + EXCESS_MS if port.buffer_ms else 0)


cdef inline uint8_t* put_reference(uint8_t* octets) noexcept nogil:
    """Section 4.4."""
    cdef uint64_t ntp = ntp_now()
    octets = put_network(octets, RECEIVER_REFERENCE << 24 | 2)
    octets = put_network(octets, <uint32_t>(ntp >> 32))
    return put_network(octets, <uint32_t>ntp)


cdef inline uint8_t* put_delay(const Worker* worker, const Port* port, uint8_t* octets) noexcept nogil:
    """Section 4.5: the peer's reference time, and how long ago it came."""
    octets = put_network(octets, DELAY_SINCE_LAST << 24 | 3)
    octets = put_network(octets, port.control.reference_ssrc)
    octets = put_network(octets, port.control.last_reference)
    return put_network(octets, in_ntp_units(worker.now_ns - port.control.last_reference_ns))


cdef inline uint8_t* put_extended(
    const Worker* worker, Port* port, bint sender, uint8_t* packet
) noexcept nogil:
    """An XR packet, when there is something to put into it."""
    cdef uint8_t* octets = packet + 8
    if port.reception.started and port.takes_metrics:
        octets = put_metrics(port, octets)
    if not sender and port.takes_reference:
        octets = put_reference(octets)
    if port.control.last_reference:
        octets = put_delay(worker, port, octets)
    if octets == packet + 8:
        return packet
    put_network(put_head(packet, 0, EXTENDED_REPORT, <int>(octets - packet) // 4 - 1), port.stream.ssrc)
    return octets


# --- what the peer reports ---

cdef inline void keep_metrics(Facts* facts, const uint8_t* octets) noexcept nogil:
    atomic_store(&facts.version, facts.version + 1)
    atomic_fence()
    memcpy(facts.metrics, octets, METRICS)
    facts.metered = True
    atomic_fence()
    atomic_store(&facts.version, facts.version + 1)


cdef inline void read_delays(Port* port, const uint8_t* block, int words) noexcept nogil:
    """Of all sub-blocks the one that is ours."""
    cdef int at
    for at in range(4, 4 + 4 * words - 8, 12):
        if get32(block + at) == port.stream.ssrc:
            note_trip(&port.control, get32(block + at + 4), get32(block + at + 8))


cdef inline void note_trip(Control* control, uint32_t last, uint32_t delay) noexcept nogil:
    """RFC 3550 section 6.4.1, figure 2: times in units of 1/65536 s, `last` 0 if the peer had none."""
    cdef uint32_t trip = <uint32_t>(ntp_now() >> 16) - last - delay
    if last != 0 and trip < LONGEST_TRIP:   # clocks that were set, and peers that err, give nonsense
        control.round_trip_ns = <int64_t>trip * 1000000000 // 65536


cdef inline void read_extended_block(
    Worker* worker, Port* port, uint32_t ssrc, const uint8_t* block, int words
) noexcept nogil:
    """`ssrc` is who sent it."""
    if block[0] == VOIP_METRICS and words == 1 + METRICS // 4:
        if get32(block + 4) == port.stream.ssrc:
            keep_metrics(&port.facts, block + 8)
    elif block[0] == RECEIVER_REFERENCE and words == 2:
        port.control.last_reference = get32(block + 6)
        port.control.last_reference_ns = worker.now_ns
        port.control.reference_ssrc = ssrc
    elif block[0] == DELAY_SINCE_LAST:
        read_delays(port, block, words)


cdef inline void read_extended(
    Worker* worker, Port* port, const uint8_t* packet, int length
) noexcept nogil:
    """Every XR packet of a compound that is well formed as a whole; blocks of other types are skipped."""
    cdef int at = 0
    cdef int end, words
    cdef uint32_t ssrc
    while at < length:
        end = at + 4 * (get16(packet + at + 2) + 1)
        if packet[at + 1] == EXTENDED_REPORT and at + 8 <= end:
            ssrc = get32(packet + at + 4)
            at += 8
            while at + 4 <= end:
                words = get16(packet + at + 2)
                if at + 4 + 4 * words > end:
                    break
                read_extended_block(worker, port, ssrc, packet + at, words)
                at += 4 + 4 * words
        at = end
