"""Frames added up, and each one's own taken off, for other compiled modules."""

from libc.stdint cimport int16_t, int32_t

# total[i] += samples[i]; at most 65536 frames may be summed into one total.
cdef void mix_add(int32_t* total, const int16_t* samples, Py_ssize_t count) noexcept nogil
# mixed[i] = total[i] - own[i], saturated to 16 bits; `own` may be NULL (somebody who only listens).
cdef void mix_minus_own(
    const int32_t* total, const int16_t* own, int16_t* mixed, Py_ssize_t count
) noexcept nogil
