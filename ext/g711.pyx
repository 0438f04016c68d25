# cython: language_level=3, autotestdict=False
"""G.711, compiled: the twin of media.g711.

The loops use no tables: a code word is a float without its bias. With e the three bits of the segment and m
the four of the interval, 2^(e+2) * (33 + 2m) is the float whose exponent is e + 7 and whose mantissa begins
with m and a one; it is exact, and the compiler turns the loop into SIMD, where a table look-up stays
one octet at a time (docs/explanation/performance.md has the figures).
"""

from cpython.bytes cimport PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int32_t, uint8_t, uint32_t

from ext.pcm cimport octets_in, room, samples_in, samples_of

cdef extern from *:
    """
    #include <string.h>

    /* memcpy is the only way to look at the bits of a float that both C and the vectoriser accept. */
    static inline float centralita_float_of(uint32_t bits) { float f; memcpy(&f, &bits, 4); return f; }
    static inline uint32_t centralita_bits_of(float f) { uint32_t bits; memcpy(&bits, &f, 4); return bits; }
    """
    float float_of "centralita_float_of"(uint32_t bits) noexcept nogil
    uint32_t bits_of "centralita_bits_of"(float f) noexcept nogil

# Exponent of a code word's segment 0 (2^7), where the float's bits hold it; and the half interval after m.
cdef enum:
    EXPONENT_7 = (127 + 7) << 23
    HALF_INTERVAL = 1 << 18
    ULAW_BIAS = 132          # 33 in the 14-bit units of G.711


cdef void alaw_decode_into(const uint8_t* octets, int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint32_t code, low, first
    cdef int32_t value, sign
    for i in range(count):
        code = octets[i] ^ 0x55
        low = code & 0x7F
        first = <uint32_t>(low < 16)     # segment 0 is linear: segment 1's steps, 256 further down
        value = <int32_t>float_of(((low + (first << 4)) << 19) + HALF_INTERVAL + EXPONENT_7)
        value -= <int32_t>(first << 8)
        sign = <int32_t>(code >> 7) - 1  # 0 if positive, else -1
        samples[i] = <int16_t>((value ^ sign) - sign)


cdef void ulaw_decode_into(const uint8_t* octets, int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint32_t code
    cdef int32_t value, sign
    for i in range(count):
        code = octets[i] ^ 0xFF
        value = <int32_t>float_of(((code & 0x7F) << 19) + HALF_INTERVAL + EXPONENT_7) - ULAW_BIAS
        sign = -<int32_t>(code >> 7)
        samples[i] = <int16_t>((value ^ sign) - sign)


cdef void alaw_encode_into(const int16_t* samples, uint8_t* octets, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef int32_t sample, sign, magnitude, first, low
    for i in range(count):
        sample = samples[i]
        sign = sample >> 31                     # G.191: negative values are mirrored by one's complement
        magnitude = sample ^ sign
        first = (magnitude - 256) >> 31         # -1 in segment 0, else 0
        low = <int32_t>bits_of(<float>(magnitude - (first * 256))) - EXPONENT_7
        octets[i] = <uint8_t>((((low >> 19) + (first * 16)) | (~sign & 0x80)) ^ 0x55)


cdef void ulaw_encode_into(const int16_t* samples, uint8_t* octets, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef int32_t sample, sign, magnitude
    for i in range(count):
        sample = samples[i]
        sign = sample >> 31
        magnitude = (sample ^ sign) + ULAW_BIAS
        magnitude = magnitude if magnitude < 32767 else 32767
        octets[i] = <uint8_t>(
            ~((<int32_t>(bits_of(<float>magnitude) >> 19) - (EXPONENT_7 >> 19)) | (sign & 0x80))
        )


# G.711 table 3, mu-law to A-law, and table 4, A-law to mu-law, for the 128 magnitudes from the smallest up
# (code words with sign and inversions taken off). They are not decoding followed by encoding: the tables
# move ties so that octets survive a conversion there and back.
cdef uint8_t[128] TABLE_3 = [
    0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7,
    8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 26, 28, 30, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    45, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
    63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78,
    79, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
    96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
]
cdef uint8_t[128] TABLE_4 = [
    1, 3, 5, 7, 9, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 29, 30, 31, 32, 32, 33, 33, 34, 34, 35, 35,
    36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 48, 49, 49,
    50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 64,
    65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80,
    80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
    96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
]


cdef void alaw_to_ulaw_into(const uint8_t* octets, uint8_t* target, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint8_t code
    for i in range(count):
        code = octets[i]
        target[i] = (code & 0x80) | (TABLE_4[(code ^ 0x55) & 0x7F] ^ 0x7F)


cdef void ulaw_to_alaw_into(const uint8_t* octets, uint8_t* target, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint8_t code
    for i in range(count):
        code = octets[i]
        target[i] = (code & 0x80) | (TABLE_3[~code & 0x7F] ^ 0x55)


# --- for Python ---

ctypedef void (*Decode)(const uint8_t*, int16_t*, Py_ssize_t) noexcept nogil
ctypedef void (*Encode)(const int16_t*, uint8_t*, Py_ssize_t) noexcept nogil
ctypedef void (*Convert)(const uint8_t*, uint8_t*, Py_ssize_t) noexcept nogil


cdef bytes decoded(bytes octets, Decode decode):
    cdef bytes pcm = room(2 * PyBytes_GET_SIZE(octets))
    decode(octets_in(octets), <int16_t*>samples_in(pcm), PyBytes_GET_SIZE(octets))
    return pcm


cdef bytes encoded(bytes pcm, Encode encode):
    cdef bytes octets = room(samples_of(pcm))
    encode(samples_in(pcm), <uint8_t*>octets_in(octets), PyBytes_GET_SIZE(octets))
    return octets


cdef bytes converted(bytes octets, Convert convert):
    cdef bytes target = room(PyBytes_GET_SIZE(octets))
    convert(octets_in(octets), <uint8_t*>octets_in(target), PyBytes_GET_SIZE(octets))
    return target


def alaw_decode(bytes octets not None):
    return decoded(octets, alaw_decode_into)


def ulaw_decode(bytes octets not None):
    return decoded(octets, ulaw_decode_into)


def alaw_encode(bytes pcm not None):
    return encoded(pcm, alaw_encode_into)


def ulaw_encode(bytes pcm not None):
    return encoded(pcm, ulaw_encode_into)


def alaw_to_ulaw(bytes octets not None):
    return converted(octets, alaw_to_ulaw_into)


def ulaw_to_alaw(bytes octets not None):
    return converted(octets, ulaw_to_alaw_into)
