# cython: language_level=3, autotestdict=False
# distutils: extra_compile_args = -ffp-contract=off
"""Tones made and found, and the power of a sound, compiled: the twin of media.tones."""

from libc.math cimport acos, cos, lrint, pow, sin
from libc.stdint cimport int16_t, int32_t

from ext.pcm cimport FULL_SCALE, OVERLOAD_DBM0, room, samples_in, samples_of, saturated

cdef extern from "math.h":
    const double M_PI

cdef enum:
    RATE = 8000
    FRAME = 160


cdef void oscillator_start(Oscillator* oscillator, double hz, double level_dbm0) noexcept nogil:
    cdef double step = 2.0 * M_PI * hz / RATE
    oscillator.x = 1.0
    oscillator.y = 0.0
    oscillator.step_x = cos(step)
    oscillator.step_y = sin(step)
    oscillator.amplitude = FULL_SCALE * pow(10.0, (level_dbm0 - OVERLOAD_DBM0) / 20.0)


cdef void oscillator_fill(Oscillator* oscillator, int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef double x = oscillator.x, y = oscillator.y, turned, correction
    # One Newton step back to length 1 undoes the rounding of the frame before.
    correction = 1.5 - 0.5 * (x * x + y * y)
    x *= correction
    y *= correction
    for i in range(count):
        samples[i] = saturated(lrint(oscillator.amplitude * y))
        turned = x * oscillator.step_x - y * oscillator.step_y
        y = x * oscillator.step_y + y * oscillator.step_x
        x = turned
    oscillator.x = x
    oscillator.y = y


cdef double goertzel_power(const int16_t* samples, Py_ssize_t count, double hz) noexcept nogil:
    cdef Py_ssize_t i
    cdef double turn = 2.0 * cos(2.0 * M_PI * hz / RATE)
    cdef double before = 0.0, last = 0.0, now
    if count == 0:
        return 0.0
    for i in range(count):
        now = samples[i] + turn * last - before
        before = last
        last = now
    return 2.0 * (last * last + before * before - turn * last * before) / (<double>count * <double>count)


cdef void goertzel_powers_into(
    const int16_t* samples, Py_ssize_t count, const double* turns, double* powers
) noexcept nogil:
    cdef Py_ssize_t i
    cdef int lane
    cdef double[LANES] before, last, turn
    cdef double now, square = <double>count * <double>count
    for lane in range(LANES):
        before[lane] = last[lane] = powers[lane] = 0.0
        turn[lane] = turns[lane]
    if count == 0:
        return
    for i in range(count):
        for lane in range(LANES):
            now = samples[i] + turn[lane] * last[lane] - before[lane]
            before[lane] = last[lane]
            last[lane] = now
    for lane in range(LANES):
        powers[lane] = 2.0 * (
            last[lane] * last[lane] + before[lane] * before[lane] - turn[lane] * last[lane] * before[lane]
        ) / square


cdef void sine_fit_into(const int16_t* samples, Py_ssize_t count, SineFit* fit) noexcept nogil:
    """A sine's neighbours add up to 2 cos(step) times what stands between: least squares finds that factor."""
    cdef Py_ssize_t i
    cdef long long centre, sides, centres = 0, products = 0, squares = 0
    cdef double half
    fit.hz = 0.0
    fit.residue = 1.0
    for i in range(1, count - 1):
        centre = samples[i]
        sides = <long long>samples[i - 1] + samples[i + 1]
        centres += centre * centre
        products += centre * sides
        squares += sides * sides
    if centres == 0:
        return
    half = <double>products / (2.0 * <double>centres)
    half = 1.0 if half > 1.0 else (-1.0 if half < -1.0 else half)
    fit.hz = acos(half) * RATE / (2.0 * M_PI)
    fit.residue = (
        <double>squares - 4.0 * half * <double>products + 4.0 * half * half * <double>centres
    ) / (4.0 * <double>centres)
    fit.residue = 0.0 if fit.residue < 0.0 else (1.0 if fit.residue > 1.0 else fit.residue)


cdef double mean_power(const int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef long long total = 0
    if count == 0:
        return 0.0
    for i in range(count):
        total += <int32_t>samples[i] * <int32_t>samples[i]
    return <double>total / <double>count


def tone(double hz, double level_dbm0, Py_ssize_t count):
    cdef bytes pcm
    cdef Oscillator oscillator
    cdef Py_ssize_t start
    if count < 0:
        raise ValueError("a tone has no negative length")
    pcm = room(2 * count)
    oscillator_start(&oscillator, hz, level_dbm0)
    for start in range(0, count, FRAME):
        oscillator_fill(&oscillator, <int16_t*>samples_in(pcm) + start, min(FRAME, count - start))
    return pcm


def tone_power(bytes pcm not None, double hz):
    return goertzel_power(samples_in(pcm), samples_of(pcm), hz)


def tone_powers(bytes pcm not None, hz):
    cdef double[LANES] turns, powers
    cdef int lane, wanted = len(hz)
    if wanted > LANES:
        raise ValueError(f"at most {LANES} tones at a time")
    for lane in range(LANES):
        turns[lane] = 2.0 * cos(2.0 * M_PI * <double>hz[lane] / RATE) if lane < wanted else 0.0
    goertzel_powers_into(samples_in(pcm), samples_of(pcm), turns, powers)
    return [powers[lane] for lane in range(wanted)]


def sine_fit(bytes pcm not None):
    cdef SineFit fit
    sine_fit_into(samples_in(pcm), samples_of(pcm), &fit)
    return fit.hz, fit.residue


def power(bytes pcm not None):
    return mean_power(samples_in(pcm), samples_of(pcm))
