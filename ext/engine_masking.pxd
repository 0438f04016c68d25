"""What recordings and forks do not hear: the digits that somebody presses.

Word of a digit, an event or an INFO, seldom comes with the first of its sound: a gateway has listened for 40 ms
before it says so. And many phones send the sound too, or nothing else. So what is recorded is silent around
every word of a digit, as far back as the recorder still holds it, and wherever a frame sounds like one.
"""

from libc.stdint cimport int16_t, int32_t, int64_t

from ext.engine_dtmf cimport NO_DIGIT, judge
from ext.engine_jitter cimport may_be_digit, note_digit
from ext.engine_port cimport SOURCE_MIX, Gain, Port
from ext.engine_tap cimport LEFT, RIGHT, SAMPLES, WINDOW_FRAMES, Recorder, frame_values
from ext.engine_worker cimport Worker

cdef enum:
    DIGIT_BACK = 2400       # samples (300 ms) before the word of a digit in which it may have sounded already
    DIGIT_AHEAD = 1600      # samples (200 ms) after it in which it may yet sound

cdef extern from *:
    """
    #define CENTRALITA_FAINTEST 2600.0  /* -50 dBm0 of each tone, as mean square: far below what is a digit */
    """
    const double FAINTEST "CENTRALITA_FAINTEST"


cdef inline void recorder_mask(Recorder* recorder, int side, int64_t begin, int64_t end) noexcept nogil:
    """Silence on one side from sample `begin`, which has been, to sample `end`, both since the start.

    By whole frames; it reaches back as far as they are held, and on as far as it says.
    """
    cdef int64_t frame = begin // SAMPLES
    cdef int64_t until = (end + SAMPLES - 1) // SAMPLES
    if frame < recorder.flushed:
        frame = recorder.flushed
    while frame < until and frame < recorder.current:
        recorder.wanted[frame % WINDOW_FRAMES] &= ~(1 << side)
        frame += 1
    if until > recorder.masked_until[side]:
        recorder.masked_until[side] = until


cdef inline void mask_digits_in(Worker* worker, Recorder* recorder, int64_t frame) noexcept nogil:
    """Where a frame sounds like a digit it is masked, with the one before and the one after.

    A digit of 40 ms or more fills at least one frame wherever it begins. Of 16 kHz two samples are one: that
    leaves a digit its tones, and little of what lies above 4 kHz.
    """
    cdef int values = frame_values(recorder.wide)
    cdef int step = values // SAMPLES
    cdef const int16_t* samples = recorder.window + frame % WINDOW_FRAMES * values
    cdef int side, i
    for side in range(2):
        for i in range(SAMPLES):
            worker.ear.window[i] = <int16_t>((samples[step * i + side] + samples[step * (i + 1) - 2 + side]) // 2)
        if judge(&worker.ear, FAINTEST) != NO_DIGIT:
            recorder_mask(recorder, side, (frame - 1) * SAMPLES, (frame + 2) * SAMPLES)


cdef inline void mask_taps(
    Worker* worker, Port* port, int side, int64_t back, int64_t ahead
) noexcept nogil:
    """A digit sounds on this side of a port, from `back` samples ago until `ahead` samples from now."""
    cdef Recorder* tap = port.taps
    cdef int64_t now
    while tap != NULL:
        if tap.masks_digits:
            now = (worker.now_ns - tap.start_ns) // 125000
            recorder_mask(tap, side, now - back, now + ahead)
        tap = tap.next_tap


cdef inline bint is_deaf(const Port* ear, const Port* mouth) noexcept nogil:
    """Whether the one is not heard by the other at all, in the room in which they are."""
    cdef const Gain* gain = ear.gains
    while gain != NULL:
        if (
            gain.room == ear.room_slot
            and gain.mouth == mouth.slot
            and gain.mouth_generation == mouth.generation
        ):
            return gain.gain == 0.0
        gain = gain.next
    return False


cdef inline void mask_mixed(Worker* worker, Port* port, int64_t back, int64_t ahead) noexcept nogil:
    """Likewise for all others of the room in which the digit is pressed."""
    cdef int slot = worker.rooms[port.room_slot].first_member
    while slot >= 0:
        if slot != port.slot and not is_deaf(&worker.ports[slot], port):
            mask_taps(worker, &worker.ports[slot], RIGHT, back, ahead)
        slot = worker.ports[slot].next_member


cdef inline void mask_relayed(Worker* worker, Port* port, int64_t back, int64_t ahead) noexcept nogil:
    """Likewise for all who relay what is received here."""
    cdef int slot = port.first_listener
    while slot >= 0:
        mask_taps(worker, &worker.ports[slot], RIGHT, back, ahead)
        slot = worker.ports[slot].next_listener
    if port.source == SOURCE_MIX:
        mask_mixed(worker, port, back, ahead)


cdef inline void mask_heard(Worker* worker, Port* port, int64_t back, int64_t ahead) noexcept nogil:
    """The port's peer presses a digit: it may sound in what is received here and in what relays it."""
    back += DIGIT_BACK
    ahead += DIGIT_AHEAD
    mask_taps(worker, port, LEFT, back, ahead)
    mask_relayed(worker, port, back, ahead)
    if port.heard != NULL:
        note_digit(&port.heard.jitter, <int32_t>(ahead * port.heard.jitter.rate_hz // 8000), worker.now_ns)


cdef inline void mask_played(Worker* worker, Port* port) noexcept nogil:
    """What waited in the buffer while a digit was told of is masked when it is played, however late that is."""
    if port.heard.present and may_be_digit(&port.heard.jitter, port.heard.timestamp):
        mask_relayed(worker, port, (worker.now_ns - worker.tick_ns) // 125000 + SAMPLES, 2 * SAMPLES)
