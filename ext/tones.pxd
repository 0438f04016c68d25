"""Tones made and found, and the power of a sound, for other compiled modules.

All are `noexcept nogil`, allocate nothing and touch only the memory they are given.
`samples` are 16-bit linear PCM at 8 kHz, full scale 32767.
"""

from libc.stdint cimport int16_t

cdef struct Oscillator:
    double x               # the rotating phasor: x is the cosine, y the sine that is heard
    double y
    double step_x          # its rotation in one sample
    double step_y
    double amplitude       # peak, in sample units

cdef void oscillator_start(Oscillator* oscillator, double hz, double level_dbm0) noexcept nogil
# Writes the next `count` samples; phase is continuous from call to call, for ever without drift of level.
cdef void oscillator_fill(Oscillator* oscillator, int16_t* samples, Py_ssize_t count) noexcept nogil
# Mean square that a sine of `hz` has in these samples (Goertzel): amplitude squared over two.
cdef double goertzel_power(const int16_t* samples, Py_ssize_t count, double hz) noexcept nogil
# The same for LANES tones in one pass; `turns` are 2 cos(2 pi hz / 8000) of each.
cdef enum:
    LANES = 8
cdef void goertzel_powers_into(
    const int16_t* samples, Py_ssize_t count, const double* turns, double* powers
) noexcept nogil
# The sine that fits these samples best: its frequency, and the share of their power that it leaves, 0 to 1.
cdef struct SineFit:
    double hz
    double residue
cdef void sine_fit_into(const int16_t* samples, Py_ssize_t count, SineFit* fit) noexcept nogil
# Mean square of everything in these samples.
cdef double mean_power(const int16_t* samples, Py_ssize_t count) noexcept nogil
