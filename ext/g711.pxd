"""G.711 (ITU-T G.711 11/88; quantisation as in the reference software G.191) for other compiled modules.

All are `noexcept nogil`, allocate nothing and touch only the memory they are given.
`samples` are 16-bit linear PCM at 8 kHz, full scale 32767; `count` is in samples, which are also octets.
"""

from libc.stdint cimport int16_t, uint8_t

cdef void alaw_decode_into(const uint8_t* octets, int16_t* samples, Py_ssize_t count) noexcept nogil
cdef void ulaw_decode_into(const uint8_t* octets, int16_t* samples, Py_ssize_t count) noexcept nogil
cdef void alaw_encode_into(const int16_t* samples, uint8_t* octets, Py_ssize_t count) noexcept nogil
cdef void ulaw_encode_into(const int16_t* samples, uint8_t* octets, Py_ssize_t count) noexcept nogil
# Octet to octet by G.711 tables 3 and 4; `target` may be `octets` itself.
cdef void alaw_to_ulaw_into(const uint8_t* octets, uint8_t* target, Py_ssize_t count) noexcept nogil
cdef void ulaw_to_alaw_into(const uint8_t* octets, uint8_t* target, Py_ssize_t count) noexcept nogil
