"""Digits that a port sends, one by one, in the stream of everything else, which is silent meanwhile.

As RFC 4733 events: an update every 20 ms, the end three times in a row (section 2.5.1.4). Or in band: two tones
(ITU-T Q.23) in the port's codec. Then a rest before whatever comes next.
"""

from libc.stdint cimport int16_t, uint16_t, uint32_t, uint8_t
from libc.string cimport memset

from ext.engine_dtmf cimport DTMF_COLUMNS, DTMF_HZ, DTMF_ROWS, GROUP
from ext.engine_heard cimport NARROW_HZ
from ext.engine_masking cimport mask_taps
from ext.engine_port cimport KEYS_QUEUED, Key, Keypad, Port, Stream
from ext.engine_stream cimport (
    FRAME, fall_silent, may_send, put_on_wire, say_at_once, stream_sent, timestamp_now,
)
from ext.engine_tap cimport RIGHT
from ext.engine_worker cimport Worker
from ext.rtp cimport rtp_write
from ext.tones cimport oscillator_fill, oscillator_start

cdef enum:
    EVENT_OCTETS = 4        # section 2.3
    END_BIT = 0x80
    VOLUME = 10             # -10 dBm0
    LOW_DBM0 = -11          # the high tone 2 dB above the low one, as lines take more from it (ETSI ES 201 235)
    HIGH_DBM0 = -9
    LONGEST_KEY = 64000     # 8 s at 8 kHz
    LONGEST_SEGMENT = 0xFFFF
    ENDS = 3
    REST = 4                # ticks: 80 ms, which every decoder takes for the space between two digits


cdef inline Key* sounding(Keypad* keypad) noexcept nogil:
    return &keypad.keys[keypad.first]


cdef inline void send_update(Worker* worker, Port* port, bint marker, int duration, bint end) noexcept nogil:
    """One packet of the digit that sounds; its timestamp is that of the segment's beginning."""
    cdef Stream* stream = &port.stream
    cdef Keypad* keypad = &port.keypad
    cdef uint32_t timestamp = keypad.timestamp + keypad.segments
    cdef uint8_t packet[12 + EVENT_OCTETS]
    rtp_write(packet, <uint8_t>port.send_event, marker, stream.next_sequence, timestamp, stream.ssrc)
    packet[12] = sounding(keypad).event
    packet[13] = VOLUME | (END_BIT if end else 0)
    packet[14] = <uint8_t>(duration >> 8)
    packet[15] = <uint8_t>(duration & 0xFF)
    stream.next_sequence += 1
    fall_silent(port)       # what follows is a talkspurt of its own
    stream_sent(stream, timestamp, worker.now_ns)
    put_on_wire(worker, port, packet, 12 + EVENT_OCTETS)


