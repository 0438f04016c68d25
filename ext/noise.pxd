"""White noise for other compiled modules."""

from libc.stdint cimport int16_t, uint32_t

cdef struct Noise:
    uint32_t state          # any value but 0
    double amplitude        # peak, in sample units

cdef void noise_start(Noise* noise, double level_dbm0, uint32_t seed) noexcept nogil
# Writes the next `count` samples of white noise (xorshift32, evenly spread), the same for the same seed.
cdef void noise_fill(Noise* noise, int16_t* samples, Py_ssize_t count) noexcept nogil
