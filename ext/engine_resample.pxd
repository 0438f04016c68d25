"""Between 8 and 16 kHz: a half-band low-pass of 47 taps, whose every other tap is zero.

Flat to 3.4 kHz within 0.01 dB, 58 dB down from 4.6 kHz on; its delay is 1.5 ms. The coefficients are a windowed
sinc (Kaiser, beta 5.5), scaled by 2**15; tests compute them again.
"""

from libc.stdint cimport int16_t, int32_t
from libc.string cimport memcpy

cdef enum:
    SIDE = 12               # taps other than zero on each side of the middle one
    REACH = 23              # samples of 16 kHz from the middle to the outermost tap

cdef extern from *:
    """
    /* h[1], h[3], ... h[23]; h[0] is 16384 (a half), the even others are 0. */
    static const int engine_half_band[12] = {10385, -3344, 1871, -1201, 808, -548, 366, -238, 147, -84, 43, -18};
    """
    const int* HALF_BAND "engine_half_band"

cdef struct Upward:         # 8 to 16 kHz
    int16_t before[2 * SIDE]    # the last samples of 8 kHz

cdef struct Downward:       # 16 to 8 kHz
    int16_t before[2 * REACH]   # the last samples of 16 kHz


cdef inline int16_t saturated(int32_t sample) noexcept nogil:
    if sample > 32767:
        return 32767
    return <int16_t>(sample if sample > -32768 else -32768)


cdef inline void upward(Upward* state, const int16_t* samples, int count, int16_t* wide) noexcept nogil:
    """`count` samples of 8 kHz, 320 at most, become twice as many."""
    cdef int16_t line[2 * SIDE + 320]
    cdef int i, k
    cdef int32_t total
    memcpy(line, state.before, sizeof(state.before))
    memcpy(line + 2 * SIDE, samples, count * sizeof(int16_t))
    for i in range(count):
        # line[i + SIDE - 1] and line[i + SIDE] stand on both sides of the new sample
        total = 0
        for k in range(SIDE):
            total += HALF_BAND[k] * (line[i + SIDE - 1 - k] + line[i + SIDE + k])
        wide[2 * i] = line[i + SIDE - 1]
        wide[2 * i + 1] = saturated((total + (1 << 13)) >> 14)
    memcpy(state.before, line + count, sizeof(state.before))


cdef inline void downward(Downward* state, const int16_t* samples, int count, int16_t* narrow) noexcept nogil:
    """`count` samples of 16 kHz, an even number and 640 at most, become half as many."""
    cdef int16_t line[2 * REACH + 640]
    cdef int i, k, middle
    cdef int32_t total
    memcpy(line, state.before, sizeof(state.before))
    memcpy(line + 2 * REACH, samples, count * sizeof(int16_t))
    for i in range(count // 2):
        middle = 2 * i + REACH + 1
        total = line[middle] * 16384
        for k in range(SIDE):
            total += HALF_BAND[k] * (line[middle - 1 - 2 * k] + line[middle + 1 + 2 * k])
        narrow[i] = saturated((total + (1 << 14)) >> 15)
    memcpy(state.before, line + count, sizeof(state.before))
