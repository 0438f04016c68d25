"""Where on a recording's clock the sound of one side lies.

The first packet lies where it arrived, or left; those that follow lie where their timestamps say, for as
long as these agree with the clock within 200 ms, and are not later than a fork waits for them. A packet that comes
sooner than its timestamp says shows that the first ones were held up: for as long as none of them has left the
window, all lie sooner by as much. Later the least delay of each second corrects the place, so two clocks that differ
by some parts in a million stay aligned.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint32_t

cdef enum:
    ASTRAY = 1600           # samples (200 ms) between timestamp and clock that delays explain
    LEAP = 16000            # samples (2 s) that they never do
    DRIFTED = 40            # samples (5 ms) that the least delay of a second corrects
    QUIET = 64              # mean magnitude of what nobody misses

cdef extern from *:
    """
    #define SLACK_WINDOW_NS 1000000000LL
    #define PATIENCE_NS 10000000000LL
    #define STALL_NS 200000000LL
    """
    const int64_t SLACK_WINDOW_NS
    const int64_t PATIENCE_NS
    const int64_t STALL_NS

cdef struct Side:
    bint anchored
    int64_t begun           # where the earliest sample since the anchor lies
    int64_t position        # in samples since the start, of
    uint32_t timestamp
    int64_t least_slack     # arrival minus place, the least of this second
    int64_t slack_since_ns
    int64_t pause           # samples of silence until now
    int64_t astray_since_ns # when the place ceased to agree with the clock; 0: it agrees


cdef inline int64_t anchor(Side* side, int64_t arrival, int64_t now_ns) noexcept nogil:
    side.anchored = True
    side.begun = arrival
    side.astray_since_ns = 0
    side.least_slack = 0
    side.slack_since_ns = now_ns
    return arrival


cdef inline int64_t expected(const Side* side, uint32_t timestamp) noexcept nogil:
    """Where a packet lies by its timestamp."""
    return side.position + <int32_t>(timestamp - side.timestamp)


cdef inline int64_t held_up(const Side* side, uint32_t timestamp, int64_t arrival, int64_t movable) noexcept nogil:
    """By how much all since the anchor lies too late, as this packet shows; 0 once it lies before `movable`."""
    cdef int64_t early = expected(side, timestamp) - arrival
    if not side.anchored or side.begun < movable or not 0 < early <= ASTRAY:
        return 0
    return min(early, side.begun - movable)


cdef inline void put_sooner(Side* side, int64_t samples) noexcept nogil:
    """All since the anchor."""
    side.begun -= samples
    side.position -= samples
    side.least_slack += samples


cdef inline void note_pause(Side* side, const int16_t* samples, int count) noexcept nogil:
    cdef int i, total = 0
    for i in range(count):
        total += samples[i] if samples[i] >= 0 else -samples[i]
    side.pause = side.pause + count if total < QUIET * count else 0


cdef inline int64_t correct_drift(Side* side, int64_t slack, int64_t now_ns) noexcept nogil:
    """By how much the place moves: each second by the least delay of that second, if it is worth it.

    It waits for a pause in which as much may go as it moves back by, or for ten seconds.
    """
    cdef int64_t passed_ns = now_ns - side.slack_since_ns
    cdef bint drifted = side.least_slack > DRIFTED or side.least_slack < -DRIFTED
    cdef int64_t moved = side.least_slack if drifted else 0
    cdef bint heard = side.pause == 0 or side.pause < -moved
    if passed_ns <= SLACK_WINDOW_NS or (drifted and heard and passed_ns <= PATIENCE_NS):
        if slack < side.least_slack:
            side.least_slack = slack
        return 0
    side.least_slack = slack - moved
    side.slack_since_ns = now_ns
    return moved


cdef inline bint lost_its_place(Side* side, int64_t slack, int64_t held, int64_t now_ns) noexcept nogil:
    """Two seconds off at once: another stream. Less: the network may have stalled, and may yet catch up."""
    if slack > LEAP or slack < -LEAP:
        return True
    if -ASTRAY <= slack <= min(ASTRAY, held):
        side.astray_since_ns = 0
        return False
    if side.astray_since_ns == 0:
        side.astray_since_ns = now_ns
    return now_ns - side.astray_since_ns > STALL_NS


cdef inline int64_t position_of(
    Side* side, uint32_t timestamp, int64_t arrival, int64_t held, int64_t now_ns
) noexcept nogil:
    """In samples since the recording began; `arrival` likewise. What is later than `held` is not heard at all."""
    cdef int64_t position = expected(side, timestamp)
    if not side.anchored or lost_its_place(side, arrival - position, held, now_ns):
        position = anchor(side, arrival, now_ns)
    elif side.astray_since_ns == 0:
        position += correct_drift(side, arrival - position, now_ns)
    side.position = position
    side.begun = min(side.begun, position)
    side.timestamp = timestamp
    return position
