"""What a port sends: one SSRC, sequence numbers and timestamps that go on through every change of source.

The timestamp follows real time from the first packet on: after a silence it is as far ahead as the silence
was long, and never behind what was sent.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint16_t, uint32_t, uint8_t
from libc.string cimport memcpy

from ext.engine_latch cimport rtp_target
from ext.engine_os cimport MSG_DONTWAIT, MSG_NOSIGNAL, Address, address_length, send, sendto
from ext.engine_reception cimport MAX_DROPOUT, MAX_MISORDER
from ext.engine_recorder cimport record_packet
from ext.engine_secrecy cimport sealed
from ext.engine_worker cimport RIGHT, Port, Stream, Worker
from ext.kernels cimport RtpHeader, rtp_write

cdef enum:
    FRAME = 160             # samples and octets of 20 ms
    STEP_TOLERATED = 8000   # a relayed timestamp further than this from real time is a new start

cdef enum:              # what a port heard
    HEARD_AUDIO
    HEARD_EVENT             # RFC 4733
    HEARD_OTHER             # comfort noise and the like: alive, but not passed on


cdef inline uint32_t timestamp_now(const Stream* stream, int64_t now_ns) noexcept nogil:
    """For a packet that opens a run: by the clock, and at least a frame after the last."""
    cdef uint32_t by_clock
    if not stream.begun:
        return stream.origin_timestamp
    by_clock = stream.origin_timestamp + <uint32_t>((now_ns - stream.origin_ns) // 125000)
    if <int32_t>(by_clock - (stream.timestamp + FRAME)) < 0:
        return stream.timestamp + FRAME
    return by_clock


cdef inline void stream_sent(Stream* stream, uint32_t timestamp, int64_t now_ns) noexcept nogil:
    if not stream.begun:
        stream.begun = True
        stream.origin_timestamp = timestamp
        stream.origin_ns = now_ns
    elif <int32_t>(timestamp - stream.timestamp) <= 0:
        return
    stream.timestamp = timestamp
    stream.timestamp_ns = now_ns


cdef inline void put_on_wire(Worker* worker, Port* port, const uint8_t* packet, size_t length) noexcept nogil:
    """The connected socket's send costs a third less than one with an address."""
    cdef ssize_t sent
    cdef const Address* target
    cdef size_t octets = length - 12
    packet = sealed(worker, port, False, packet, &length)
    if packet == NULL:
        return
    if port.latch.locked:
        sent = send(port.rtp_fd, packet, length, MSG_DONTWAIT | MSG_NOSIGNAL)
    else:
        target = rtp_target(port)
        sent = sendto(
            port.rtp_fd,
            packet,
            length,
            MSG_DONTWAIT | MSG_NOSIGNAL,
            &target.any,
            address_length(target),
        )
    if sent < 0:
        worker.totals.send_errors += 1
        return
    port.stream.packets += 1
    port.stream.octets += octets
    worker.totals.packets_sent += 1
    worker.totals.octets_sent += octets


cdef inline bint may_send(const Port* port) noexcept nogil:
    return not port.muted and port.payload_type >= 0 and (port.latch.locked or rtp_target(port) != NULL)


cdef inline bint may_speak(const Port* port) noexcept nogil:
    """Whether audio and relayed events go out: not while digits of our own do."""
    return not port.keypad.busy and may_send(port)


cdef inline void put_frame(Worker* worker, Port* port, const uint8_t* frame) noexcept nogil:
    """The next 20 ms of a port that may send, in its codec."""
    cdef Stream* stream = &port.stream
    cdef uint8_t packet[12 + FRAME]
    cdef uint32_t timestamp
    timestamp = timestamp_now(stream, worker.now_ns) if stream.fresh else stream.timestamp + FRAME
    rtp_write(packet, port.payload_type, stream.fresh, stream.next_sequence, timestamp, stream.ssrc)
    memcpy(packet + 12, frame, FRAME)
    stream.fresh = False
    stream.next_sequence += 1
    stream_sent(stream, timestamp, worker.now_ns)
    if port.taps != NULL:
        record_packet(worker, port, RIGHT, timestamp, frame, FRAME)
    put_on_wire(worker, port, packet, 12 + FRAME)


