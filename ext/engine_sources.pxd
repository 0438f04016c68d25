"""What a port sends: relays in a chain on the port they listen to, prompts and tones on the tick."""

from libc.stdint cimport int16_t, uint64_t, uint8_t

from ext.engine_sound cimport Playlist, SoundBlock, playlist_free
from ext.engine_stream cimport FRAME, HEARD_AUDIO, relay_packet, send_frame
from ext.engine_worker cimport (
    EVENT_FINISHED, PCMA, SOURCE_PLAY, SOURCE_RELAY, SOURCE_SILENCE, SOURCE_TONE, Order, Port, Worker, tell,
)
from ext.kernels cimport (
    RtpHeader, alaw_encode_into, alaw_to_ulaw_into, oscillator_fill, oscillator_start, ulaw_encode_into,
    ulaw_to_alaw_into,
)


cdef inline void stop_listening(Worker* worker, Port* port) noexcept nogil:
    cdef int* link = &worker.ports[port.heard_slot].first_listener
    while link[0] != port.slot:
        link = &worker.ports[link[0]].next_listener
    link[0] = port.next_listener


cdef inline void stop_playing(Worker* worker, Port* port) noexcept nogil:
    """The last of the list takes the place."""
    cdef int index = port.playing_index
    worker.playing_count -= 1
    worker.playing[index] = worker.playing[worker.playing_count]
    worker.ports[worker.playing[index]].playing_index = index
    port.playing_index = -1
    playlist_free(port.playlist)
    port.playlist = NULL


cdef inline void clear_source(Worker* worker, Port* port) noexcept nogil:
    if port.source == SOURCE_RELAY:
        stop_listening(worker, port)
    elif port.playing_index >= 0:
        stop_playing(worker, port)
    port.source = SOURCE_SILENCE
    port.stream.fresh = True


cdef inline void drop_listeners(Worker* worker, Port* port) noexcept nogil:
    """The port closes: who relayed it falls silent."""
    while port.first_listener >= 0:
        clear_source(worker, &worker.ports[port.first_listener])


cdef inline void begin_relay(Worker* worker, Port* port, int slot, uint64_t generation) noexcept nogil:
    cdef Port* heard = &worker.ports[slot]
    if heard.generation != generation:
        return
    port.source = SOURCE_RELAY
    port.heard_slot = slot
    port.next_listener = heard.first_listener
    heard.first_listener = port.slot


cdef inline void begin_playing(Worker* worker, Port* port, int source) noexcept nogil:
    port.source = source
    port.playing_index = worker.playing_count
    worker.playing[worker.playing_count] = port.slot
    worker.playing_count += 1


cdef inline void seek(Port* port, size_t frame) noexcept nogil:
    """To a frame of the whole playlist, or its last where it is shorter."""
    port.sound_index = 0
    while port.sound_index + 1 < port.playlist.count and frame >= port.playlist.sounds[port.sound_index].frames:
        frame -= port.playlist.sounds[port.sound_index].frames
        port.sound_index += 1
    port.sound_frame = min(frame, port.playlist.sounds[port.sound_index].frames - 1)


cdef inline void set_source(Worker* worker, Port* port, Order* order) noexcept nogil:
    """Takes over the order's playlist."""
    clear_source(worker, port)
    if order.source == SOURCE_RELAY:
        begin_relay(worker, port, order.other_slot, order.other_generation)
    elif order.source == SOURCE_PLAY:
        port.playlist = <Playlist*>order.block
        order.block = NULL
        seek(port, order.first_frame)
        port.loop = order.flag
        port.token = order.token
        begin_playing(worker, port, SOURCE_PLAY)
    elif order.source == SOURCE_TONE:
        oscillator_start(&port.oscillator, order.hz, order.level_dbm0)
        begin_playing(worker, port, SOURCE_TONE)


cdef inline void tone_frame(Worker* worker, Port* port) noexcept nogil:
    cdef int16_t samples[FRAME]
    cdef uint8_t frame[FRAME]
    oscillator_fill(&port.oscillator, samples, FRAME)
    if port.codec == PCMA:
        alaw_encode_into(samples, frame, FRAME)
    else:
        ulaw_encode_into(samples, frame, FRAME)
    send_frame(worker, port, frame)


cdef inline void sound_frame(Worker* worker, Port* port) noexcept nogil:
    cdef SoundBlock* sound = port.playlist.sounds[port.sound_index]
    send_frame(worker, port, sound.codecs[port.codec] + port.sound_frame * FRAME)
    port.sound_frame += 1
    if port.sound_frame < sound.frames:
        return
    port.sound_frame = 0
    port.sound_index += 1
    if port.sound_index < port.playlist.count:
        return
    port.sound_index = 0
    if not port.loop:
        clear_source(worker, port)
        tell(worker, port, EVENT_FINISHED, port.token, 0)


cdef inline void play_all(Worker* worker) noexcept nogil:
    """One frame of everything that plays.

    Backwards, for what ends is replaced by the last, which has had its turn.
    """
    cdef Port* port
    cdef int i = worker.playing_count
    while i > 0:
        i -= 1
        port = &worker.ports[worker.playing[i]]
        if port.source == SOURCE_PLAY:
            sound_frame(worker, port)
        else:
            tone_frame(worker, port)


cdef inline void to_other_codec(int codec, uint8_t* payload, int length) noexcept nogil:
    if codec == PCMA:
        alaw_to_ulaw_into(payload, payload, length)
    else:
        ulaw_to_alaw_into(payload, payload, length)


cdef inline bint relay_to_codec(
    Worker* worker, Port* port, int heard, int codec, const RtpHeader* header, uint8_t* payload
) noexcept nogil:
    """To the listeners whose codec is `codec`. True: there are others."""
    cdef bint others = False
    cdef Port* listener
    cdef int slot = port.first_listener
    while slot >= 0:
        listener = &worker.ports[slot]
        slot = listener.next_listener
        if heard != HEARD_AUDIO or listener.codec == codec:
            relay_packet(worker, listener, heard, header, payload)
        else:
            others = True
    return others


cdef inline void relay_to_listeners(
    Worker* worker, Port* port, int heard, const RtpHeader* header, uint8_t* payload
) noexcept nogil:
    """As it came to those who share the codec, then transcoded once, in place, for the rest."""
    if relay_to_codec(worker, port, heard, port.codec, header, payload):
        to_other_codec(port.codec, payload, header.payload_length)
        relay_to_codec(worker, port, heard, 1 - port.codec, header, payload)
