"""HEP version 3: one message as a packet for a Homer server.

The protocol: "HEP3" and the length of all, then chunks of vendor, type, length and value, in network order
(github.com/sipcapture/HEP, HEP3 network protocol specification, revision 26).
"""

import struct
from enum import IntEnum
from ipaddress import ip_address
from typing import Final

from switch.trace.message import Message

_HEAD: Final = b"HEP3"
_GENERIC: Final = 0
"""The vendor of the chunks that everybody knows."""
_SIP: Final = 1
_FAMILIES: Final = {4: 2, 6: 10}
"""AF_INET and AF_INET6 as Linux numbers them."""
_PROTOCOLS: Final = {"udp": 17, "tcp": 6, "tls": 6}
LARGEST: Final = 65_507
"""A packet that UDP over IPv4 can carry; what is left of a larger message is its beginning."""


class Chunk(IntEnum):
    """Generic chunk types."""

    FAMILY = 0x01
    PROTOCOL = 0x02
    IPV4_SOURCE = 0x03
    IPV4_DESTINATION = 0x04
    IPV6_SOURCE = 0x05
    IPV6_DESTINATION = 0x06
    SOURCE_PORT = 0x07
    DESTINATION_PORT = 0x08
    SECONDS = 0x09
    MICROSECONDS = 0x0A
    KIND = 0x0B
    """Of protocol: 1 is SIP."""
    AGENT = 0x0C
    KEY = 0x0E
    PAYLOAD = 0x0F
    CORRELATION = 0x11


def encode(message: Message, agent: int, key: str | None) -> bytes:
    """The packet. `agent` says which switch sends it, `key` that it may; our call's id correlates legs."""
    source, destination = ip_address(message.source[0]), ip_address(message.destination[0])
    version4 = source.version == 4
    seconds, micros = divmod(message.us, 1_000_000)
    chunks = [
        _chunk(Chunk.FAMILY, struct.pack("!B", _FAMILIES[source.version])),
        _chunk(Chunk.PROTOCOL, struct.pack("!B", _PROTOCOLS[message.transport])),
        _chunk(Chunk.IPV4_SOURCE if version4 else Chunk.IPV6_SOURCE, source.packed),
        _chunk(Chunk.IPV4_DESTINATION if version4 else Chunk.IPV6_DESTINATION, destination.packed),
        _chunk(Chunk.SOURCE_PORT, struct.pack("!H", message.source[1])),
        _chunk(Chunk.DESTINATION_PORT, struct.pack("!H", message.destination[1])),
        _chunk(Chunk.SECONDS, struct.pack("!I", seconds)),
        _chunk(Chunk.MICROSECONDS, struct.pack("!I", micros)),
        _chunk(Chunk.KIND, struct.pack("!B", _SIP)),
        _chunk(Chunk.AGENT, struct.pack("!I", agent)),
    ]
    if key:
        chunks.append(_chunk(Chunk.KEY, key.encode()))
    if message.call is not None:
        chunks.append(_chunk(Chunk.CORRELATION, message.call.encode()))
    head = b"".join(chunks)
    payload = message.data[: LARGEST - len(_HEAD) - 2 - len(head) - 6]
    packet = head + _chunk(Chunk.PAYLOAD, payload)
    return _HEAD + struct.pack("!H", len(_HEAD) + 2 + len(packet)) + packet


def _chunk(kind: Chunk, value: bytes) -> bytes:
    return struct.pack("!HHH", _GENERIC, kind, 6 + len(value)) + value
