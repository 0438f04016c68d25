"""The E-model (ITU-T G.107) for other compiled modules: R, and the score of an R; see media.emodel."""

cdef double rating_of(
    double best, double ie, double bpl, double delay_ms, double loss, double burst_ratio
) noexcept nogil
cdef double mos_of(double rating) noexcept nogil
