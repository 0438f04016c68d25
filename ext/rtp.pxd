"""The header of RTP packets (RFC 3550 section 5.1) for other compiled modules."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef struct RtpHeader:
    uint8_t payload_type
    bint marker
    uint16_t sequence
    uint32_t timestamp
    uint32_t ssrc
    int payload_offset     # octets before the payload: fixed header, CSRCs, extension
    int payload_length     # octets of payload, padding taken off; 0 is possible

# True and *header filled if the packet is well formed RTP version 2; else False and *header undefined.
cdef bint rtp_read(const uint8_t* packet, Py_ssize_t length, RtpHeader* header) noexcept nogil
# Writes the 12 octets of a header without CSRCs, extension or padding.
cdef void rtp_write(
    uint8_t* packet, uint8_t payload_type, bint marker, uint16_t sequence, uint32_t timestamp, uint32_t ssrc
) noexcept nogil
