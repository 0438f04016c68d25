"""From packets to a room and back: who talks is heard on, nothing of it missing and nothing twice.

A room hears out of a jitter buffer, so it is behind what a relay passes on. Who enters one lingers: he is relayed
the port that he heard until the room comes to what he was not sent; then the room goes on, with the same
timestamps. Who leaves it for a relay is sent at once what the room would have played later. Both only where
he hears that port at a gain of 1, so nobody hears a word in a way that he would not have heard it.
"""

from libc.stdint cimport int32_t, uint16_t, uint32_t, uint8_t
from libc.string cimport memcpy

from ext.engine_codec cimport other_g711
from ext.engine_heard cimport Heard, as_units, frame_units
from ext.engine_inband cimport inband_covers
from ext.engine_jitter cimport KEPT, KEPT_OCTETS, Kept, kept
from ext.engine_messages cimport Order
from ext.engine_port cimport SOURCE_MIX, SOURCE_RELAY, Gain, Port, Stream
from ext.engine_stream cimport (
    HEARD_AUDIO, HEARD_NOISE, HEARD_OTHER, LONGEST_PAYLOAD, fall_silent, may_speak, relay_packet, send_payload,
    tick_units,
)
from ext.engine_worker cimport Worker
from ext.rtp cimport RtpHeader

cdef enum:              # how a port that entered a room still hears another
    LINGERS_NOT = 0
    LINGERS                 # is relayed it
    LINGERS_STILL           # no more; the room is about to come to what follows
    LONGEST_TICKS = 8

cdef extern from *:
    """
    #define GONE_NS 80000000LL
    """
    const long long GONE_NS     # who sent nothing for so long has nothing under way


cdef inline bint in_full(Worker* worker, const Port* ear, const Port* mouth, int room_slot) noexcept nogil:
    """Whether that room gives the ear all of this mouth."""
    cdef const Gain* gain = ear.gains
    while gain != NULL:
        if (
            gain.room == room_slot
            and gain.room_generation == worker.rooms[room_slot].generation
            and gain.mouth == mouth.slot
            and gain.mouth_generation == mouth.generation
        ):
            return False
        gain = gain.next
    return True


cdef inline bint in_one_room(const Port* one, const Port* other) noexcept nogil:
    return one.source == SOURCE_MIX and other.source == SOURCE_MIX and one.room_slot == other.room_slot


cdef inline void leave_chain(Worker* worker, Port* port) noexcept nogil:
    """The port that it listened to goes on without it."""
    cdef int* link = &worker.ports[port.heard_slot].first_listener
    while link[0] != port.slot:
        link = &worker.ports[link[0]].next_listener
    link[0] = port.next_listener
    port.decoded = False
    port.lingers = LINGERS_NOT


# --- into a room ---

cdef inline bint may_linger(Worker* worker, const Port* port, const Order* order) noexcept nogil:
    """Whether there is a stream that the room can go on with."""
    cdef const Port* mouth = &worker.ports[port.heard_slot]
    return (
        port.source == SOURCE_RELAY
        and not port.stream.fresh
        and mouth != port
        and worker.rooms[order.other_slot].generation == order.other_generation
        and mouth.table != NULL
        and mouth.table.decode != NULL
        and in_full(worker, port, mouth, order.other_slot)
    )


cdef inline void stop_lingering(Worker* worker, Port* port) noexcept nogil:
    """The room goes on, whatever it has by now."""
    if port.lingers:
        leave_chain(worker, port)
        fall_silent(port)


cdef inline uint32_t relayed_until(const Port* mouth, const Port* ear) noexcept nogil:
    """The end of what was passed on, in the mouth's timestamps."""
    return (
        ear.stream.timestamp - ear.stream.timestamp_offset + as_units(mouth.heard, mouth.heard.packet_samples)
    )


cdef inline bint room_is_near(const Port* mouth, const Port* ear) noexcept nogil:
    """Whether the room plays the stream that was passed on."""
    return (
        in_one_room(mouth, ear)
        and mouth.heard != NULL
        and mouth.heard.present
        and mouth.heard.jitter.ssrc == ear.stream.in_ssrc
    )


cdef inline bint takes_packets(const Port* mouth, Port* listener, int heard) noexcept nogil:
    """Who lingers takes them until the room is near, and one of its frames will begin where a packet ended."""
    if listener.lingers == LINGERS and heard == HEARD_AUDIO and room_is_near(mouth, listener):
        if (relayed_until(mouth, listener) - mouth.heard.timestamp) % frame_units(mouth.heard.codec) == 0:
            listener.lingers = LINGERS_STILL
    return listener.lingers == LINGERS_NOT or (listener.lingers == LINGERS and heard == HEARD_AUDIO)


cdef inline bint room_is_there(const Port* mouth, const Port* ear) noexcept nogil:
    """Whether this tick's frame is what comes after all that was passed on."""
    return room_is_near(mouth, ear) and <int32_t>(mouth.heard.timestamp - relayed_until(mouth, ear)) >= 0


