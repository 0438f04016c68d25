"""What a port sends: one SSRC, sequence numbers and timestamps that go on through every change of source.

The timestamp follows real time from the first packet on: after a silence it is as far ahead as the silence
was long, and never behind what was sent.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint16_t, uint32_t, uint8_t
from libc.string cimport memcpy, memmove

from ext.engine_codec cimport PCMU
from ext.engine_heard cimport NARROW_HZ, WIDE_HZ
from ext.engine_jitter cimport units
from ext.engine_latch cimport rtp_target
from ext.engine_os cimport MSG_DONTWAIT, MSG_NOSIGNAL, Address, address_length, send, sendto
from ext.engine_port cimport Port, Stream
from ext.engine_reception cimport MAX_DROPOUT, MAX_MISORDER
from ext.engine_recorder cimport record_packet, record_pcm
from ext.engine_resample cimport downward, upward
from ext.engine_secrecy cimport sealed
from ext.engine_tap cimport RIGHT
from ext.engine_worker cimport Worker
from ext.rtp cimport RtpHeader, rtp_write

cdef enum:
    FRAME = 160             # samples and octets of 20 ms of G.711
    TICK_MS = 20
    COMFORT_NOISE = 13      # RFC 3389 section 4
    LONGEST_PAYLOAD = 1200  # octets; none of our codecs makes as many

cdef enum:              # what a port heard
    HEARD_AUDIO
    HEARD_EVENT             # RFC 4733
    HEARD_NOISE             # RFC 3389
    HEARD_OTHER             # alive, but not passed on


cdef inline uint32_t tick_units(const Stream* stream) noexcept nogil:
    return <uint32_t>(stream.rate_hz * TICK_MS // 1000)


cdef inline uint32_t timestamp_now(const Stream* stream, int64_t now_ns) noexcept nogil:
    """For a packet that opens a run: by the clock, and at least a frame after the last."""
    cdef uint32_t by_clock
    if not stream.begun:
        return stream.origin_timestamp
    by_clock = stream.origin_timestamp + units(now_ns - stream.origin_ns, stream.rate_hz)
    if <int32_t>(by_clock - (stream.timestamp + tick_units(stream))) < 0:
        return stream.timestamp + tick_units(stream)
    return by_clock


cdef inline void use_clock(Stream* stream, int rate_hz) noexcept nogil:
    """Another codec's timestamps: they go on from the last, at their own pace."""
    if stream.begun and rate_hz != stream.rate_hz:
        stream.origin_timestamp = stream.timestamp
        stream.origin_ns = stream.timestamp_ns
    stream.rate_hz = rate_hz


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


cdef inline void fall_silent(Port* port) noexcept nogil:
    """What is said next begins anew: with a marker, by the clock."""
    port.stream.fresh = True
    port.packed_octets = 0


cdef inline uint32_t own_timestamp(const Stream* stream, int64_t now_ns) noexcept nogil:
    """Of the next packet that we make."""
    return timestamp_now(stream, now_ns) if stream.fresh else stream.upcoming


cdef inline void send_payload(
    Worker* worker, Port* port, const uint8_t* payload, int octets, uint32_t duration
) noexcept nogil:
    """One packet of our own making; `duration` in timestamp units."""
    cdef Stream* stream = &port.stream
    cdef uint8_t packet[12 + LONGEST_PAYLOAD]
    cdef uint32_t timestamp = own_timestamp(stream, worker.now_ns)
    rtp_write(packet, port.payload_type, stream.fresh, stream.next_sequence, timestamp, stream.ssrc)
    memcpy(packet + 12, payload, octets)
    stream.fresh = False
    stream.next_sequence += 1
    stream_sent(stream, timestamp, worker.now_ns)
    stream.upcoming = timestamp + duration
    if port.taps != NULL and port.codec <= PCMU:
        record_packet(worker, port, RIGHT, timestamp, payload, octets)
    put_on_wire(worker, port, packet, 12 + octets)


