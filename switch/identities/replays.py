"""PASSporTs that were used of late: one that holds was signed for one call (RFC 8224 section 12.1)."""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Final

from switch.identities.passport import Passport

FRESH_S: Final = 60
"""How far `iat` may lie from now (RFC 8224 section 10.1)."""
MOST: Final = 50_000
"""What 400 calls a second leave behind until it is stale, some 12 MB; then the oldest is forgotten first."""


class Use:
    """That a PASSporT serves a call: room that the call holds, given back where it is refused."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back = give_back

    def turn_away(self) -> None:
        """The call is refused: the PASSporT may come again, with the caller's next try."""
        self._give_back()

    def release(self) -> None:
        """The call has ended. It has been, so its PASSporT stays used."""


class Replays:
    """Which call each PASSporT served, as long as it is fresh. A retransmission, a branch of a fork and an
    answer to a challenge have the Call-ID of their call.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._used: OrderedDict[bytes, tuple[bytes, float]] = OrderedDict()

    def use(self, passport: Passport, dest: str, call_id: str, now_s: float) -> Use | None:
        """Let this PASSporT, whose signature holds, serve a call to `dest`; None where it served another."""
        self._forget(now_s)
        # Half of an ES256 signature: whoever has one can make the other half's twin, which holds as well.
        signed = _digest(passport.signing_input + passport.signature[:32] + dest.encode())
        mine = (_digest(call_id.encode("utf-8", "surrogateescape")), now_s)
        first = self._used.setdefault(signed, mine)
        return Use(partial(self._give_back, signed, mine)) if first[0] == mine[0] else None

    def _give_back(self, signed: bytes, mine: tuple[bytes, float]) -> None:
        if self._used.get(signed) is mine:  # not what another branch of the call uses
            del self._used[signed]

    def _forget(self, now_s: float) -> None:
        while self._used:
            _, used_s = next(iter(self._used.values()))
            if len(self._used) < self._most and abs(now_s - used_s) <= 2 * FRESH_S:
                return
            self._used.popitem(last=False)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
