"""Which ports are heard as samples, and who gets their frames on the tick.

A port is heard while a room, a listener of another codec or packet time, a watch for speech, or a recorder or a search
for digits that cannot read its packets needs it. `tend` begins it, after every order that may have changed that; who
is needed no more is heard until the next tick, for the next order may need him again.
"""

from libc.stdint cimport int16_t, int64_t, uint32_t, uint8_t
from libc.stdlib cimport calloc, free

from ext.engine_codec cimport PCMU
from ext.engine_handover cimport taken_over
from ext.engine_heard cimport NARROW_HZ, WIDE_HZ, Heard, heard_at, heard_packet, heard_start, heard_tick
from ext.engine_inband cimport inband_covers, inband_frame
from ext.engine_jitter cimport jitter_note
from ext.engine_masking cimport mask_played
from ext.engine_port cimport SOURCE_MIX, Port
from ext.engine_reception cimport reception_discard
from ext.engine_recorder cimport record_pcm
from ext.engine_speech cimport speech_frame, speech_needed
from ext.engine_stream cimport FRAME, HEARD_AUDIO, HEARD_NOISE, say
from ext.engine_tap cimport LEFT, RIGHT
from ext.engine_worker cimport Worker
from ext.rtp cimport RtpHeader


# --- who needs it ---

cdef inline bint is_played(Worker* worker, const Port* port) noexcept nogil:
    """Whether anybody's ear hears it out of the jitter buffer."""
    cdef int slot = port.first_listener
    while slot >= 0:
        if worker.ports[slot].decoded:
            return True
        slot = worker.ports[slot].next_listener
    return port.source == SOURCE_MIX


cdef inline bint is_tapped(Worker* worker, const Port* port) noexcept nogil:
    """Whether somebody who cannot read its packets records it, or what it is relayed as."""
    cdef int slot = port.first_listener
    if port.codec <= PCMU:
        return False
    while slot >= 0:
        if worker.ports[slot].taps != NULL:
            return True
        slot = worker.ports[slot].next_listener
    return port.taps != NULL or port.inband != NULL


cdef inline bint needed(Worker* worker, const Port* port) noexcept nogil:
    """By anybody; and its codec can be heard at all."""
    return (
        port.table != NULL
        and port.table.decode != NULL
        and (is_played(worker, port) or speech_needed(port) or is_tapped(worker, port))
    )


cdef inline void stop_hearing(Worker* worker, Port* port) noexcept nogil:
    """The last of the list takes the place."""
    cdef int index = port.hearing_index
    worker.hearing_count -= 1
    worker.hearing[index] = worker.hearing[worker.hearing_count]
    worker.ports[worker.hearing[index]].hearing_index = index
    port.buffer_ms = 0
    port.heard.next = worker.spare_ears
    worker.spare_ears = port.heard
    port.heard = NULL


cdef inline void start_hearing(Worker* worker, Port* port) noexcept nogil:
    """On the tick or for an order, never for a packet: the first time it takes memory."""
    cdef Heard* heard = worker.spare_ears
    if heard != NULL:
        worker.spare_ears = heard.next
    else:
        heard = <Heard*>calloc(1, sizeof(Heard))
        if heard == NULL:
            return
    heard_start(heard, port.table, port.codec_state)
    port.heard = heard
    port.hearing_index = worker.hearing_count
    worker.hearing[worker.hearing_count] = port.slot
    worker.hearing_count += 1


cdef inline void tend(Worker* worker, Port* port) noexcept nogil:
    """Begin to hear the port, if it is needed."""
    if port.heard == NULL and needed(worker, port):
        start_hearing(worker, port)
    if port.heard != NULL:
        port.heard.played = is_played(worker, port)


cdef inline void free_ears(Worker* worker) noexcept nogil:
    cdef Heard* heard
    while worker.spare_ears != NULL:
        heard = worker.spare_ears
        worker.spare_ears = heard.next
        free(heard)


# --- packets ---

