"""Rooms: each member hears the sum of all others, with a gain for each pair.

Listen, whisper, barge and take-over are nothing but gains. The sums are of whole numbers, so a gain of 0 takes
a voice out to the last bit. A room mixes at 16 kHz when a member's codec has that rate, else at 8.
"""

from libc.math cimport lrint
from libc.stdint cimport int16_t, int32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from ext.engine_heard cimport NARROW_HZ, WIDE_HZ, WIDE_SAMPLES, heard_at
from ext.engine_handover cimport lingers_on, stop_lingering
from ext.engine_hearing cimport tend
from ext.engine_messages cimport Order
from ext.engine_port cimport SOURCE_MIX, Gain, Port
from ext.engine_stream cimport say
from ext.engine_worker cimport Room, Worker
from ext.mixing cimport mix_add, mix_minus_own


# --- who is in it ---

cdef inline void leave_room(Worker* worker, Port* port) noexcept nogil:
    cdef Room* room = &worker.rooms[port.room_slot]
    cdef int* link = &room.first_member
    while link[0] != port.slot:
        link = &worker.ports[link[0]].next_member
    link[0] = port.next_member
    room.members -= 1
    forget_gains(worker, port, port.room_slot, -1)


cdef inline bint join_room(Worker* worker, Port* port, int slot, uint64_t generation) noexcept nogil:
    """False: there is no such room any more."""
    cdef Room* room = &worker.rooms[slot]
    if room.generation != generation:
        return False
    forget_gains(worker, port, -1, -1)
    port.source = SOURCE_MIX
    port.room_slot = slot
    port.mixed_tick = 0
    port.next_member = room.first_member
    room.first_member = port.slot
    room.members += 1
    tend(worker, port)
    return True


cdef inline void open_room(Worker* worker, int slot, uint64_t generation) noexcept nogil:
    worker.rooms[slot].generation = generation
    worker.rooms[slot].first_member = -1
    worker.rooms[slot].members = 0
    if worker.rooms_used <= slot:
        worker.rooms_used = slot + 1


# --- gains ---

cdef inline bint is_open(Worker* worker, const Gain* gain) noexcept nogil:
    """Whether its room still is."""
    return worker.rooms[gain.room].generation == gain.room_generation


cdef inline void free_gains(Port* port) noexcept nogil:
    """The port closes."""
    cdef Gain* gain
    while port.gains != NULL:
        gain = port.gains
        port.gains = gain.next
        free(gain)


cdef inline void forget_gains(Worker* worker, Port* port, int slot, int mouth) noexcept nogil:
    """Of that room (-1: none), for one mouth or all (-1); and of rooms that are closed."""
    cdef Gain** link = &port.gains
    cdef Gain* gain
    while link[0] != NULL:
        gain = link[0]
        if not is_open(worker, gain) or (gain.room == slot and (mouth < 0 or gain.mouth == mouth)):
            link[0] = gain.next
            free(gain)
        else:
            link = &gain.next


cdef inline void set_gain(Worker* worker, Port* port, Order* order) noexcept nogil:
    """How loud one is in this port's ear; what it is already is changed, 1 is forgotten."""
    cdef Gain* gain = <Gain*>order.block
    if gain.room == port.room_slot:
        stop_lingering(worker, port)
        port.mixed_tick = 0
    forget_gains(worker, port, gain.room, gain.mouth)
    if gain.gain == 1.0 or not is_open(worker, gain):
        return
    order.block = NULL
    gain.next = port.gains
    port.gains = gain


# --- the mix ---

cdef inline int room_rate(Worker* worker, const Room* room) noexcept nogil:
    cdef int slot = room.first_member
    while slot >= 0:
        if worker.ports[slot].table != NULL and worker.ports[slot].table.pcm_rate_hz == WIDE_HZ:
            return WIDE_HZ
        slot = worker.ports[slot].next_member
    return NARROW_HZ


cdef inline const int16_t* voice(Port* port, int rate_hz) noexcept nogil:
    """What a member says in this tick, or NULL."""
    return heard_at(port.heard, rate_hz) if port.heard != NULL else NULL


cdef inline void weigh(Worker* worker, Port* ear, int room_slot, int32_t* total, int rate_hz) noexcept nogil:
    """The same sum as this ear hears it."""
    cdef Gain* gain = ear.gains
    cdef Port* mouth
    cdef const int16_t* samples
    cdef int i
    while gain != NULL:
        mouth = &worker.ports[gain.mouth]
        if (
            gain.room == room_slot
            and mouth.generation == gain.mouth_generation
            and mouth.source == SOURCE_MIX
            and mouth.room_slot == room_slot
            and mouth != ear
        ):
            samples = voice(mouth, rate_hz)
            if samples != NULL:
                for i in range(rate_hz // 50):
                    total[i] += <int32_t>lrint((gain.gain - 1.0) * samples[i])
        gain = gain.next


cdef inline void mix_room(Worker* worker, int room_slot) noexcept nogil:
    cdef Room* room = &worker.rooms[room_slot]
    cdef int32_t total[WIDE_SAMPLES]
    cdef int32_t weighed[WIDE_SAMPLES]
    cdef int16_t mixed[WIDE_SAMPLES]
    cdef int rate_hz = room_rate(worker, room)
    cdef int count = rate_hz // 50
    cdef int slot = room.first_member
    cdef const int16_t* samples
    cdef Port* port
    memset(total, 0, sizeof(total))
    while slot >= 0:
        samples = voice(&worker.ports[slot], rate_hz)
        if samples != NULL:
            mix_add(total, samples, count)
        slot = worker.ports[slot].next_member
    slot = room.first_member
    while slot >= 0:
        port = &worker.ports[slot]
        slot = port.next_member
        if lingers_on(worker, port):
            continue
        port.mixed_tick = worker.tick
        if port.gains == NULL:
            mix_minus_own(total, voice(port, rate_hz), mixed, count)
        else:
            memcpy(weighed, total, sizeof(total))
            weigh(worker, port, room_slot, weighed, rate_hz)
            mix_minus_own(weighed, voice(port, rate_hz), mixed, count)
        say(worker, port, mixed, rate_hz)


cdef inline void mix_rooms(Worker* worker) noexcept nogil:
    cdef int slot
    for slot in range(worker.rooms_used):
        if worker.rooms[slot].generation and worker.rooms[slot].members:
            mix_room(worker, slot)
