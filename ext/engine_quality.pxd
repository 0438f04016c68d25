"""How the peer sounds here: R of the E-model from what a port has received (ITU-T G.107, media.emodel)."""

from ext.emodel cimport rating_of
from ext.engine_losses cimport Losses, burst_ratio, loss_of
from ext.engine_port cimport Port

cdef enum:
    USUAL_SPACING_MS = 20       # until two packets have shown theirs


cdef inline double spacing_ms(const Port* port) noexcept nogil:
    """How much audio one packet of the peer's holds."""
    return port.reception.spacing_ms if port.reception.spacing_ms > 0.0 else USUAL_SPACING_MS


cdef inline double mean_jitter_s(const Port* port) noexcept nogil:
    """Of all packets so far, where A.8 has the last sixteen or so."""
    if port.reception.jitter_count == 0:
        return 0.0
    return port.reception.jitter_sum_s / <double>port.reception.jitter_count


cdef inline double buffer_ms(const Port* port) noexcept nogil:
    """Ours; where there is none, what a receiver needs for such jitter: twice the mean."""
    return <double>port.buffer_ms if port.buffer_ms else 2000.0 * mean_jitter_s(port)


cdef inline double delay_ms(const Port* port) noexcept nogil:
    """From the peer's mouth to an ear here, as far as it is known: half the round trip, packet and buffer."""
    cdef double trip_ms = <double>port.control.round_trip_ns / 1e6 if port.control.round_trip_ns > 0 else 0.0
    return trip_ms / 2.0 + spacing_ms(port) + buffer_ms(port)


cdef inline double rating_heard(const Port* port, const Losses* settled, double delay) noexcept nogil:
    return rating_of(
        port.impairment[0],
        port.impairment[1],
        port.impairment[2],
        delay,
        loss_of(settled),
        burst_ratio(settled),
    )
