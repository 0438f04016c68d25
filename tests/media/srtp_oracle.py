"""SRTP written down once more from the RFCs, on `cryptography`, to hold libsrtp against; no CSRCs."""

import hmac
from hashlib import sha1
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

HEADER: Final = 12
RTP_KEYS: Final = (0, 1, 2)
"""Labels of cipher key, authentication key and salt (RFC 3711 section 4.3.2)."""
RTCP_KEYS: Final = (3, 4, 5)
TAGS: Final = {"AES_CM_128_HMAC_SHA1_80": 10, "AES_CM_128_HMAC_SHA1_32": 4}


def key_stream(key: bytes, counter: int, length: int) -> bytes:
    """AES in counter mode, from that 128-bit counter on (RFC 3711 section 4.1.1)."""
    encryptor = Cipher(AES(key), CTR((counter % (1 << 128)).to_bytes(16, "big"))).encryptor()
    return encryptor.update(bytes(length))


def derive(key: bytes, salt: bytes, label: int, length: int) -> bytes:
    """RFC 3711 section 4.3.1 at a key derivation rate of 0; RFC 7714 section 11 pads the salt to 112 bits."""
    seed = int.from_bytes(salt.ljust(14, b"\0"), "big") ^ (label << 48)
    return key_stream(key, seed << 16, length)


def exclusive_or(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def counter_mode(suite: str, material: bytes, packet: bytes, rollovers: int) -> bytes:
    """An RTP packet as SRTP of an AES_CM suite (RFC 3711 section 3.3)."""
    key, salt = material[:16], material[16:]
    cipher, authentication, session_salt = (
        derive(key, salt, label, length) for label, length in zip(RTP_KEYS, (16, 20, 14), strict=True)
    )
    index = rollovers << 16 | int.from_bytes(packet[2:4], "big")
    ssrc = int.from_bytes(packet[8:12], "big")
    counter = int.from_bytes(session_salt, "big") << 16 ^ ssrc << 64 ^ index << 16
    body = packet[HEADER:]
    sealed = packet[:HEADER] + exclusive_or(body, key_stream(cipher, counter, len(body)))
    tag = hmac.digest(authentication, sealed + rollovers.to_bytes(4, "big"), sha1)
    return sealed + tag[: TAGS[suite]]


def gcm_packet(cipher: bytes, salt: bytes, packet: bytes, rollovers: int) -> bytes:
    """An RTP packet under session keys (RFC 7714 section 8)."""
    number = b"\0\0" + packet[8:12] + rollovers.to_bytes(4, "big") + packet[2:4]
    sealed = AESGCM(cipher).encrypt(exclusive_or(number, salt), packet[HEADER:], packet[:HEADER])
    return packet[:HEADER] + sealed


def galois_mode(suite: str, material: bytes, packet: bytes, rollovers: int) -> bytes:
    """An RTP packet as SRTP of an AEAD_AES_GCM suite."""
    length = 32 if suite == "AEAD_AES_256_GCM" else 16
    key, salt = material[:length], material[length:]
    return gcm_packet(derive(key, salt, 0, length), derive(key, salt, 2, 12), packet, rollovers)


def protect(suite: str, material: bytes, packet: bytes, rollovers: int) -> bytes:
    """An RTP packet as SRTP, in whatever suite."""
    mode = counter_mode if suite in TAGS else galois_mode
    return mode(suite, material, packet, rollovers)
