"""Captures and HEP packets taken apart again, by what their formats say and nothing of ours."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of a capture."""

    time_us: int
    protocol: int
    source: tuple[str, int]
    destination: tuple[str, int]
    sequence: int
    payload: bytes


def packets(capture: bytes) -> Iterator[Packet]:
    """The packets of a little-endian pcap of raw IP; every length and checksum is looked at."""
    magic, major, minor, zone, accuracy, longest, link = struct.unpack_from("<IHHiIII", capture)
    assert (magic, major, minor, zone, accuracy, link) == (0xA1B2C3D4, 2, 4, 0, 0, 101)
    offset = 24
    while offset < len(capture):
        seconds, micros, kept, length = struct.unpack_from("<IIII", capture, offset)
        packet = capture[offset + 16 : offset + 16 + kept]
        assert kept == length == len(packet) <= longest
        offset += 16 + kept
        yield _packet(seconds * 1_000_000 + micros, packet)


def _packet(time_us: int, packet: bytes) -> Packet:
    if packet[0] >> 4 == 4:
        assert packet[0] == 0x45
        assert int.from_bytes(packet[2:4], "big") == len(packet)
        assert _sum(packet[:20]) == 0xFFFF
        protocol, source, destination, inner = packet[9], packet[12:16], packet[16:20], packet[20:]
    else:
        assert packet[0] >> 4 == 6
        assert int.from_bytes(packet[4:6], "big") == len(packet) - 40
        protocol, source, destination, inner = packet[6], packet[8:24], packet[24:40], packet[40:]
    assert _sum(source + destination + struct.pack("!II", len(inner), protocol) + inner) == 0xFFFF
    from_port, to_port, *_ = struct.unpack_from("!HH", inner)
    if protocol == 17:
        assert int.from_bytes(inner[4:6], "big") == len(inner)
        sequence, payload = 0, inner[8:]
    else:
        assert protocol == 6
        sequence, payload = int.from_bytes(inner[4:8], "big"), inner[(inner[12] >> 4) * 4 :]
    ends = [(str(ip_address(each)), port) for each, port in ((source, from_port), (destination, to_port))]
    return Packet(time_us, protocol, ends[0], ends[1], sequence, payload)


def _sum(data: bytes) -> int:
    """The one's complement sum of all words; 0xFFFF where the checksum among them is right (RFC 1071)."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


def hep(packet: bytes) -> dict[int, Any]:
    """The chunks of a HEP3 packet by their type, as they are to be understood."""
    assert packet[:4] == b"HEP3"
    assert int.from_bytes(packet[4:6], "big") == len(packet)
    found: dict[int, Any] = {}
    offset = 6
    while offset < len(packet):
        vendor, kind, length = struct.unpack_from("!HHH", packet, offset)
        value = packet[offset + 6 : offset + length]
        assert vendor == 0
        assert len(value) == length - 6
        assert kind not in found
        found[kind] = _meaning(kind, value)
        offset += length
    return found


def _meaning(kind: int, value: bytes) -> Any:
    match kind:
        case 0x01 | 0x02 | 0x0B:
            assert len(value) == 1
            return value[0]
        case 0x07 | 0x08:
            assert len(value) == 2
            return int.from_bytes(value, "big")
        case 0x09 | 0x0A | 0x0C:
            assert len(value) == 4
            return int.from_bytes(value, "big")
        case 0x03 | 0x04 | 0x05 | 0x06:
            assert len(value) == (4 if kind < 5 else 16)
            return str(ip_address(value))
        case 0x0E | 0x11:
            return value.decode()
        case 0x0F:
            return value
    raise AssertionError(f"chunk {kind:#x}")
