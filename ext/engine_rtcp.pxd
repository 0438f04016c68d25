"""RTCP (RFC 3550 section 6): a report every five seconds or so, and what the peer's reports say.

The CNAME is random for each port (RFC 7022), so it tells nothing of the machine and links no two calls.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy

from ext.engine_jitter cimport units
from ext.engine_latch cimport admit_control, rtcp_target, rtp_peer
from ext.engine_messages cimport CNAME_LENGTH
from ext.engine_octets cimport get16, get32, in_ntp_units, ntp_now, put_head, put_network
from ext.engine_os cimport MSG_DONTWAIT, MSG_NOSIGNAL, Address, address_length, sendto
from ext.engine_port cimport Control, Port
from ext.engine_reception cimport Reception, expected_packets
from ext.engine_secrecy cimport opened, sealed
from ext.engine_worker cimport Worker, next_random
from ext.engine_xr cimport note_trip, put_extended, read_extended

cdef enum:
    SENDER_REPORT = 200
    RECEIVER_REPORT = 201
    SOURCE_DESCRIPTION = 202
    GOODBYE = 203
    REPORT_BLOCK = 24       # octets
    LONGEST_REPORT = 256

cdef extern from *:
    """
    #define RTCP_INTERVAL_NS 5000000000LL
    """
    const int64_t RTCP_INTERVAL_NS


# --- what we report ---

cdef inline uint8_t* put_sender(Worker* worker, Port* port, uint8_t* octets) noexcept nogil:
    """Section 6.4.1: NTP time, the same moment in RTP time, packets and octets sent."""
    cdef uint64_t ntp = ntp_now()
    cdef uint32_t elapsed = units(worker.now_ns - port.stream.timestamp_ns, port.stream.rate_hz)
    octets = put_network(octets, <uint32_t>(ntp >> 32))
    octets = put_network(octets, <uint32_t>ntp)
    octets = put_network(octets, port.stream.timestamp + elapsed)
    octets = put_network(octets, <uint32_t>port.stream.packets)
    return put_network(octets, <uint32_t>port.stream.octets)


cdef inline uint8_t* put_report(Worker* worker, Port* port, uint8_t* octets) noexcept nogil:
    """One report block: what we hear of the peer (A.3). What came twice makes up for what was lost."""
    cdef Reception* reception = &port.reception
    cdef uint64_t expected = expected_packets(reception)
    cdef int64_t wanted = <int64_t>(expected - reception.expected_prior)
    cdef int64_t missing = wanted - <int64_t>(reception.received - reception.received_prior)
    cdef int64_t lost = <int64_t>expected - <int64_t>reception.received
    cdef uint32_t fraction = 0
    if wanted > 0 and missing > 0:
        fraction = <uint32_t>((missing << 8) // wanted)
    if fraction > 255:
        fraction = 255
    reception.expected_prior = expected
    reception.received_prior = reception.received
    octets = put_network(octets, reception.ssrc)
    lost = 0x7FFFFF if lost > 0x7FFFFF else -0x800000 if lost < -0x800000 else lost
    octets = put_network(octets, fraction << 24 | <uint32_t>lost & 0xFFFFFF)
    octets = put_network(octets, reception.cycles + reception.top)
    octets = put_network(octets, <uint32_t>reception.jitter)
    octets = put_network(octets, port.control.last_report)
    if port.control.last_report == 0:
        return put_network(octets, 0)
    return put_network(octets, in_ntp_units(worker.now_ns - port.control.last_report_ns))


cdef inline uint8_t* put_cname(Port* port, uint8_t* octets) noexcept nogil:
    """Section 6.5.1, padded with at least one zero octet to 32 bits."""
    octets = put_head(octets, 1, SOURCE_DESCRIPTION, 1 + (CNAME_LENGTH + 4) // 4)
    octets = put_network(octets, port.stream.ssrc)
    octets[0] = 1
    octets[1] = CNAME_LENGTH
    memcpy(octets + 2, port.cname, CNAME_LENGTH)
    octets[2 + CNAME_LENGTH] = octets[3 + CNAME_LENGTH] = 0
    return octets + CNAME_LENGTH + 4


cdef inline void send_report(Worker* worker, Port* port, bint goodbye) noexcept nogil:
    """A sender's report if something was sent since the last one, else a receiver's."""
    cdef uint8_t packet[LONGEST_REPORT]
    cdef uint8_t* end = packet
    cdef const Address* target = rtp_peer(port) if port.muxed else rtcp_target(port)
    cdef bint sender = port.stream.packets != port.control.packets_told
    cdef int blocks = 1 if port.reception.started else 0
    cdef int words = 1 + (5 if sender else 0) + 6 * blocks
    cdef const uint8_t* ready
    cdef size_t length
    if target == NULL:
        return
    end = put_head(end, blocks, SENDER_REPORT if sender else RECEIVER_REPORT, words)
    end = put_network(end, port.stream.ssrc)
    if sender:
        end = put_sender(worker, port, end)
    if blocks:
        end = put_report(worker, port, end)
    end = put_cname(port, end)
    end = put_extended(worker, port, sender, end)
    if goodbye:
        end = put_network(put_head(end, 1, GOODBYE, 1), port.stream.ssrc)
    port.control.packets_told = port.stream.packets
    length = end - packet
    ready = sealed(worker, port, True, packet, &length)
    if ready == NULL:
        return
    if sendto(
        port.rtp_fd if port.muxed else port.rtcp_fd,
        ready,
        length,
        MSG_DONTWAIT | MSG_NOSIGNAL,
        &target.any,
        address_length(target),
    ) < 0:
        worker.totals.send_errors += 1
    else:
        port.control.sent += 1


cdef inline void schedule_report(Worker* worker, Port* port) noexcept nogil:
    """After half to one and a half intervals, so a thousand ports do not report at once (section 6.3.1)."""
    port.control.due_ns = worker.now_ns + RTCP_INTERVAL_NS // 2 + <int64_t>(
        next_random(worker) % <uint64_t>RTCP_INTERVAL_NS
    )


# --- what the peer reports ---

cdef inline bint well_formed(const uint8_t* packet, int length) noexcept nogil:
    """RFC 3550 appendix A.2: version 2 throughout, a report first, and lengths that add up."""
    cdef int at = 0
    if length < 8 or (packet[1] != SENDER_REPORT and packet[1] != RECEIVER_REPORT):
        return False
    while at + 4 <= length and packet[at] >> 6 == 2:
        at += 4 * (get16(packet + at + 2) + 1)
    return at == length


cdef inline void read_block(Worker* worker, Port* port, const uint8_t* block) noexcept nogil:
    """What the peer hears of us."""
    cdef Control* control = &port.control
    cdef uint32_t lost = get32(block + 4) & 0xFFFFFF
    if get32(block) != port.stream.ssrc:
        return
    control.reported = True
    control.peer_lost = lost if lost < 0x800000 else 0
    control.peer_expected = <int64_t>get32(block + 8) - control.first_sequence + 1
    control.peer_jitter = get32(block + 12)
    note_trip(control, get32(block + 16), get32(block + 20))


cdef inline void read_report(Worker* worker, Port* port, const uint8_t* packet) noexcept nogil:
    """The first packet of the compound."""
    cdef int at = 8
    cdef int blocks = packet[0] & 0x1F
    cdef int end = 4 * (get16(packet + 2) + 1)
    if packet[1] == SENDER_REPORT:
        if end < 28:
            return
        port.control.last_report = get32(packet + 10)
        port.control.last_report_ns = worker.now_ns
        at = 28
    while blocks > 0 and at + REPORT_BLOCK <= end:
        read_block(worker, port, packet + at)
        at += REPORT_BLOCK
        blocks -= 1


cdef inline void control_read(
    Worker* worker, Port* port, const uint8_t* packet, int length
) noexcept nogil:
    """RTCP of who may speak here, in the clear."""
    port.rtcp_ns = worker.now_ns
    port.silence_told = False
    port.control.received += 1
    read_report(worker, port, packet)
    read_extended(worker, port, packet, length)


cdef inline void control_packet(
    Worker* worker, Port* port, uint8_t* packet, int length, const Address* source
) noexcept nogil:
    """A sign of life, when it is RTCP and from who may speak here; anything else counts as a stranger's."""
    if not opened(worker, port, True, packet, &length, source):
        return
    if not well_formed(packet, length) or not admit_control(worker, port, source, get32(packet + 4)):
        port.strangers += 1
        worker.totals.strangers += 1
        return
    control_read(worker, port, packet, length)
