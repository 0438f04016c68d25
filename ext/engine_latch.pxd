"""Latching: who may speak on a port, and where the port's packets go (symmetric RTP, RFC 4961).

Three packets of one SSRC in step, within a second, from one address of an allowed host, lock the port to
it. Two seconds of its silence and a valid packet of the same SSRC from another port of the same host unlock
it, and so does SDP with a new address.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t
from libc.string cimport memset

from ext.engine_messages cimport EVENT_LOCK
from ext.engine_os cimport (
    AF_UNSPEC, Address, address_length, connect, host_words, reachable, same_address, same_host, sockaddr,
    somewhere, word_count,
)
from ext.engine_port cimport CANDIDATES, Candidate, Latch, Network, Port
from ext.engine_tell cimport tell
from ext.engine_worker cimport Worker
from ext.rtp cimport RtpHeader

cdef enum:
    PACKETS_TO_LOCK = 3

cdef extern from *:
    """
    #define LOCK_WITHIN_NS 1000000000LL
    #define MOVED_AFTER_NS 2000000000LL
    """
    const int64_t LOCK_WITHIN_NS
    const int64_t MOVED_AFTER_NS


cdef inline bint within(const Network* network, const Address* source) noexcept nogil:
    cdef const uint32_t* words = host_words(source)
    cdef int i
    for i in range(word_count(source)):
        if words[i] & network.mask[i] != network.base[i]:
            return False
    return True


cdef inline bint host_allowed(const Port* port, const Address* source, const Address* sdp) noexcept nogil:
    cdef int i
    if somewhere(sdp) and same_host(source, sdp):
        return True
    for i in range(port.allowed_count):
        if within(&port.allowed[i], source):
            return True
    return False


cdef inline bint agreed_type(const Port* port, const RtpHeader* header) noexcept nogil:
    return (
        header.payload_type == port.receive_type
        or header.payload_type == port.receive_event
        or header.payload_type == port.payload_type
    )


cdef inline void unlock(Worker* worker, Port* port) noexcept nogil:
    """Back to the SDP address, RTCP too. A disconnected socket keeps its port: it was bound to it."""
    cdef sockaddr nowhere
    cdef bint was = port.latch.locked
    memset(&port.latch, 0, sizeof(Latch))
    if was:
        memset(&nowhere, 0, sizeof(nowhere))
        nowhere.sa_family = AF_UNSPEC
        connect(port.rtp_fd, &nowhere, sizeof(nowhere))
        tell(worker, port, EVENT_LOCK, 0, 0)


cdef inline void lock(Worker* worker, Port* port, const Address* peer, uint32_t ssrc) noexcept nogil:
    """RTCP that another host or stream has sent before was not the peer's."""
    if not same_host(&port.latch.rtcp_peer, peer) or port.latch.rtcp_ssrc != ssrc:
        port.latch.rtcp_locked = False
    port.latch.locked = True
    port.latch.peer = peer[0]
    connect(port.rtp_fd, &peer.any, address_length(peer))
    tell(worker, port, EVENT_LOCK, 1, 0)


cdef inline Candidate* candidate_of(Latch* latch, const Address* source, uint32_t ssrc) noexcept nogil:
    """Several streams may compete, as after a fork: each counts for itself, the newest ousts the oldest."""
    cdef int i
    cdef Candidate* candidate
    for i in range(CANDIDATES):
        candidate = &latch.candidates[i]
        if candidate.count and candidate.ssrc == ssrc and same_address(&candidate.address, source):
            return candidate
    candidate = &latch.candidates[latch.oldest]
    latch.oldest = (latch.oldest + 1) % CANDIDATES
    candidate.address = source[0]
    candidate.ssrc = ssrc
    candidate.count = 0
    return candidate


cdef inline void consider(
    Worker* worker, Port* port, const Address* source, const RtpHeader* header
) noexcept nogil:
    """One valid packet from an allowed host, while the port is not locked."""
    cdef Candidate* candidate = candidate_of(&port.latch, source, header.ssrc)
    if (
        candidate.count == 0
        or header.sequence != <uint16_t>(candidate.sequence + 1)
        or worker.now_ns - candidate.since_ns > LOCK_WITHIN_NS
    ):
        candidate.count = 0
        candidate.since_ns = worker.now_ns
    candidate.sequence = header.sequence
    candidate.count += 1
    if candidate.count >= PACKETS_TO_LOCK:
        lock(worker, port, source, header.ssrc)


cdef inline bint admit(
    Worker* worker, Port* port, const Address* source, const RtpHeader* header
) noexcept nogil:
    """Whether this RTP packet is heard. Locks and unlocks as it goes."""
    cdef Latch* latch = &port.latch
    if latch.locked:
        if same_address(source, &latch.peer):
            return True
        if (
            not same_host(source, &latch.peer)
            or header.ssrc != port.reception.ssrc
            or not agreed_type(port, header)
            or worker.now_ns - port.rtp_ns < MOVED_AFTER_NS
        ):
            return False
        unlock(worker, port)
    if not host_allowed(port, source, &port.sdp_rtp):
        return False
    if agreed_type(port, header):
        consider(worker, port, source, header)
    return True


cdef inline bint admit_control(
    Worker* worker, Port* port, const Address* source, uint32_t ssrc
) noexcept nogil:
    """The same for RTCP, where one packet of the stream's SSRC is enough: they come seconds apart."""
    cdef Latch* latch = &port.latch
    if latch.rtcp_locked:
        if same_address(source, &latch.rtcp_peer):
            return True
        if (
            not same_host(source, &latch.rtcp_peer)
            or ssrc != latch.rtcp_ssrc
            or worker.now_ns - port.rtcp_ns < MOVED_AFTER_NS
        ):
            return False
    elif latch.locked and not same_host(source, &latch.peer):
        return False
    elif not host_allowed(port, source, &port.sdp_rtcp):
        return False
    elif port.reception.started and ssrc != port.reception.ssrc:
        return False
    latch.rtcp_locked = True
    latch.rtcp_peer = source[0]
    latch.rtcp_ssrc = ssrc
    return True


cdef inline const Address* rtp_target(const Port* port) noexcept nogil:
    """Where RTP goes before the lock, or NULL: nowhere."""
    return &port.sdp_rtp if reachable(&port.sdp_rtp) else NULL


cdef inline const Address* rtp_peer(const Port* port) noexcept nogil:
    """Where RTP goes, before the lock or after it."""
    return &port.latch.peer if port.latch.locked else rtp_target(port)


cdef inline const Address* rtcp_target(const Port* port) noexcept nogil:
    if port.latch.rtcp_locked:
        return &port.latch.rtcp_peer
    return &port.sdp_rtcp if reachable(&port.sdp_rtcp) else NULL
