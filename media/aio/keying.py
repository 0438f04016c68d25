"""Keys of one port that are agreed on over its own path: ICE finds the way, DTLS makes the keys."""

import asyncio
from collections.abc import Callable
from typing import Final

from media.aio.dtls import Handshake, Identity
from media.aio.ice import IceLite
from media.keying import Dtls
from media.port import SrtpKeys

Place = tuple[str, int]
_STUN_BELOW: Final = 4
"""The first octet of STUN (RFC 7983)."""


class Keying:
    """One handshake with one peer; `send`, `moved` and `done` are told what to do about it."""

    def __init__(
        self,
        dtls: Dtls,
        identity: Identity,
        *,
        send: Callable[[bytes, Place], None],
        moved: Callable[[Place], None],
        done: Callable[[SrtpKeys | None], None],
    ) -> None:
        """`moved` says where ICE has found the peer; `done` brings the keys, or None where there are none."""
        self.dtls: Final = dtls
        self._ice = None if dtls.ice is None else IceLite(dtls.ice)
        self._handshake = Handshake(identity, dtls.theirs, active=dtls.active)
        self._send, self._moved, self._done = send, moved, done
        self._place: Place | None = None
        self._heard = False
        self._over = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def keyless(self) -> str | None:
        """Why there are no keys, or none yet; None: there are."""
        if self._handshake.keys is not None:
            return None
        if self._handshake.failed is not None:
            return self._handshake.failed
        if self._ice is not None and not self._ice.passed:
            return "no check of ICE came that knew our password"
        return "the handshake was not finished" if self._heard else "no handshake came"

    @property
    def place(self) -> Place | None:
        """Where ICE has found the peer."""
        return None if self._ice is None else self._ice.nominated

    def start(self, place: Place) -> None:
        """Begin, where it is ours to begin and nothing has to be found first."""
        if self._ice is None:
            self._place = place
            self._say(self._handshake.begin())

    def receive(self, data: bytes, source: Place) -> None:
        """STUN or DTLS that came to the port. With ICE, DTLS counts only from where a check came."""
        if data[0] < _STUN_BELOW:
            self._check(data, source)
        elif self._ice is None or source in self._ice.passed:
            self._place = source
            self._heard = True
            self._say(self._handshake.receive(data))

    def stop(self) -> None:
        """The port closes, or has another peer."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()

    def _check(self, data: bytes, source: Place) -> None:
        if self._ice is None:
            return
        before = self._ice.nominated
        answer = self._ice.receive(data, source)
        if answer is not None:
            self._send(answer, source)
        now = self._ice.nominated
        if now is not None and now != before:
            self._moved(now)
            if self._place is None:
                self._place = now
                self._say(self._handshake.begin())
            self._place = now

    def _say(self, flights: list[bytes]) -> None:
        if self._place is not None:
            for flight in flights:
                self._send(flight, self._place)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._over and (self._handshake.keys is not None or self._handshake.failed is not None):
            self._over = True
            self._done(self._handshake.keys)
        after_s = self._handshake.deadline_s()
        if after_s is not None and not self._over:
            self._timer = asyncio.get_running_loop().call_later(after_s, self._again)

    def _again(self) -> None:
        self._timer = None
        self._say(self._handshake.expired())
