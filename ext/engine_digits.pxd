"""RFC 4733 digits: each told once, however many of its packets arrive, even if none that ends it does."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t, uint8_t

from ext.engine_heard cimport NARROW_HZ
from ext.engine_keypad cimport LONGEST_KEY, keypad_press
from ext.engine_messages cimport EVENT_DIGIT
from ext.engine_port cimport Digits, Port
from ext.engine_tell cimport tell
from ext.engine_worker cimport Worker

cdef enum:
    LAST_DIGIT = 15                 # 0-9 * # A-D, RFC 4733 section 3.2
    END_LOST_NS = 200000000         # four updates of 50 ms without a word: its end was lost
    FORGOTTEN_NS = 2000000000       # none of its packets is so late


cdef inline void press_for_listeners(Worker* worker, Port* port, int event, uint32_t units) noexcept nogil:
    """Those who relay this port decoded get none of its packets: they press the key again, as long."""
    cdef Port* listener
    cdef int slot = port.first_listener
    cdef uint64_t duration = <uint64_t>units * NARROW_HZ // port.event_rate_hz
    while slot >= 0:
        listener = &worker.ports[slot]
        slot = listener.next_listener
        if listener.decoded:
            keypad_press(worker, listener, event, <int>min(duration, <uint64_t>LONGEST_KEY), False)


cdef inline void end_digit(Worker* worker, Port* port) noexcept nogil:
    cdef Digits* digits = &port.digits
    cdef uint32_t units = digits.ended_segments + digits.duration
    digits.pending = False
    tell(worker, port, EVENT_DIGIT, digits.event, <int64_t>units * 1000 // port.event_rate_hz)
    press_for_listeners(worker, port, digits.event, units)


cdef inline bint begins(const Worker* worker, const Digits* digits, uint32_t timestamp) noexcept nogil:
    """Whether an event is not the newest, nor one before it. Long after, any other timestamp is newer: a clock
    wraps, and some start again.
    """
    return (
        not digits.seen
        or <int32_t>(timestamp - digits.timestamp) > 0
        or (timestamp != digits.timestamp and worker.now_ns - digits.last_ns > FORGOTTEN_NS)
    )


cdef inline void digit_packet(
    Worker* worker, Port* port, uint32_t timestamp, const uint8_t* payload, int length
) noexcept nogil:
    """One telephone-event packet that may be heard. The timestamp names the event (section 2.2)."""
    cdef Digits* digits = &port.digits
    cdef uint32_t duration
    cdef bint end
    if length < 4 or payload[0] > LAST_DIGIT:
        return
    end = payload[1] & 0x80 != 0
    duration = <uint32_t>payload[2] << 8 | payload[3]
    if begins(worker, digits, timestamp):
        if digits.pending and payload[0] == digits.event and timestamp == digits.timestamp + 0xFFFF:
            digits.ended_segments += 0xFFFF     # a long event goes on in a new segment, section 2.5.1.3
        else:
            if digits.pending:
                end_digit(worker, port)
            digits.ended_segments = 0
        digits.seen = digits.pending = True
        digits.timestamp = timestamp
        digits.event = payload[0]
        digits.duration = 0
    if timestamp != digits.timestamp or not digits.pending:
        return
    digits.last_ns = worker.now_ns
    if duration > digits.duration:
        digits.duration = duration
    if end:
        end_digit(worker, port)


cdef inline void digit_timeout(Worker* worker, Port* port) noexcept nogil:
    if port.digits.pending and worker.now_ns - port.digits.last_ns > END_LOST_NS:
        end_digit(worker, port)


cdef inline void digits_restart(Worker* worker, Port* port) noexcept nogil:
    """A new SSRC has timestamps of its own."""
    if port.digits.pending:
        end_digit(worker, port)
    port.digits.seen = False


cdef inline void digits_leap(Port* port) noexcept nogil:
    """Under the same SSRC the numbers begin anew: so may the timestamps."""
    port.digits.last_ns = 0
