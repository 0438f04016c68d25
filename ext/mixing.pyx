# cython: language_level=3, autotestdict=False
"""Frames added up, compiled: the twin of media.mixing."""

from libc.stdint cimport int16_t, int32_t
from libc.stdlib cimport calloc, free

from ext.pcm cimport room, samples_in, samples_of


cdef void mix_add(int32_t* total, const int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        total[i] += samples[i]


cdef void mix_minus_own(
    const int32_t* total, const int16_t* own, int16_t* mixed, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    cdef int32_t value
    for i in range(count):
        value = total[i] - (own[i] if own != NULL else 0)
        value = value if value < 32767 else 32767
        mixed[i] = <int16_t>(value if value > -32768 else -32768)


def mix(frames):
    cdef Py_ssize_t count = samples_of(frames[0]) if frames else 0
    cdef int32_t* total
    cdef bytes frame, mixed
    cdef list result = []
    for frame in frames:
        if samples_of(frame) != count:
            raise ValueError("frames of different lengths cannot be mixed")
    total = <int32_t*>calloc(count + 1, sizeof(int32_t))
    if total == NULL:
        raise MemoryError
    try:
        for frame in frames:
            mix_add(total, samples_in(frame), count)
        for frame in frames:
            mixed = room(2 * count)
            mix_minus_own(total, samples_in(frame), <int16_t*>samples_in(mixed), count)
            result.append(mixed)
    finally:
        free(total)
    return result
