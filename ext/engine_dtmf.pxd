"""Digits that come as pairs of tones (ITU-T Q.23), told once, at their end, as Q.24 asks of a receiver.

Every 5 ms the last 20 are judged: two tones, one of each group, that are nearly all there is, in their places
to 2.5 %, loud enough and of like strength. A digit is what is so judged four times in a row, which takes
more than 30 ms; a break of 10 ms does not end it, one of 30 does.
"""

from libc.math cimport cos
from libc.stdint cimport int16_t
from libc.string cimport memcpy, memmove, memset

from ext.tones cimport LANES, goertzel_powers_into, mean_power

cdef enum:
    WINDOW = 160        # samples that are judged together
    HOP = 40            # samples from one judgement to the next
    GROUP = 4           # tones in the low group, and in the high one
    NO_DIGIT = -1
    HITS = 4            # judgements in a row that make a digit
    MISSES = 7          # in a row that end it: a break of 20 ms or so
    EDGES = 146         # samples that a digit is longer than from its first judgement to its last

cdef extern from *:
    """
    static const double CENTRALITA_DTMF_HZ[8] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
    /* RFC 4733 events (section 3.2), by low and high tone. */
    __attribute__((unused)) static const int CENTRALITA_DTMF_EVENTS[4][4] = {{1, 2, 3, 12}, {4, 5, 6, 13}, {7, 8, 9, 14}, {10, 0, 11, 15}};
    /* And back. */
    __attribute__((unused)) static const int CENTRALITA_DTMF_ROWS[16] = {3, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 0, 1, 2, 3};
    __attribute__((unused)) static const int CENTRALITA_DTMF_COLUMNS[16] = {1, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 2, 3, 3, 3, 3};
    #define CENTRALITA_DTMF_STEP (2.5 / 300.0)  /* three make the tolerance: Q.24 wants 1.5 to 1.8 %, not 3 to 3.5 */
    #define CENTRALITA_DTMF_LEAST 5.20e5        /* -27 dBm0 of each tone, as mean square: -25 is heard, -29 is not */
    #define CENTRALITA_DTMF_COARSE 0.30         /* share of the power, by Goertzel on the nominal frequencies */
    #define CENTRALITA_DTMF_SHARE 0.83          /* and on those that are really there */
    #define CENTRALITA_DTMF_TWIST 8.9           /* high tone weaker by 9.5 dB at most; Q.24 wants 8 */
    #define CENTRALITA_DTMF_REVERSE 3.5         /* stronger by 5.5 dB at most; Q.24 wants 4 */
    #define CENTRALITA_TURN 7.853981633974483e-4    /* 2 pi / 8000 */
    """
    const double* DTMF_HZ "CENTRALITA_DTMF_HZ"
    const int DTMF_EVENTS "CENTRALITA_DTMF_EVENTS"[4][4]
    const int* DTMF_ROWS "CENTRALITA_DTMF_ROWS"
    const int* DTMF_COLUMNS "CENTRALITA_DTMF_COLUMNS"
    const double STEP "CENTRALITA_DTMF_STEP"
    const double LEAST "CENTRALITA_DTMF_LEAST"
    const double COARSE_SHARE "CENTRALITA_DTMF_COARSE"
    const double SHARE "CENTRALITA_DTMF_SHARE"
    const double TWIST "CENTRALITA_DTMF_TWIST"
    const double REVERSE_TWIST "CENTRALITA_DTMF_REVERSE"
    const double TURN "CENTRALITA_TURN"

cdef struct Dtmf:
    double turns[LANES]
    int16_t window[WINDOW]
    int filled          # of the newest hop
    int digit           # RFC 4733 event that sounds, or may; NO_DIGIT: none
    int hits            # judgements in a row; HITS: it is a digit
    int span            # hops from the first of them to the last
    int misses          # judgements since
    int ended           # RFC 4733 event that ended in the newest frame, or NO_DIGIT
    int duration        # its samples


