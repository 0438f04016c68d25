"""A port's keys at work: unprotect right after receive, protect right before the wire.

Between the two everything is in the clear: relay, recorder, digits. What does not prove itself by its tag is
dropped before the latch and the counters of what was received.
"""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from ext.engine_latch cimport host_allowed
from ext.engine_messages cimport Order
from ext.engine_os cimport Address, same_host
from ext.engine_port cimport Port, Secrecy
from ext.engine_srtp cimport (
    SRTP_FAILED, SRTP_OK, SRTP_REPLAYED, SRTP_TOO_OLD, srtp_protect, srtp_release, srtp_unprotect,
)
from ext.engine_worker cimport Worker


cdef inline bint may_speak_from(const Port* port, const Address* source, bint control) noexcept nogil:
    """Cheap, and before any cryptography: whether the peer's packets can come from that host."""
    control = control and not port.muxed
    if control and port.latch.rtcp_locked:
        return same_host(source, &port.latch.rtcp_peer)
    if port.latch.locked:
        return same_host(source, &port.latch.peer)
    return host_allowed(port, source, &port.sdp_rtcp if control else &port.sdp_rtp)


cdef inline int unprotect(
    Worker* worker, Secrecy* secrecy, bint control, uint8_t* packet, int* length
) noexcept nogil:
    """Under the key that holds, or the one before it until the first packet of the new one has come."""
    cdef int status, before, whole = length[0]
    if secrecy.received_before == NULL:
        return srtp_unprotect(secrecy.receives, control, packet, length)
    memcpy(worker.sealed, packet, whole)
    status = srtp_unprotect(secrecy.receives, control, packet, length)
    if status == SRTP_OK:
        srtp_release(secrecy.received_before)
        secrecy.received_before = NULL
        return status
    before = srtp_unprotect(secrecy.received_before, control, worker.sealed, &whole)
    if before != SRTP_OK:
        return before if before == SRTP_REPLAYED or before == SRTP_TOO_OLD else status
    memcpy(packet, worker.sealed, whole)
    length[0] = whole
    return SRTP_OK


cdef inline bint opened(
    Worker* worker, Port* port, bint control, uint8_t* packet, int* length, const Address* source
) noexcept nogil:
    """Whether the packet may be looked into, which then is in the clear; if not it is counted here."""
    cdef int status
    if port.secrecy.receives == NULL and not port.secrecy.shut:
        return True
    if not may_speak_from(port, source, control):
        port.strangers += 1
        worker.totals.strangers += 1
        return False
    status = SRTP_FAILED
    if port.secrecy.receives != NULL:
        status = unprotect(worker, &port.secrecy, control, packet, length)
    if status == SRTP_OK:
        return True
    if status == SRTP_REPLAYED or status == SRTP_TOO_OLD:
        port.secrecy.replayed += 1
        worker.totals.srtp_replayed += 1
    else:
        port.secrecy.failed += 1
        worker.totals.srtp_failed += 1
    return False


cdef inline const uint8_t* sealed(
    Worker* worker, Port* port, bint control, const uint8_t* packet, size_t* length
) noexcept nogil:
    """What goes on the wire in place of the packet, good until the next; NULL: nothing does."""
    if port.secrecy.sends == NULL:
        return NULL if port.secrecy.shut else packet
    length[0] = srtp_protect(port.secrecy.sends, control, worker.sealed, packet, <int>length[0])
    return worker.sealed if length[0] else NULL


cdef inline void secure_port(Port* port, Order* order) noexcept nogil:
    """New keys, or the same ones again, whose counters then go on."""
    cdef Secrecy* secrecy = &port.secrecy
    srtp_release(secrecy.sends)
    secrecy.sends = order.sends
    secrecy.shut = order.flag
    order.sends = NULL
    if order.receives == secrecy.receives:
        return
    srtp_release(secrecy.received_before)
    secrecy.received_before = secrecy.receives
    secrecy.receives = order.receives
    order.receives = NULL
    if secrecy.receives == NULL:
        srtp_release(secrecy.received_before)
        secrecy.received_before = NULL


cdef inline void forget_keys(Port* port) noexcept nogil:
    """The port closes."""
    cdef Secrecy* secrecy = &port.secrecy
    srtp_release(secrecy.sends)
    srtp_release(secrecy.receives)
    srtp_release(secrecy.received_before)
    secrecy.sends = secrecy.receives = secrecy.received_before = NULL
