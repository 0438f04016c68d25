"""Numbers at random from the endpoint's tokens: a pure core has no randomness of its own."""

from hashlib import blake2b


def below(token: str, limit: int) -> int:
    """A number from 0 to `limit` - 1, all alike, from a fresh token. `limit` is at most 2**32."""
    return int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), "big") % limit
