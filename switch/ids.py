"""Identifiers, unique across nodes and sorted by time: 26 characters of Crockford base 32 (a ULID's form)."""

import secrets
from itertools import product
from typing import Final

_PAIRS: Final = ["".join(pair) for pair in product("0123456789ABCDEFGHJKMNPQRSTVWXYZ", repeat=2)]
"""Two characters for each ten bits."""
_SHIFTS: Final = range(120, -1, -10)


def new_id(now_us: int) -> str:
    """48 bits of milliseconds since 1970, then 80 random bits."""
    number = (now_us // 1000) << 80 | secrets.randbits(80)
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
