"""What recordings and forks do not hear: the digits that somebody presses.

Word of a digit seldom comes with the first of its sound: a gateway has listened for 40 ms before it says so,
an INFO takes its own way. So the silence reaches back into what the recorder still holds.
"""

from libc.stdint cimport int64_t

from ext.engine_recorder cimport LEFT, RIGHT, SAMPLES, advance, recorder_now
from ext.engine_worker cimport WINDOW_FRAMES, Port, Recorder, Worker

cdef enum:
    DIGIT_BACK = 2400       # samples (300 ms) before the word of a digit in which it may have sounded already
    DIGIT_AHEAD = 1600      # samples (200 ms) after it in which it may yet sound


cdef inline void recorder_mask(Recorder* recorder, int side, int64_t begin, int64_t end) noexcept nogil:
    """Silence on one side from sample `begin` to sample `end`, by whole frames, both since the start.

    It reaches back as far as the frames are held, and on as far as it says.
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


cdef inline void mask_taps(
    Worker* worker, Port* port, int side, int64_t back, int64_t ahead
) noexcept nogil:
    """A digit sounds on this side of a port, from `back` samples ago until `ahead` samples from now."""
    cdef Recorder* tap = port.taps
    cdef int64_t now
    while tap != NULL:
        if tap.masks_digits:
            advance(worker, tap)
            now = recorder_now(worker, tap)
            recorder_mask(tap, side, now - back, now + ahead)
        tap = tap.next_tap


cdef inline void mask_heard(Worker* worker, Port* port, int64_t back, int64_t ahead) noexcept nogil:
    """The port's peer presses a digit: it may sound in what is received here and in what relays it."""
    cdef int slot = port.first_listener
    mask_taps(worker, port, LEFT, back + DIGIT_BACK, ahead + DIGIT_AHEAD)
    while slot >= 0:
        mask_taps(worker, &worker.ports[slot], RIGHT, back + DIGIT_BACK, ahead + DIGIT_AHEAD)
        slot = worker.ports[slot].next_listener