cdef inline void listen(
    Worker* worker, Port* port, int heard, const RtpHeader* header, const uint8_t* payload
) noexcept nogil:
    cdef int64_t late = port.heard.jitter.late
    if heard == HEARD_AUDIO or heard == HEARD_NOISE:
        heard_packet(
            port.heard, header.ssrc, header.sequence, header.timestamp, heard == HEARD_NOISE, payload,
            header.payload_length, worker.now_ns,
        )
        if port.heard.jitter.late != late and port.heard.played:
            reception_discard(&port.reception, header.sequence)
    else:
        jitter_note(&port.heard.jitter, header.ssrc, header.sequence, header.timestamp)


# --- the tick ---

cdef inline void record_heard(Worker* worker, Port* port, Port* recorded, int side, uint32_t offset) noexcept nogil:
    """For those who tap `recorded`; `offset` is from the timestamps that came to those that went out."""
    cdef Heard* heard = port.heard
    cdef uint32_t timestamp = (heard.timestamp + offset) // <uint32_t>(port.table.rtp_rate_hz // NARROW_HZ)
    cdef const int16_t* samples = heard_at(heard, NARROW_HZ)
    cdef const int16_t* wide = heard_at(heard, WIDE_HZ) if port.table.pcm_rate_hz == WIDE_HZ else NULL
    if samples != NULL:
        record_pcm(worker, recorded, side, timestamp, samples, wide, FRAME, worker.now_ns - heard.delay_ns)


cdef inline void pass_on(Worker* worker, Port* port) noexcept nogil:
    """This tick's frame, to the recorder, to who looks for digits and to those who relay it decoded."""
    cdef Port* listener
    cdef int slot = port.first_listener
    if port.codec > PCMU:
        if port.taps != NULL:
            record_heard(worker, port, port, LEFT, 0)
        if port.inband != NULL:
            inband_frame(worker, port, heard_at(port.heard, NARROW_HZ))
    while slot >= 0:
        listener = &worker.ports[slot]
        slot = listener.next_listener
        if taken_over(worker, port, listener):
            continue
        if listener.decoded and inband_covers(port, listener):
            say(worker, listener, NULL, NARROW_HZ)
        elif listener.decoded:
            say(worker, listener, heard_at(port.heard, port.table.pcm_rate_hz), port.table.pcm_rate_hz)
        elif listener.taps != NULL and listener.codec > PCMU:
            record_heard(worker, port, listener, RIGHT, listener.stream.timestamp_offset)


cdef inline void note_buffer(Port* port) noexcept nogil:
    """For the reports: how long what is played now has waited."""
    if not port.heard.played:
        port.buffer_ms = 0
    elif port.heard.present:
        port.buffer_ms = <int>(port.heard.delay_ns // 1000000)
    if port.buffer_ms > port.buffer_most_ms:
        port.buffer_most_ms = port.buffer_ms


cdef inline void count_thrown(Port* port) noexcept nogil:
    cdef int i
    if not port.heard.played:
        return
    for i in range(port.heard.thrown_count):
        reception_discard(&port.reception, port.heard.thrown[i])


cdef inline void follow_speech(Worker* worker, Port* port) noexcept nogil:
    if speech_needed(port):
        speech_frame(worker, port, heard_at(port.heard, NARROW_HZ))


cdef inline void hear_all(Worker* worker) noexcept nogil:
    """Every frame is made before any room is mixed.

    Backwards, for who is no longer heard is replaced by the last, which has had its turn.
    """
    cdef Port* port
    cdef int i = worker.hearing_count
    while i > 0:
        i -= 1
        port = &worker.ports[worker.hearing[i]]
        if not needed(worker, port):
            stop_hearing(worker, port)
            continue
        port.heard.played = is_played(worker, port)
        heard_tick(port.heard, worker.tick_ns)
        mask_played(worker, port)
        count_thrown(port)
        note_buffer(port)
        pass_on(worker, port)
        follow_speech(worker, port)
