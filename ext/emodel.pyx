# cython: language_level=3, autotestdict=False
# distutils: extra_compile_args = -ffp-contract=off
"""The E-model (ITU-T G.107), compiled: the twin of media.emodel."""

from libc.math cimport exp, log10, pow, sqrt

# The E-model's constants, as in media.emodel.
cdef double ROE = 94.76882157936254
cdef double TELR = 65.0
cdef double WEPL = 110.0
cdef double MT_MS = 100.0


cdef inline double delay_impairment(double ms) noexcept nogil:
    """Id of section 7.4, term by term as in media.emodel."""
    cdef double echo = TELR - 40.0 * log10((1.0 + ms / 10.0) / (1.0 + ms / 150.0)) + 6.0 * exp(-0.3 * ms * ms)
    cdef double half = (ROE - (80.0 + 2.5 * (echo - 14.0))) / 2.0
    cdef double talker = (half + sqrt(half * half + 100.0) - 1.0) * (1.0 - exp(-ms))
    cdef double waiting = 0.0
    cdef double sixth = 1.0 / 6.0
    cdef double listener, x
    half = (ROE - 10.5 * (WEPL + 7.0) * pow(2.0 * ms + 1.0, -0.25)) / 2.0
    listener = half + sqrt(half * half + 169.0)
    if ms > MT_MS:
        x = log10(ms / MT_MS) / log10(2.0)
        waiting = 25.0 * (pow(1.0 + pow(x, 6.0), sixth) - 3.0 * pow(1.0 + pow(x / 3.0, 6.0), sixth) + 2.0)
    return (talker if talker > 0.0 else 0.0) + listener + waiting


cdef double rating_of(
    double best, double ie, double bpl, double delay_ms, double loss, double burst_ratio
) noexcept nogil:
    cdef double percent = 100.0 * (0.0 if loss < 0.0 else 1.0 if loss > 1.0 else loss)
    cdef double ratio = burst_ratio if burst_ratio > 1.0 else 1.0
    cdef double effective = ie + (95.0 - ie) * percent / (percent / ratio + bpl)
    return best - delay_impairment(delay_ms if delay_ms > 0.0 else 0.0) - effective


cdef double mos_of(double rating) noexcept nogil:
    cdef double score
    if rating <= 0.0:
        return 1.0
    if rating >= 100.0:
        return 4.5
    score = 1.0 + 0.035 * rating + 7e-6 * rating * (rating - 60.0) * (100.0 - rating)
    return score if score > 1.0 else 1.0


def emodel_rating(
    double best, double ie, double bpl, double delay_ms, double loss, double burst_ratio
) -> float:
    return rating_of(best, ie, bpl, delay_ms, loss, burst_ratio)


def emodel_mos(double rating) -> float:
    return mos_of(rating)
