"""Identifiers, unique across nodes and sorted by time: 26 characters of Crockford base 32 (a ULID's form)."""

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(now_us: int) -> str:
    """48 bits of milliseconds since 1970, then 80 random bits."""
    number = (now_us // 1000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
