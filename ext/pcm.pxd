"""16-bit samples, alone and in Python's bytes."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, uint8_t

# 0 dBm0 is 3.14 dB below a sine that just reaches full scale (G.711 section 4, A-law).
cdef extern from *:
    """
    #define FULL_SCALE 32768.0
    #define OVERLOAD_DBM0 3.14
    """
    const double FULL_SCALE
    const double OVERLOAD_DBM0


cdef inline int16_t saturated(long value) noexcept nogil:
    return <int16_t>(32767 if value > 32767 else (-32768 if value < -32768 else value))


cdef inline Py_ssize_t samples_of(bytes pcm) except -1:
    if PyBytes_GET_SIZE(pcm) % 2:
        raise ValueError("16-bit PCM has an even number of octets")
    return PyBytes_GET_SIZE(pcm) // 2


cdef inline const uint8_t* octets_in(bytes value) noexcept:
    return <const uint8_t*>PyBytes_AS_STRING(value)


cdef inline const int16_t* samples_in(bytes pcm) noexcept:
    return <const int16_t*>PyBytes_AS_STRING(pcm)


cdef inline bytes room(Py_ssize_t octets):
    return PyBytes_FromStringAndSize(NULL, octets)
