"""Numbers in network order, and NTP time, for RTCP."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t

from ext.engine_os cimport CLOCK_REALTIME, clock_gettime, timespec

cdef extern from *:
    """
    /* NTP counts from 1900, Unix from 1970. */
    #define NTP_EPOCH 2208988800ULL
    """
    const uint64_t NTP_EPOCH


cdef inline uint16_t get16(const uint8_t* octets) noexcept nogil:
    return <uint16_t>(octets[0] << 8 | octets[1])


cdef inline uint32_t get32(const uint8_t* octets) noexcept nogil:
    return <uint32_t>octets[0] << 24 | <uint32_t>octets[1] << 16 | <uint32_t>octets[2] << 8 | octets[3]


cdef inline uint8_t* put16(uint8_t* octets, uint16_t value) noexcept nogil:
    octets[0] = value >> 8
    octets[1] = value & 0xFF
    return octets + 2


cdef inline uint8_t* put_network(uint8_t* octets, uint32_t value) noexcept nogil:
    octets[0] = value >> 24
    octets[1] = (value >> 16) & 0xFF
    octets[2] = (value >> 8) & 0xFF
    octets[3] = value & 0xFF
    return octets + 4


cdef inline uint8_t* put_head(uint8_t* octets, int count, int kind, int words) noexcept nogil:
    """Of an RTCP packet (RFC 3550 section 6.4.1)."""
    octets[0] = <uint8_t>(2 << 6 | count)
    octets[1] = <uint8_t>kind
    octets[2] = <uint8_t>(words >> 8)
    octets[3] = <uint8_t>words
    return octets + 4


cdef inline uint64_t ntp_now() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_REALTIME, &now)
    return (<uint64_t>now.tv_sec + NTP_EPOCH) << 32 | (<uint64_t>now.tv_nsec << 32) // 1000000000


cdef inline uint32_t in_ntp_units(int64_t ns) noexcept nogil:
    """Of 1/65536 s, as delays are told."""
    return <uint32_t>(ns * 65536 // 1000000000)
