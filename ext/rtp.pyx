# cython: language_level=3, autotestdict=False
"""The header of RTP packets, compiled: the twin of media.rtp."""

from cpython.bytes cimport PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t, uint32_t

from ext.pcm cimport octets_in, room

cdef enum:
    RTP_FIXED = 12


cdef bint rtp_read(const uint8_t* packet, Py_ssize_t length, RtpHeader* header) noexcept nogil:
    cdef Py_ssize_t offset, padding = 0
    if length < RTP_FIXED or packet[0] >> 6 != 2:
        return False
    offset = RTP_FIXED + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:                                 # extension: 16 bits of profile, 16 of length in words
        if length < offset + 4:
            return False
        offset += 4 + 4 * ((packet[offset + 2] << 8) | packet[offset + 3])
    if packet[0] & 0x20:
        padding = packet[length - 1]                     # counts itself, so 0 is malformed
        if padding == 0:
            return False
    if offset + padding > length:
        return False
    header.payload_type = packet[1] & 0x7F
    header.marker = packet[1] >> 7
    header.sequence = <uint16_t>((packet[2] << 8) | packet[3])
    header.timestamp = load_32(packet + 4)
    header.ssrc = load_32(packet + 8)
    header.payload_offset = <int>offset
    header.payload_length = <int>(length - offset - padding)
    return True


cdef void rtp_write(
    uint8_t* packet, uint8_t payload_type, bint marker, uint16_t sequence, uint32_t timestamp, uint32_t ssrc
) noexcept nogil:
    packet[0] = 0x80
    packet[1] = (0x80 if marker else 0) | (payload_type & 0x7F)
    packet[2] = <uint8_t>(sequence >> 8)
    packet[3] = <uint8_t>sequence
    store_32(packet + 4, timestamp)
    store_32(packet + 8, ssrc)


cdef inline uint32_t load_32(const uint8_t* octets) noexcept nogil:
    return (
        (<uint32_t>octets[0] << 24) | (<uint32_t>octets[1] << 16) | (<uint32_t>octets[2] << 8) | octets[3]
    )


cdef inline void store_32(uint8_t* octets, uint32_t value) noexcept nogil:
    octets[0] = <uint8_t>(value >> 24)
    octets[1] = <uint8_t>(value >> 16)
    octets[2] = <uint8_t>(value >> 8)
    octets[3] = <uint8_t>value


def rtp_parse(bytes packet not None):
    cdef RtpHeader header
    if not rtp_read(octets_in(packet), PyBytes_GET_SIZE(packet), &header):
        return None
    return (
        header.payload_type,
        bool(header.marker),
        header.sequence,
        header.timestamp,
        header.ssrc,
        header.payload_offset,
        header.payload_length,
    )


def rtp_header(int payload_type, bint marker, object sequence, object timestamp, object ssrc):
    cdef bytes header = room(RTP_FIXED)
    rtp_write(
        <uint8_t*>octets_in(header), <uint8_t>(payload_type & 0x7F), marker,
        sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc & 0xFFFFFFFF,
    )
    return header
