# cython: language_level=3, autotestdict=False
"""Sound at another sample rate, compiled: the twin of media.resampling."""

from cpython.bytes cimport PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from ext.pcm cimport octets_in, room, samples_in, samples_of, saturated

cdef enum:
    TAP_BITS = 24            # filter taps are integers, scaled by 2^24: sums are exact in every build


cdef void lay_out_phases(
    const int32_t* taps, Py_ssize_t tap_count, int32_t* phases, Py_ssize_t up, Py_ssize_t width
) noexcept nogil:
    """The taps of each of `up` phases side by side, oldest sample first, so that one output is one dot product."""
    cdef Py_ssize_t phase, i, tap
    for phase in range(up):
        for i in range(width):
            tap = phase + (width - 1 - i) * up
            phases[phase * width + i] = taps[tap] if tap < tap_count else 0


cdef void resample_into(
    const int16_t* padded, const int32_t* phases, Py_ssize_t width, Py_ssize_t up, Py_ssize_t down,
    Py_ssize_t delay, int16_t* output, Py_ssize_t output_count
) noexcept nogil:
    """`padded` has `width` samples of silence before and after the sound."""
    cdef Py_ssize_t n, i, position
    cdef const int16_t* window
    cdef const int32_t* phase
    cdef long long total
    for n in range(output_count):
        position = n * down + delay
        phase = phases + (position % up) * width
        window = padded + width + position // up - (width - 1)
        total = 1 << (TAP_BITS - 1)
        for i in range(width):
            total += <long long>phase[i] * window[i]
        output[n] = saturated(<long>(total >> TAP_BITS))


def resample(bytes pcm not None, bytes taps not None, Py_ssize_t up, Py_ssize_t down):
    cdef Py_ssize_t count = samples_of(pcm), tap_count = PyBytes_GET_SIZE(taps) // 4, width, wanted
    cdef int32_t* phases = NULL
    cdef int16_t* padded = NULL
    cdef int16_t* target
    cdef const int32_t* coefficients
    cdef bytes output
    if up < 1 or down < 1 or tap_count % 2 == 0:
        raise ValueError("resampling needs an odd number of taps and a ratio of positive integers")
    width = (tap_count + up - 1) // up
    wanted = (count * up + down - 1) // down
    output = room(2 * wanted)
    try:
        phases = <int32_t*>calloc(up * width, sizeof(int32_t))
        padded = <int16_t*>calloc(count + 2 * width, sizeof(int16_t))
        if phases == NULL or padded == NULL:
            raise MemoryError
        memcpy(padded + width, samples_in(pcm), 2 * count)
        coefficients = <const int32_t*>octets_in(taps)
        target = <int16_t*>samples_in(output)
        with nogil:  # a piece of music takes tenths of a second
            lay_out_phases(coefficients, tap_count, phases, up, width)
            resample_into(padded, phases, width, up, down, (tap_count - 1) // 2, target, wanted)
    finally:
        free(phases)
        free(padded)
    return output