cdef inline void send_key(Worker* worker, Port* port, bint marker, bint end) noexcept nogil:
    """How long it has sounded; what is more than a packet can tell begins a new segment (section 2.5.1.3)."""
    cdef Keypad* keypad = &port.keypad
    cdef int duration = keypad.elapsed * (port.event_rate_hz // NARROW_HZ) - <int>keypad.segments
    if duration > LONGEST_SEGMENT:
        send_update(worker, port, marker, LONGEST_SEGMENT, False)
        keypad.segments += LONGEST_SEGMENT
        duration -= LONGEST_SEGMENT
    send_update(worker, port, marker, duration, end)


cdef inline void sound_key(Worker* worker, Port* port) noexcept nogil:
    """Another 20 ms of it, or the last of them."""
    cdef Keypad* keypad = &port.keypad
    cdef int duration = sounding(keypad).duration
    cdef bint begins = keypad.elapsed == 0
    if begins:
        keypad.timestamp = timestamp_now(&port.stream, worker.now_ns)
        keypad.segments = 0
    keypad.elapsed += FRAME
    if keypad.elapsed >= duration:
        keypad.elapsed = duration
        keypad.rest = 1
    send_key(worker, port, begins, keypad.rest > 0)


cdef inline void rest_key(Worker* worker, Port* port) noexcept nogil:
    """Its end once more, or nothing. The stream's time passes: nothing may come before the rest is over."""
    cdef Keypad* keypad = &port.keypad
    cdef uint32_t passed = keypad.elapsed + (keypad.rest - 1) * FRAME
    if keypad.rest < ENDS:
        send_key(worker, port, False, True)
    passed *= port.stream.rate_hz // NARROW_HZ
    stream_sent(&port.stream, keypad.timestamp + passed, worker.now_ns)
    keypad.rest += 1


cdef inline void begin_tones(Worker* worker, Port* port) noexcept nogil:
    """What records the port hears none of it."""
    cdef Keypad* keypad = &port.keypad
    cdef int event = sounding(keypad).event
    oscillator_start(&keypad.low, DTMF_HZ[DTMF_ROWS[event]], LOW_DBM0)
    oscillator_start(&keypad.high, DTMF_HZ[GROUP + DTMF_COLUMNS[event]], HIGH_DBM0)
    mask_taps(worker, port, RIGHT, 0, sounding(keypad).duration + FRAME)


cdef inline void pair_fill(Keypad* keypad, int16_t* samples, int count) noexcept nogil:
    """The two levels together stay below full scale."""
    cdef int16_t high[FRAME]
    cdef int i
    oscillator_fill(&keypad.low, samples, count)
    oscillator_fill(&keypad.high, high, count)
    for i in range(count):
        samples[i] = <int16_t>(samples[i] + high[i])


cdef inline void tones_tick(Worker* worker, Port* port) noexcept nogil:
    """20 ms of the pair; its end, and the silence that follows."""
    cdef Keypad* keypad = &port.keypad
    cdef int count = min(sounding(keypad).duration - keypad.elapsed, FRAME)
    cdef int16_t samples[FRAME]
    if keypad.elapsed == 0:
        begin_tones(worker, port)
    memset(samples, 0, sizeof(samples))
    pair_fill(keypad, samples, count)
    keypad.elapsed += count
    if keypad.elapsed == sounding(keypad).duration:
        keypad.rest += 1
    say_at_once(worker, port, samples, NARROW_HZ)


cdef inline bint may_press(const Port* port, bint in_band) noexcept nogil:
    return may_send(port) and (in_band or port.send_event >= 0)


cdef inline bint keypad_tick(Worker* worker, Port* port) noexcept nogil:
    """Whether there is more to come. Who gets no events any more gets none of those that wait either."""
    cdef Keypad* keypad = &port.keypad
    if keypad.rest > REST:
        keypad.first = (keypad.first + 1) % KEYS_QUEUED
        keypad.count -= 1
        keypad.elapsed = keypad.rest = 0
    if keypad.count == 0 or not may_press(port, sounding(keypad).in_band):
        return False
    if sounding(keypad).in_band:
        tones_tick(worker, port)
    elif keypad.rest == 0:
        sound_key(worker, port)
    else:
        rest_key(worker, port)
    return True


cdef inline void keypad_forget(Port* port) noexcept nogil:
    """Nothing sounds and nothing waits."""
    cdef Keypad* keypad = &port.keypad
    keypad.busy = False
    keypad.first = keypad.count = keypad.elapsed = keypad.rest = 0
    port.next_keypad = NULL


cdef inline void keypads_tick(Worker* worker) noexcept nogil:
    """Of all ports that send digits just now; who is done leaves the chain."""
    cdef Port** link = &worker.first_keypad
    cdef Port* port
    while link[0] != NULL:
        port = link[0]
        if keypad_tick(worker, port):
            link = &port.next_keypad
        else:
            link[0] = port.next_keypad
            keypad_forget(port)


cdef inline void keypad_press(
    Worker* worker, Port* port, int event, int duration, bint in_band
) noexcept nogil:
    """Sound this digit from the next tick on, or when those before it are over."""
    cdef Keypad* keypad = &port.keypad
    cdef Key* key = &keypad.keys[(keypad.first + keypad.count) % KEYS_QUEUED]
    if not may_press(port, in_band) or keypad.count == KEYS_QUEUED:
        return
    key.event = <uint8_t>event
    key.duration = <uint16_t>duration
    key.in_band = in_band
    keypad.count += 1
    if not keypad.busy:
        keypad.busy = True
        port.next_keypad = worker.first_keypad
        worker.first_keypad = port


cdef inline void keypad_clear(Worker* worker, Port* port) noexcept nogil:
    """The port closes."""
    cdef Port** link = &worker.first_keypad
    if not port.keypad.busy:
        return
    while link[0] != NULL:
        if link[0] == port:
            link[0] = port.next_keypad
            break
        link = &link[0].next_keypad
    keypad_forget(port)
