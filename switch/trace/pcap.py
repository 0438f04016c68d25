"""A capture in the classic pcap format, which Wireshark, tshark, sngrep and tcpdump open.

Packets are raw IP (LINKTYPE_RAW), so that IPv4 and IPv6 stand side by side, with checksums that are right.
What came over TCP or TLS is TCP, in clear: segments whose sequence numbers follow each other on their
connection. The format: draft-ietf-opsawg-pcap-03.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import count
from typing import Final

from sip.flow import Address
from switch.trace.message import Message

MEDIA_TYPE: Final = "application/vnd.tcpdump.pcap"
HEADER: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101)
"""Of the file: microseconds, version 2.4, UTC, the longest packet, LINKTYPE_RAW."""

_TCP: Final = 6
_UDP: Final = 17
_LARGEST_UDP: Final = 65_535 - 20 - 8
_LARGEST_SEGMENT: Final = 60_000
_TTL: Final = 64
_PUSH_ACK: Final = 0x5018
"""Five words of TCP header, PSH and ACK."""
_WINDOW: Final = 65_535


class Pcap:
    """Turns messages into the records that follow `HEADER`, in the order in which they are given."""

    def __init__(self) -> None:
        self._sequences: dict[tuple[Address, Address], int] = {}
        """What each way has sent. One after another: connections that we make seem to come from one port."""
        self._identification = count(1)

    def records(self, message: Message) -> bytes:
        """The message's packets: one, or several for a message over TCP that is larger than a packet."""
        if message.transport != "udp":
            return b"".join(_record(message.us, packet) for packet in self._segments(message))
        payload = message.data[:_LARGEST_UDP]
        header = struct.pack("!HHHH", message.source[1], message.destination[1], 8 + len(payload), 0)
        return _record(message.us, self._packet(message, _UDP, header, 6, payload))

    def _segments(self, message: Message) -> Iterator[bytes]:
        there = (message.source, message.destination)
        back = (message.destination, message.source)
        for start in range(0, len(message.data), _LARGEST_SEGMENT):
            payload = message.data[start : start + _LARGEST_SEGMENT]
            sent = self._sequences.get(there, 1)
            self._sequences[there] = (sent + len(payload)) % 2**32
            header = struct.pack(
                "!HHIIHHHH",
                message.source[1],
                message.destination[1],
                sent,
                self._sequences.get(back, 1),
                _PUSH_ACK,
                _WINDOW,
                0,
                0,
            )
            yield self._packet(message, _TCP, header, 16, payload)

    def _packet(self, message: Message, protocol: int, header: bytes, at: int, payload: bytes) -> bytes:
        """IP around a UDP or TCP header whose checksum, two bytes `at` its place, is still zero."""
        source, destination = ip_address(message.source[0]), ip_address(message.destination[0])
        length = len(header) + len(payload)
        pseudo = source.packed + destination.packed + struct.pack("!II", length, protocol)
        checksum = _checksum(pseudo + header + payload) or 0xFFFF  # zero would mean none (RFC 768)
        header = header[:at] + struct.pack("!H", checksum) + header[at + 2 :]
        if isinstance(source, IPv6Address):
            return _ipv6(source.packed, destination.packed, protocol, length) + header + payload
        ip = _ipv4(source, destination.packed, protocol, length, next(self._identification))
        return ip + header + payload


def _record(us: int, packet: bytes) -> bytes:
    seconds, micros = divmod(us, 1_000_000)
    return struct.pack("<IIII", seconds, micros, len(packet), len(packet)) + packet


def _ipv4(source: IPv4Address, destination: bytes, protocol: int, length: int, identification: int) -> bytes:
    """RFC 791 section 3.1, without options; not to be fragmented."""
    header = struct.pack(
        "!BBHHHBBH4s4s",
        0x45,
        0,
        20 + length,
        identification % 2**16,
        0x4000,
        _TTL,
        protocol,
        0,
        source.packed,
        destination,
    )
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:]


def _ipv6(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    """RFC 8200 section 3."""
    return struct.pack("!IHBB16s16s", 6 << 28, length, protocol, _TTL, source, destination)


def _checksum(data: bytes) -> int:
    """RFC 1071: the one's complement of the one's complement sum of all words."""
    words = array("H", data + b"\0" if len(data) % 2 else data)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    if sys.byteorder == "little":
        total = (total & 0xFF) << 8 | total >> 8
    return ~total & 0xFFFF