cdef inline void send_packed(
    Worker* worker, Port* port, const uint8_t* payload, int octets, int packet_octets
) noexcept nogil:
    """In packets of the length that the peer asked for: more than one, or one when enough has gathered."""
    cdef int sent = 0
    cdef uint32_t duration = tick_units(&port.stream) * packet_octets // octets
    memcpy(port.packed + port.packed_octets, payload, octets)
    port.packed_octets += octets
    while port.packed_octets - sent >= packet_octets:
        send_payload(worker, port, port.packed + sent, packet_octets, duration)
        sent += packet_octets
    port.packed_octets -= sent
    memmove(port.packed, port.packed + sent, port.packed_octets)


cdef inline void send_frame(Worker* worker, Port* port, const uint8_t* frame, int octets) noexcept nogil:
    """The next 20 ms, in the port's codec."""
    cdef int wanted = port.packet_octets
    if wanted == 0 or wanted == octets:
        send_payload(worker, port, frame, octets, tick_units(&port.stream))
    else:
        send_packed(worker, port, frame, octets, wanted)


cdef inline void record_said(
    Worker* worker, Port* port, const int16_t* samples, int rate_hz, const int16_t* own
) noexcept nogil:
    """What goes out in a codec that the recorder does not read; `own` is the same at its rate."""
    cdef int16_t narrow[FRAME]
    cdef const int16_t* wide = own if port.table.pcm_rate_hz == WIDE_HZ else NULL
    cdef uint32_t timestamp = own_timestamp(&port.stream, worker.now_ns) // (port.stream.rate_hz // NARROW_HZ)
    if rate_hz == WIDE_HZ:
        downward(&port.recorded, samples, 2 * FRAME, narrow)
        samples = narrow
    record_pcm(worker, port, RIGHT, timestamp, samples, wide, FRAME, worker.now_ns)


cdef inline void say_at_once(Worker* worker, Port* port, const int16_t* samples, int rate_hz) noexcept nogil:
    """The next 20 ms of a port that may send, as samples of 8 or 16 kHz."""
    cdef int16_t converted[2 * FRAME]
    cdef uint8_t octets[LONGEST_PAYLOAD]
    cdef const int16_t* own = samples
    cdef int length
    if port.table.encode == NULL:
        return
    if rate_hz != port.table.pcm_rate_hz:
        own = converted
        if rate_hz == WIDE_HZ:
            downward(&port.down, samples, 2 * FRAME, converted)
        else:
            upward(&port.up, samples, FRAME, converted)
    if port.taps != NULL and port.codec > PCMU:
        record_said(worker, port, samples, rate_hz, own)
    length = port.table.encode(
        port.codec_state, own, port.table.pcm_rate_hz // 50, octets, LONGEST_PAYLOAD
    )
    if length > 0:
        send_frame(worker, port, octets, length)
    else:
        fall_silent(port)


cdef inline void say(Worker* worker, Port* port, const int16_t* samples, int rate_hz) noexcept nogil:
    """The same for one that may not, or with NULL: then it falls silent."""
    if samples != NULL and may_speak(port):
        say_at_once(worker, port, samples, rate_hz)
    else:
        fall_silent(port)


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
    cdef int64_t expected = <int64_t>units(now_ns - stream.timestamp_ns, stream.rate_hz)
    cdef int64_t stray = <int64_t><int32_t>(timestamp - stream.timestamp) - expected
    return stray > stream.rate_hz or stray < -stream.rate_hz


cdef inline int type_of(const Port* port, int heard) noexcept nogil:
    """The payload type under which it goes on, -1 where it does not."""
    if heard == HEARD_AUDIO:
        return port.payload_type
    if heard == HEARD_EVENT:
        return port.send_event
    return COMFORT_NOISE if heard == HEARD_NOISE and port.comfort_noise else -1


cdef inline void relay_packet(
    Worker* worker, Port* port, int heard, const RtpHeader* header, uint8_t* payload
) noexcept nogil:
    """Sends on what another port (or this one) received; audio is in this port's codec already.

    The new header is written over the 12 octets before the payload.
    """
    cdef Stream* stream = &port.stream
    cdef int out_type = type_of(port, heard)
    cdef uint32_t timestamp
    cdef bint marker = header.marker
    cdef bint opens
    if not may_speak(port):
        fall_silent(port)
        return
    if out_type < 0:
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
    if heard == HEARD_AUDIO and port.taps != NULL and port.codec <= PCMU:
        record_packet(worker, port, RIGHT, timestamp, payload, header.payload_length)
    put_on_wire(worker, port, payload - 12, 12 + header.payload_length)