cdef inline bint taken_over(Worker* worker, Port* mouth, Port* ear) noexcept nogil:
    """On the tick, before what the mouth said is passed on: the ear is the room's now, if it can be."""
    if not ear.lingers:
        return False
    if ear.decoded and in_one_room(mouth, ear):
        leave_chain(worker, ear)
        return True
    if room_is_there(mouth, ear):
        ear.stream.upcoming = mouth.heard.timestamp + ear.stream.timestamp_offset
        leave_chain(worker, ear)
        return True
    return False


cdef inline bint lingers_on(Worker* worker, Port* port) noexcept nogil:
    """On the tick: whether the room says nothing to this member yet. It has so long to come."""
    if not port.lingers:
        return False
    port.linger_ticks += 1
    if port.linger_ticks > LONGEST_TICKS or worker.now_ns - worker.ports[port.heard_slot].rtp_ns > GONE_NS:
        stop_lingering(worker, port)
    return port.lingers != LINGERS_NOT


# --- and out of it ---

cdef inline bint was_mixed_with(Worker* worker, const Port* port, const Order* order) noexcept nogil:
    """Whether the port heard that other one in full in the last tick, in a room."""
    cdef const Port* mouth = &worker.ports[order.other_slot]
    return (
        port.source == SOURCE_MIX and mouth != port
        and not port.stream.fresh
        and mouth.generation == order.other_generation
        and port.mixed_tick == worker.tick
        and mouth.mixed_tick == worker.tick
        and mouth.room_slot == port.room_slot
        and mouth.heard != NULL
        and mouth.heard.present
        and in_full(worker, port, mouth, port.room_slot)
    )


cdef inline void send_gathered(Worker* worker, Port* port) noexcept nogil:
    """What waits for a longer packet."""
    cdef int octets = port.packed_octets
    port.packed_octets = 0
    if octets:
        send_payload(
            worker, port, port.packed, octets, tick_units(&port.stream) * octets // port.table.frame_octets
        )


cdef inline void send_line(Worker* worker, const Heard* heard, Port* port) noexcept nogil:
    """What is decoded and not yet played. A codec of frames cannot say it: it leaves that time out."""
    cdef uint8_t octets[LONGEST_PAYLOAD]
    cdef uint32_t duration = as_units(heard, heard.waiting)
    cdef int length = 0
    if heard.waiting and port.table.frame_octets:
        length = port.table.encode(port.codec_state, heard.line, heard.waiting & ~1, octets, LONGEST_PAYLOAD)
    if length > 0:
        send_payload(worker, port, octets, length, duration)
    else:
        port.stream.upcoming += duration


cdef inline void go_on_from(Stream* stream, const Heard* heard) noexcept nogil:
    """What is relayed from now on follows the last frame of the room."""
    stream.in_ssrc = heard.jitter.ssrc
    stream.in_first = heard.jitter.next
    stream.in_top = <uint16_t>(heard.jitter.next - 1)
    stream.sequence_offset = <uint16_t>(stream.next_sequence - heard.jitter.next)
    stream.timestamp_offset = stream.upcoming - heard.jitter.timestamp


cdef inline void send_kept(Worker* worker, const Port* mouth, const Kept* packet, Port* ear) noexcept nogil:
    cdef uint8_t octets[12 + KEPT_OCTETS]
    cdef RtpHeader header
    cdef int heard = HEARD_NOISE if packet.noise and packet.length else HEARD_OTHER
    if not packet.noise and not inband_covers(mouth, ear):
        heard = HEARD_AUDIO
    header.payload_type = 0     # relaying gives it the listener's
    header.marker = False
    header.sequence = packet.sequence
    header.timestamp = packet.timestamp
    header.ssrc = mouth.heard.jitter.ssrc
    header.payload_offset = 12
    header.payload_length = packet.length
    memcpy(octets + 12, packet.payload, packet.length)
    if heard == HEARD_AUDIO and mouth.codec != ear.codec:
        other_g711(mouth.codec, octets + 12, packet.length)
    relay_packet(worker, ear, heard, &header, octets + 12)


cdef inline void send_rest(Worker* worker, Port* mouth, Port* ear) noexcept nogil:
    """All that the room would have played of the mouth in its next ticks."""
    cdef uint16_t sequence = mouth.heard.jitter.next
    cdef const Kept* packet
    cdef int i
    if not may_speak(ear):
        fall_silent(ear)
        return
    send_gathered(worker, ear)
    send_line(worker, mouth.heard, ear)
    go_on_from(&ear.stream, mouth.heard)
    for i in range(KEPT):
        packet = kept(&mouth.heard.jitter, <uint16_t>(sequence + i))
        if packet != NULL:
            send_kept(worker, mouth, packet, ear)
