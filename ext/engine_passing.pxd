"""STUN and DTLS (RFC 7983) between a port and Python: up through a bounded ring, down by orders.

Only for a port that asked, and no more of them than a handshake takes: whoever floods one port costs the
others nothing. What finds no room is dropped and counted: both protocols repeat themselves.
"""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from ext.engine_messages cimport PASSED_OCTETS, Order, Passed
from ext.engine_os cimport MSG_DONTWAIT, MSG_NOSIGNAL, Address, address_length, sendto
from ext.engine_port cimport Port
from ext.engine_ring cimport ring_push
from ext.engine_secrecy cimport may_speak_from
from ext.engine_worker cimport Worker

cdef enum:
    STUN_BELOW = 4          # the first octet of a datagram tells what it is
    DTLS_FROM = 20
    DTLS_BELOW = 64
    PASSED_AT_ONCE = 32     # of one port in 200 ms


cdef inline bint is_stun(const uint8_t* packet, int length) noexcept nogil:
    return length > 0 and packet[0] < STUN_BELOW


cdef inline bint is_dtls(const uint8_t* packet, int length) noexcept nogil:
    return length > 0 and DTLS_FROM <= packet[0] < DTLS_BELOW


cdef inline bint passed_up(
    Worker* worker, Port* port, const uint8_t* packet, int length, const Address* source
) noexcept nogil:
    """Whether the datagram is Python's business. DTLS is so only from where the peer's media may come: a check
    of ICE can come from anywhere, and what it finds is where they come from.
    """
    cdef Passed passed
    if not port.passes or not (is_stun(packet, length) or is_dtls(packet, length)):
        return False
    if is_dtls(packet, length) and not may_speak_from(port, source, False):
        port.strangers += 1
        worker.totals.strangers += 1
        return True
    if length <= PASSED_OCTETS and port.passed < PASSED_AT_ONCE:
        port.passed += 1
        passed.slot = port.slot
        passed.generation = port.generation
        passed.source = source[0]
        passed.length = length
        memcpy(passed.octets, packet, length)
        if ring_push(&worker.passed, &passed):
            worker.told = True
            return True
    worker.totals.passed_dropped += 1
    return True


cdef inline void pass_down(Worker* worker, Port* port, const Order* order) noexcept nogil:
    """From the port's own socket, past the lock: to where Python says."""
    if sendto(
        port.rtp_fd,
        order.block,
        order.count,
        MSG_DONTWAIT | MSG_NOSIGNAL,
        &order.rtp.any,
        address_length(&order.rtp),
    ) < 0:
        worker.totals.send_errors += 1
