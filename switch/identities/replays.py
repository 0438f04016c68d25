"""PASSporTs that were heard of late: one that holds was signed for one call (RFC 8224 section 12.1)."""

from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from switch.identities.passport import Passport

FRESH_S: Final = 60
"""How far `iat` may lie from now (RFC 8224 section 10.1)."""
MOST: Final = 50_000
"""What 400 calls a second leave behind until it is stale, some 12 MB; then the oldest is forgotten first."""


class Replays:
    """Which call each PASSporT came with, as long as it is fresh. A retransmission, a branch of a fork and an
    answer to a challenge have the Call-ID of their call.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._heard: OrderedDict[bytes, tuple[bytes, float]] = OrderedDict()

    def is_replay(self, passport: Passport, dest: str, call_id: str, now_s: float) -> bool:
        """Whether this PASSporT, whose signature holds, came with another call to `dest` before."""
        self._forget(now_s)
        # Half of an ES256 signature: whoever has one can make the other half's twin, which holds as well.
        signed = passport.signing_input + passport.signature[:32] + dest.encode()
        call = _digest(call_id.encode("utf-8", "surrogateescape"))
        first, _ = self._heard.setdefault(_digest(signed), (call, now_s))
        return first != call

    def _forget(self, now_s: float) -> None:
        while self._heard:
            _, heard_s = next(iter(self._heard.values()))
            if len(self._heard) < self._most and abs(now_s - heard_s) <= 2 * FRESH_S:
                return
            self._heard.popitem(last=False)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