cdef inline void dtmf_start(Dtmf* dtmf) noexcept nogil:
    cdef int tone
    memset(dtmf, 0, sizeof(Dtmf))
    dtmf.digit = dtmf.ended = NO_DIGIT
    for tone in range(LANES):
        dtmf.turns[tone] = 2.0 * cos(TURN * DTMF_HZ[tone])


cdef inline int strongest(const double* powers) noexcept nogil:
    """Of a group."""
    cdef int tone, best = 0
    for tone in range(1, GROUP):
        if powers[tone] > powers[best]:
            best = tone
    return best


cdef inline double true_power(const Dtmf* dtmf, double hz) noexcept nogil:
    """Of a tone where it really is, near `hz`; 0 where that is too far from it."""
    cdef double turns[LANES]
    cdef double powers[LANES]
    cdef int lane, best = 0
    for lane in range(LANES):
        turns[lane] = 2.0 * cos(TURN * hz * (1.0 + STEP * (lane - 3.5)))
    goertzel_powers_into(dtmf.window, WINDOW, turns, powers)
    for lane in range(1, LANES):
        if powers[lane] > powers[best]:
            best = lane
    return 0.0 if best == 0 or best == LANES - 1 else powers[best]


cdef inline int judge(const Dtmf* dtmf, double least) noexcept nogil:
    """The digit whose tones, each with a mean square of `least` or more, fill the window, or NO_DIGIT."""
    cdef double powers[LANES]
    cdef double total = mean_power(dtmf.window, WINDOW), low, high
    cdef int row, column
    if total < 2.0 * least:
        return NO_DIGIT
    goertzel_powers_into(dtmf.window, WINDOW, dtmf.turns, powers)
    row, column = strongest(powers), strongest(powers + GROUP)
    if powers[row] + powers[GROUP + column] < COARSE_SHARE * total:
        return NO_DIGIT
    low = true_power(dtmf, DTMF_HZ[row])
    if low < least:
        return NO_DIGIT
    high = true_power(dtmf, DTMF_HZ[GROUP + column])
    if high < least or low + high < SHARE * total or low > TWIST * high or high > REVERSE_TWIST * low:
        return NO_DIGIT
    return DTMF_EVENTS[row][column]


cdef inline void end_tones(Dtmf* dtmf) noexcept nogil:
    if dtmf.hits >= HITS:
        dtmf.ended = dtmf.digit
        dtmf.duration = dtmf.span * HOP + EDGES
    dtmf.digit = NO_DIGIT


cdef inline void begin_tones(Dtmf* dtmf, int digit) noexcept nogil:
    dtmf.digit = digit
    dtmf.hits = 1
    dtmf.span = dtmf.misses = 0


cdef inline void take_judgement(Dtmf* dtmf, int digit) noexcept nogil:
    """Before it is a digit nothing may interrupt it."""
    if dtmf.digit == NO_DIGIT:
        if digit != NO_DIGIT:
            begin_tones(dtmf, digit)
    elif digit == dtmf.digit:
        dtmf.span += dtmf.misses + 1
        dtmf.misses = 0
        if dtmf.hits < HITS:
            dtmf.hits += 1
    elif digit != NO_DIGIT:
        end_tones(dtmf)
        begin_tones(dtmf, digit)
    else:
        dtmf.misses += 1
        if dtmf.hits < HITS or dtmf.misses == MISSES:
            end_tones(dtmf)


cdef inline void dtmf_frame(Dtmf* dtmf, const int16_t* samples, int count) noexcept nogil:
    """The next samples, 160 at most: so no more than one digit can end in them."""
    cdef int taken = 0, part
    dtmf.ended = NO_DIGIT
    while taken < count:
        part = min(HOP - dtmf.filled, count - taken)
        memcpy(dtmf.window + WINDOW - HOP + dtmf.filled, samples + taken, part * sizeof(int16_t))
        taken += part
        dtmf.filled += part
        if dtmf.filled == HOP:
            take_judgement(dtmf, judge(dtmf, LEAST))
            memmove(dtmf.window, dtmf.window + HOP, (WINDOW - HOP) * sizeof(int16_t))
            dtmf.filled = 0
