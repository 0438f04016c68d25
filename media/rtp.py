"""RTP headers (RFC 3550 section 5.1) in plain Python: the twin of the compiled kernel."""

from struct import Struct
from typing import Final, NamedTuple

FIXED_OCTETS: Final = 12
VERSION: Final = 2

_FIXED: Final = Struct("!BBHII")


class RtpHeader(NamedTuple):
    """The fields of a header, and where in the packet its payload lies.

    The compiled `rtp_parse` gives a plain tuple in this order; `RtpHeader._make` names its fields.
    """

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload_offset: int
    """Octets before the payload: fixed header, CSRCs, extension."""
    payload_length: int
    """Octets of payload, padding taken off; 0 is possible."""


def rtp_parse(packet: bytes) -> RtpHeader | None:
    """The header of a packet; None if it is no well-formed RTP version 2."""
    if len(packet) < FIXED_OCTETS or packet[0] >> 6 != VERSION:
        return None
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(packet)
    offset = FIXED_OCTETS + 4 * (first & 0x0F)
    if first & 0x10:  # extension: 16 bits of profile, 16 of length in words
        if len(packet) < offset + 4:
            return None
        offset += 4 + 4 * int.from_bytes(packet[offset + 2 : offset + 4])
    padding = packet[-1] if first & 0x20 else 0
    if (first & 0x20 and padding == 0) or offset + padding > len(packet):  # padding counts itself
        return None
    return RtpHeader(
        second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, offset, len(packet) - offset - padding
    )


def rtp_header(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int) -> bytes:
    """The 12 octets of a header without CSRCs, extension or padding; every field is reduced to its width."""
    return _FIXED.pack(
        VERSION << 6,
        payload_type & 0x7F | (0x80 if marker else 0),
        sequence & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        ssrc & 0xFFFFFFFF,
    )
