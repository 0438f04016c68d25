"""A crowd: those whose requests prove nothing, and how much of their talk is read.

As long as they are few nothing is refused. When together they ask for more than a part of the loop, each
address may only go on slowly, so that an address that has just come, such as a phone that is switched on,
is heard at once while a flood is dropped before it is parsed.

There are two, since any source may be forged: of those whom nobody knows, and of those who use the address
of a trunk or of a registered phone. The second may say much more; a flood that bears one trunk's address is
held back to that trunk's share, and the others are heard.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from sip.flow import neighbourhood

MAX_ADDRESSES: Final = 20_000
"""Addresses that are remembered, some 5 MB; the one that was silent longest is forgotten first. Of IPv6 a
neighbourhood counts as one address.
"""


@dataclass(frozen=True, slots=True)
class Share:
    """What a crowd may say, in requests."""

    free_per_s: int
    """So many of all together: everybody is heard."""
    most_per_s: int
    """Beyond so many nobody is heard, not even an address that has just come."""
    burst: int
    """What an address may say at once in between."""
    per_s: float
    """And then each second."""


STRANGERS: Final = Share(free_per_s=1000, most_per_s=2500, burst=4, per_s=0.5)
"""A tenth of the loop, and a quarter of it. A call that is challenged takes INVITE, ACK and INVITE, and one
may be lost.
"""
PEERS: Final = Share(free_per_s=3000, most_per_s=6000, burst=2000, per_s=2000.0)
"""More new calls than we can carry, so that a trunk's are refused in words (503) and not by silence."""


class Crowd:
    """Times are monotonic seconds."""

    def __init__(self, share: Share, max_addresses: int = MAX_ADDRESSES) -> None:
        self._share = share
        self._max_addresses = max_addresses
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._second = 0.0
        self._heard = 0

    def hears(self, address: str, now: float, *, hurried: bool = False) -> bool:
        """Whether a request from this address is worth reading; when we are `hurried`, no talk is free."""
        heard = self._heard if now - self._second < 1.0 else 0
        if heard < self._share.free_per_s and not hurried:
            return True
        return heard < self._share.most_per_s and self.is_quiet(address, now)

    def is_quiet(self, address: str, now: float) -> bool:
        """Whether this address has lately said less than it may in a crowd."""
        return self._tokens(neighbourhood(address), now) >= 1.0

    def heard(self, address: str, now: float) -> None:
        """Its request was read, and it proved nothing."""
        if now - self._second >= 1.0:
            self._second, self._heard = now, 0
        self._heard += 1
        place = neighbourhood(address)
        left = max(0.0, self._tokens(place, now) - 1.0)
        known = self._left
        if place not in known and len(known) >= self._max_addresses:
            known.popitem(last=False)
        known[place] = (left, now)
        known.move_to_end(place)

    def size(self) -> int:
        """How many addresses are remembered."""
        return len(self._left)

    def _tokens(self, place: str, now: float) -> float:
        burst = float(self._share.burst)
        left, at = self._left.get(place, (burst, now))
        return min(burst, left + (now - at) * self._share.per_s)
