# cython: language_level=3, autotestdict=False
# distutils: extra_compile_args = -ffp-contract=off
"""White noise, compiled: the twin of media.noise."""

from libc.math cimport lrint, pow, sqrt
from libc.stdint cimport int16_t, int32_t, uint32_t

from ext.pcm cimport FULL_SCALE, OVERLOAD_DBM0, room, samples_in, saturated


cdef void noise_start(Noise* noise, double level_dbm0, uint32_t seed) noexcept nogil:
    """Evenly spread samples have a third of their peak's square as mean square, a sine a half."""
    noise.state = seed if seed != 0 else 1
    noise.amplitude = FULL_SCALE * pow(10.0, (level_dbm0 - OVERLOAD_DBM0) / 20.0) * sqrt(1.5)


cdef void noise_fill(Noise* noise, int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint32_t state = noise.state
    cdef double scale = noise.amplitude / 2147483648.0
    for i in range(count):
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        samples[i] = saturated(lrint(<double><int32_t>state * scale))
    noise.state = state


def noise(double level_dbm0, Py_ssize_t count, object seed):
    cdef bytes pcm
    cdef Noise state
    if count < 0:
        raise ValueError("noise has no negative length")
    pcm = room(2 * count)
    noise_start(&state, level_dbm0, seed & 0xFFFFFFFF)
    noise_fill(&state, <int16_t*>samples_in(pcm), count)
    return pcm