cdef inline void send_frame(Worker* worker, Port* port, const uint8_t* frame) noexcept nogil:
    """The next 20 ms of a prompt or tone, in the port's codec."""
    if may_speak(port):
        put_frame(worker, port, frame)
    else:
        port.stream.fresh = True


cdef inline bint opens_run(const Stream* stream, const RtpHeader* header) noexcept nogil:
    """Whether this packet cannot go on where the last relayed one left off."""
    cdef int16_t step = <int16_t>(header.sequence - stream.in_top)
    return stream.fresh or header.ssrc != stream.in_ssrc or step > MAX_DROPOUT or step < -MAX_MISORDER


cdef inline void open_run(Stream* stream, const RtpHeader* header, int64_t now_ns) noexcept nogil:
    stream.fresh = False
    stream.in_ssrc = header.ssrc
    stream.in_first = header.sequence
    stream.in_top = <uint16_t>(header.sequence - 1)
    stream.sequence_offset = <uint16_t>(stream.next_sequence - header.sequence)
    stream.timestamp_offset = timestamp_now(stream, now_ns) - header.timestamp


cdef inline void leave_out(Stream* stream, const RtpHeader* header) noexcept nogil:
    """A packet that is not passed on leaves no hole. What is older than it now comes too late."""
    if stream.fresh or header.ssrc != stream.in_ssrc or <int16_t>(header.sequence - stream.in_top) <= 0:
        return
    stream.sequence_offset = <uint16_t>(stream.sequence_offset - 1)
    stream.in_first = <uint16_t>(header.sequence + 1)
    stream.in_top = header.sequence


cdef inline bint strays(const Stream* stream, uint32_t timestamp, int64_t now_ns) noexcept nogil:
    """A peer that does not count its silences, or jumps: its timestamps no longer follow real time."""
    cdef int64_t expected = (now_ns - stream.timestamp_ns) // 125000
    cdef int64_t stray = <int64_t><int32_t>(timestamp - stream.timestamp) - expected
    return stray > STEP_TOLERATED or stray < -STEP_TOLERATED


cdef inline void relay_packet(
    Worker* worker, Port* port, int heard, const RtpHeader* header, uint8_t* payload
) noexcept nogil:
    """Sends on what another port (or this one) received; audio is in this port's codec already.

    The new header is written over the 12 octets before the payload.
    """
    cdef Stream* stream = &port.stream
    cdef int out_type = port.payload_type if heard == HEARD_AUDIO else port.send_event
    cdef uint32_t timestamp
    cdef bint marker = header.marker
    cdef bint opens
    if not may_speak(port):
        stream.fresh = True
        return
    if heard == HEARD_OTHER or out_type < 0:
        leave_out(stream, header)
        return
    opens = opens_run(stream, header)
    if opens:
        open_run(stream, header, worker.now_ns)
    elif <int16_t>(header.sequence - stream.in_first) < 0:
        return
    timestamp = header.timestamp + stream.timestamp_offset
    if <int16_t>(header.sequence - stream.in_top) > 0:
        if not opens and heard == HEARD_AUDIO and strays(stream, timestamp, worker.now_ns):
            stream.timestamp_offset = timestamp_now(stream, worker.now_ns) - header.timestamp
            timestamp = header.timestamp + stream.timestamp_offset
            opens = True
        stream.in_top = header.sequence
        stream.next_sequence = <uint16_t>(header.sequence + stream.sequence_offset + 1)
    rtp_write(
        payload - 12,
        <uint8_t>out_type,
        marker or opens,
        <uint16_t>(header.sequence + stream.sequence_offset),
        timestamp,
        stream.ssrc,
    )
    stream_sent(stream, timestamp, worker.now_ns)
    if heard == HEARD_AUDIO and port.taps != NULL:
        record_packet(worker, port, RIGHT, timestamp, payload, header.payload_length)
    put_on_wire(worker, port, payload - 12, 12 + header.payload_length)
