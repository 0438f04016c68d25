"""The crowd: those who are neither a trunk nor a registered phone, and how much of their talk is read.

As long as they are few nothing is refused. When together they ask for more than a part of the loop, each
address may only go on slowly, so that an address that has just come, such as a phone that is switched on,
is heard at once while a flood is dropped before it is parsed.
"""

from collections import OrderedDict
from typing import Final

FREE_PER_S: Final = 1000
"""So many of their requests in a second cost a tenth of the loop: everybody is heard."""
MOST_PER_S: Final = 2500
"""So many cost a quarter of it: beyond nobody of them is heard, not even an address that has just come."""
BURST: Final = 4
"""What an address may say at once in a crowd: a call that is challenged takes INVITE, ACK and INVITE, and one
may be lost.
"""
PER_S: Final = 0.5
"""And then each second."""
MAX_ADDRESSES: Final = 20_000
"""Addresses that are remembered, some 5 MB; the one that was silent longest is forgotten first."""


class Crowd:
    """Times are monotonic seconds."""

    def __init__(self, max_addresses: int = MAX_ADDRESSES) -> None:
        self._max_addresses = max_addresses
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._second = 0.0
        self._heard = 0

    def hears(self, address: str, now: float, *, hurried: bool = False) -> bool:
        """Whether a request from this address is worth reading; when we are `hurried`, no talk is free."""
        if not hurried and (now - self._second >= 1.0 or self._heard < FREE_PER_S):
            return True
        return (now - self._second >= 1.0 or self._heard < MOST_PER_S) and self.is_quiet(address, now)

    def is_quiet(self, address: str, now: float) -> bool:
        """Whether this address has lately said less than it may in a crowd."""
        return self._tokens(address, now) >= 1.0

    def heard(self, address: str, now: float) -> None:
        """Its request was read, and it was from somebody who is still unknown."""
        if now - self._second >= 1.0:
            self._second, self._heard = now, 0
        self._heard += 1
        left = max(0.0, self._tokens(address, now) - 1.0)
        known = self._left
        if address not in known and len(known) >= self._max_addresses:
            known.popitem(last=False)
        known[address] = (left, now)
        known.move_to_end(address)

    def size(self) -> int:
        """How many addresses are remembered."""
        return len(self._left)

    def _tokens(self, address: str, now: float) -> float:
        left, at = self._left.get(address, (float(BURST), now))
        return min(float(BURST), left + (now - at) * PER_S)
