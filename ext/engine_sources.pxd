"""What a port sends: relays in a chain on the port they listen to, prompts, tones and rooms on the tick.

A relay passes packets on as they come where codec and packet time agree; where they do not, it says what the
other port hears, frame by frame (engine_hearing).
"""

from libc.stdint cimport int16_t, uint64_t, uint8_t

from ext.engine_codec cimport PCMU, other_g711
from ext.engine_handover cimport (
    LINGERS, leave_chain, may_linger, send_rest, stop_lingering, takes_packets, was_mixed_with,
)
from ext.engine_heard cimport NARROW_HZ
from ext.engine_hearing cimport tend
from ext.engine_inband cimport inband_covers
from ext.engine_messages cimport EVENT_FINISHED, Order
from ext.engine_port cimport SOURCE_MIX, SOURCE_PLAY, SOURCE_RELAY, SOURCE_SILENCE, SOURCE_TONE, Port
from ext.engine_room cimport join_room, leave_room
from ext.engine_sound cimport Playlist, SoundBlock, playlist_free
from ext.engine_stream cimport (
    FRAME, HEARD_AUDIO, HEARD_OTHER, fall_silent, may_speak, relay_packet, say, send_frame,
)
from ext.engine_tell cimport tell
from ext.engine_worker cimport Worker
from ext.rtp cimport RtpHeader
from ext.tones cimport oscillator_fill, oscillator_start

cdef enum:
    MISFITS = 3             # packets in a row of another time than asked for, before they are made anew


# --- relays ---

cdef inline bint same_payload(const Port* one, const Port* other) noexcept nogil:
    """Whether packets of one can go to the other as they are, or by the table of G.711."""
    return one.codec == other.codec or (one.codec <= PCMU and other.codec <= PCMU)


cdef inline void fit(Worker* worker, Port* listener) noexcept nogil:
    listener.decoded = not same_payload(&worker.ports[listener.heard_slot], listener)
    listener.misfits = 0


cdef inline void refit(Worker* worker, Port* port) noexcept nogil:
    """The port's codec may have changed."""
    cdef Port* listener
    cdef int slot = port.first_listener
    stop_lingering(worker, port)
    while slot >= 0:
        listener = &worker.ports[slot]
        slot = listener.next_listener
        fit(worker, listener)
        stop_lingering(worker, listener)
    if port.source == SOURCE_RELAY:
        fit(worker, port)
        tend(worker, &worker.ports[port.heard_slot])
    tend(worker, port)


cdef inline void repacketise(Worker* worker, Port* port) noexcept nogil:
    """For who gets packets of another time than he asked for."""
    if port.misfits >= MISFITS and port.source == SOURCE_RELAY and not port.decoded:
        port.decoded = True
        fall_silent(port)
        tend(worker, &worker.ports[port.heard_slot])


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
    if port.source == SOURCE_RELAY or port.lingers:
        leave_chain(worker, port)
    if port.source == SOURCE_MIX:
        leave_room(worker, port)
    elif port.playing_index >= 0:
        stop_playing(worker, port)
    port.source = SOURCE_SILENCE
    fall_silent(port)


cdef inline void drop_listeners(Worker* worker, Port* port) noexcept nogil:
    """The port closes: who relayed it falls silent."""
    cdef Port* listener
    while port.first_listener >= 0:
        listener = &worker.ports[port.first_listener]
        if listener.lingers:
            stop_lingering(worker, listener)
        else:
            clear_source(worker, listener)


cdef inline void begin_relay(Worker* worker, Port* port, int slot, uint64_t generation) noexcept nogil:
    cdef Port* heard = &worker.ports[slot]
    if heard.generation != generation:
        return
    port.source = SOURCE_RELAY
    port.heard_slot = slot
    port.next_listener = heard.first_listener
    heard.first_listener = port.slot
    fit(worker, port)
    tend(worker, heard)


cdef inline void follow(Worker* worker, Port* port, Order* order) noexcept nogil:
    """Relay another port: from where a room had come with it, if the port was in one."""
    cdef bint goes_on = was_mixed_with(worker, port, order)
    cdef int packed_octets = port.packed_octets
    clear_source(worker, port)
    begin_relay(worker, port, order.other_slot, order.other_generation)
    if not goes_on:
        return
    port.stream.fresh = False
    port.packed_octets = packed_octets
    if not port.decoded:
        send_rest(worker, &worker.ports[port.heard_slot], port)


cdef inline void enter(Worker* worker, Port* port, Order* order) noexcept nogil:
    """A room; what the port relays is heard on until the room has come to it."""
    if may_linger(worker, port, order):
        port.lingers = LINGERS
        port.linger_ticks = 0
    else:
        clear_source(worker, port)
    join_room(worker, port, order.other_slot, order.other_generation)


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
    if order.source == SOURCE_RELAY:
        follow(worker, port, order)
        return
    if order.source == SOURCE_MIX:
        enter(worker, port, order)
        return
    clear_source(worker, port)
    if order.source == SOURCE_PLAY:
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
    oscillator_fill(&port.oscillator, samples, FRAME)
    say(worker, port, samples, NARROW_HZ)


cdef inline void say_sound(Worker* worker, Port* port, SoundBlock* sound) noexcept nogil:
    """G.711 was encoded once for all who listen; other codecs keep a state for each."""
    if port.codec > PCMU:
        say(worker, port, sound.samples + port.sound_frame * FRAME, NARROW_HZ)
    elif may_speak(port):
        send_frame(worker, port, sound.codecs[port.codec] + port.sound_frame * FRAME, FRAME)
    else:
        fall_silent(port)


cdef inline void sound_frame(Worker* worker, Port* port) noexcept nogil:
    cdef SoundBlock* sound = port.playlist.sounds[port.sound_index]
    say_sound(worker, port, sound)
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


cdef inline void note_packet_time(Port* listener, const RtpHeader* header) noexcept nogil:
    if listener.packet_octets == 0 or listener.packet_octets == header.payload_length:
        listener.misfits = 0
    else:
        listener.misfits += 1


cdef inline bint relay_to_codec(
    Worker* worker, Port* port, int heard, int codec, const RtpHeader* header, uint8_t* payload
) noexcept nogil:
    """To the listeners whose codec is `codec`. True: there are others, who take G.711 of the other kind."""
    cdef bint others = False
    cdef Port* listener
    cdef int slot = port.first_listener
    while slot >= 0:
        listener = &worker.ports[slot]
        slot = listener.next_listener
        if listener.decoded or not takes_packets(port, listener, heard):
            continue
        if heard == HEARD_AUDIO and inband_covers(port, listener):
            relay_packet(worker, listener, HEARD_OTHER, header, payload)
        elif heard != HEARD_AUDIO:
            relay_packet(worker, listener, heard, header, payload)
        elif listener.codec == codec:
            note_packet_time(listener, header)
            relay_packet(worker, listener, heard, header, payload)
        else:
            others = True
    return others


cdef inline void relay_to_listeners(
    Worker* worker, Port* port, int heard, const RtpHeader* header, uint8_t* payload
) noexcept nogil:
    """As it came to those who share the codec, then transcoded once, in place, for the rest."""
    if relay_to_codec(worker, port, heard, port.codec, header, payload):
        other_g711(port.codec, payload, header.payload_length)
        relay_to_codec(worker, port, heard, 1 - port.codec, header, payload)
