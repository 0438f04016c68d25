"""STUN Binding requests on the SIP port (RFC 5389), with which phones keep their NAT open (RFC 5626 4.4.2).

Answered without state, and only when well formed: to be answered is all that a stranger's packet gets.
"""

import struct
from ipaddress import ip_address
from typing import Final
from zlib import crc32

from sip.flow import Address

_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_MAGIC_COOKIE: Final = 0x2112A442
_REQUEST: Final = 0x0001
_SUCCESS: Final = 0x0101
_ERROR: Final = 0x0111

_ERROR_CODE: Final = 0x0009
_UNKNOWN_ATTRIBUTES: Final = 0x000A
_XOR_MAPPED_ADDRESS: Final = 0x0020
_FINGERPRINT: Final = 0x8028
_FINGERPRINT_XOR: Final = 0x5354554E
_OPTIONAL: Final = 0x8000
"""Attributes from here on may be ignored by who does not know them (section 15)."""
_MOST_ATTRIBUTES: Final = 16


def is_stun(datagram: bytes) -> bool:
    """Whether a datagram is STUN and no SIP: its first two bits are zero (section 6), and no text begins so.

    The NUL of some phones' keep-alives and line ends are too short to be STUN.
    """
    return len(datagram) >= _HEADER.size and datagram[0] < 4


def answer(datagram: bytes, source: Address) -> bytes | None:
    """The response to a Binding request that came from `source`; None for what deserves none.

    At most three times as long as the request: nobody can use us to flood another.
    """
    if not is_stun(datagram):
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(datagram)
    if kind != _REQUEST or cookie != _MAGIC_COOKIE or length != len(datagram) - _HEADER.size or length % 4:
        return None
    attributes = _attributes(datagram)
    if attributes is None:
        return None
    if attributes and attributes[-1] == _FINGERPRINT and not _is_genuine(datagram):
        return None
    signs = _FINGERPRINT in attributes
    unknown = [each for each in attributes if each < _OPTIONAL]
    if unknown:
        return _written(_ERROR, transaction, _refusal(unknown), signs)
    return _written(_SUCCESS, transaction, _mapped(source, transaction), signs)


def _attributes(datagram: bytes) -> list[int] | None:
    """The types of all attributes, None where they overrun; FINGERPRINT must be the last (section 15.5)."""
    found: list[int] = []
    at = _HEADER.size
    while at < len(datagram):
        kind, length = _ATTRIBUTE.unpack_from(datagram, at)
        at += _ATTRIBUTE.size + length + -length % 4
        if at > len(datagram) or _FINGERPRINT in found or len(found) == _MOST_ATTRIBUTES:
            return None
        found.append(kind)
    return found


def _is_genuine(datagram: bytes) -> bool:
    claimed = int.from_bytes(datagram[-4:], "big")
    return crc32(datagram[:-8]) ^ _FINGERPRINT_XOR == claimed


def _mapped(source: Address, transaction: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS (section 15.2)."""
    address = ip_address(source[0])
    mask = struct.pack("!I", _MAGIC_COOKIE) + transaction
    hidden = bytes(one ^ other for one, other in zip(address.packed, mask, strict=False))
    family = 1 if address.version == 4 else 2
    port = source[1] ^ (_MAGIC_COOKIE >> 16)
    return _attribute(_XOR_MAPPED_ADDRESS, struct.pack("!xBH", family, port) + hidden)


def _refusal(unknown: list[int]) -> bytes:
    """420, and which attributes we would have to know (section 7.3.1)."""
    code = struct.pack("!HBB", 0, 4, 20) + b"Unknown Attribute"
    return _attribute(_ERROR_CODE, code) + _attribute(
        _UNKNOWN_ATTRIBUTES, struct.pack(f"!{len(unknown)}H", *unknown)
    )


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _written(kind: int, transaction: bytes, attributes: bytes, signs: bool) -> bytes:
    length = len(attributes) + (8 if signs else 0)
    message = _HEADER.pack(kind, length, _MAGIC_COOKIE, transaction) + attributes
    if signs:
        message += _attribute(_FINGERPRINT, struct.pack("!I", crc32(message) ^ _FINGERPRINT_XOR))
    return message
