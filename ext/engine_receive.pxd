"""Draining a port's sockets, and the way of one packet: who is it, what is it, who listens.

Before the lock both RTP sockets are unconnected and the kernel spreads peers over them by hash; after it
the peer's packets come to the connected one and all others to the second, which so counts strangers, keeps
the kernel from answering them with ICMP, and shows a peer that moved. A packet is judged by its source
alone, never by its socket.
"""

from libc.stdint cimport uint64_t, uint8_t

from ext.engine_codec cimport PCMU
from ext.engine_digits cimport digit_packet, digits_leap, digits_restart
from ext.engine_hearing cimport listen
from ext.engine_inband cimport inband_leap, inband_packet
from ext.engine_latch cimport admit, host_allowed
from ext.engine_masking cimport mask_heard
from ext.engine_messages cimport EVENT_FIRST
from ext.engine_os cimport (
    EAGAIN, EPOLLET, EPOLLIN, EPOLL_CTL_MOD, MSG_DONTWAIT, Address, epoll_ctl, epoll_event, errno, recvmmsg,
    same_address,
)
from ext.engine_passing cimport passed_up
from ext.engine_port cimport Port
from ext.engine_reception cimport is_stale, reception_jitter, reception_sequence
from ext.engine_recorder cimport record_packet
from ext.engine_rtcp cimport control_packet, control_read, well_formed
from ext.engine_secrecy cimport may_speak_from, opened
from ext.engine_sources cimport relay_to_listeners
from ext.engine_stream cimport COMFORT_NOISE, HEARD_AUDIO, HEARD_EVENT, HEARD_NOISE, HEARD_OTHER
from ext.engine_tap cimport LEFT
from ext.engine_tell cimport tell
from ext.engine_worker cimport BATCH, DATAGRAM, Worker
from ext.rtp cimport RtpHeader, rtp_read

cdef enum:
    RTP_SOCKET = 0
    STRANGER_SOCKET = 1
    RTCP_SOCKET = 2
    ROUNDS = 8              # batches of one socket before the others have their turn


cdef inline void count_stranger(Worker* worker, Port* port) noexcept nogil:
    port.strangers += 1
    worker.totals.strangers += 1


cdef inline int classify(const Port* port, const RtpHeader* header) noexcept nogil:
    if header.payload_length > 0:
        if header.payload_type == port.receive_type:
            return HEARD_AUDIO
        if header.payload_type == port.receive_event:
            return HEARD_EVENT
        if header.payload_type == port.payload_type:
            return HEARD_AUDIO
        if header.payload_type == COMFORT_NOISE:
            return HEARD_NOISE
    return HEARD_OTHER


cdef inline void hear(Worker* worker, Port* port, const RtpHeader* header, uint8_t* payload) noexcept nogil:
    """A packet of who may speak here."""
    cdef int heard = classify(port, header)
    port.rtp_ns = worker.now_ns
    port.silence_told = False
    port.reception.packets += 1
    port.reception.octets += header.payload_length
    worker.totals.packets_received += 1
    worker.totals.octets_received += header.payload_length
    if is_stale(
        &port.reception, header.ssrc, header.sequence, header.timestamp, port.stream.rate_hz
    ):
        port.reception.received += 1
        return
    if heard <= HEARD_EVENT and port.facts.counts[EVENT_FIRST] == 0:
        tell(worker, port, EVENT_FIRST, 1, 0)
    if header.ssrc != port.reception.ssrc:
        digits_restart(worker, port)
    if reception_sequence(&port.reception, header.ssrc, header.sequence):
        digits_leap(port)
        inband_leap(port)
    if heard == HEARD_AUDIO:
        reception_jitter(
            &port.reception, header.sequence, header.timestamp, port.stream.rate_hz, worker.now_ns
        )
        if port.taps != NULL and port.codec <= PCMU:
            record_packet(worker, port, LEFT, header.timestamp, payload, header.payload_length)
        if port.inband != NULL and port.codec <= PCMU:
            inband_packet(worker, port, header, payload)
    elif heard == HEARD_EVENT:
        digit_packet(worker, port, header.timestamp, payload, header.payload_length)
        if port.digits.seen:
            mask_heard(worker, port, port.digits.duration, 0)
    if port.heard != NULL:
        listen(worker, port, heard, header, payload)
    relay_to_listeners(worker, port, heard, header, payload)


cdef inline void muxed_control(
    Worker* worker, Port* port, const uint8_t* packet, int length, const Address* source
) noexcept nogil:
    """RTCP on the RTP port (RFC 5761). Where it was not agreed on: a sign of the peer's life and no more."""
    if port.muxed and may_speak_from(port, source, False) and well_formed(packet, length):
        control_read(worker, port, packet, length)
    elif not port.muxed and port.latch.locked and same_address(source, &port.latch.peer):
        port.rtcp_ns = worker.now_ns
        port.silence_told = False
        port.control.received += 1
    else:
        count_stranger(worker, port)


cdef inline void rtp_packet(
    Worker* worker, Port* port, uint8_t* packet, int length, const Address* source
) noexcept nogil:
    cdef RtpHeader header
    cdef bint control = length >= 2 and 192 <= packet[1] <= 223
    if passed_up(worker, port, packet, length, source):
        return
    if not opened(worker, port, control, packet, &length, source):
        return
    if control:
        muxed_control(worker, port, packet, length, source)
    elif not rtp_read(packet, length, &header):
        if host_allowed(port, source, &port.sdp_rtp):
            worker.totals.malformed += 1
        else:
            count_stranger(worker, port)
    elif not admit(worker, port, source, &header):
        count_stranger(worker, port)
    else:
        hear(worker, port, &header, packet + header.payload_offset)


cdef inline int socket_of(const Port* port, int which) noexcept nogil:
    if which == RTP_SOCKET:
        return port.rtp_fd
    return port.stranger_fd if which == STRANGER_SOCKET else port.rtcp_fd


cdef inline bint watch_socket(Worker* worker, Port* port, int which, int operation) noexcept nogil:
    cdef epoll_event event
    event.events = EPOLLIN | EPOLLET
    event.data.u64 = <uint64_t>port.slot << 2 | <uint64_t>which
    return epoll_ctl(worker.epoll_fd, operation, socket_of(port, which), &event) == 0


cdef inline void take_batch(Worker* worker, Port* port, int which, int count) noexcept nogil:
    cdef int i
    cdef uint8_t* packet
    for i in range(count):
        packet = worker.datagrams + i * DATAGRAM
        if which == RTCP_SOCKET:
            control_packet(worker, port, packet, worker.heads[i].msg_len, &worker.names[i])
        else:
            rtp_packet(worker, port, packet, worker.heads[i].msg_len, &worker.names[i])
        worker.heads[i].msg_hdr.msg_namelen = sizeof(Address)


cdef inline void drain(Worker* worker, Port* port, int which) noexcept nogil:
    """Until the socket is empty: a batch that is not full says so without another call.

    Errors that ICMP left on a connected socket are taken off it and forgotten: the silence watch tells of a
    dead peer. A flood has its eight batches and then waits behind the others, with its edge armed again.
    """
    cdef int i, count
    for i in range(ROUNDS):
        count = recvmmsg(socket_of(port, which), worker.heads, BATCH, MSG_DONTWAIT, NULL)
        if count < 0:
            if errno == EAGAIN:
                return
            continue
        take_batch(worker, port, which, count)
        if count < BATCH:
            return
    watch_socket(worker, port, which, EPOLL_CTL_MOD)
