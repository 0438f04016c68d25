"""The gate: what of all that arrives is read at all, and what is begun. Implements `sip.screen.Gate`."""

import re
from collections import Counter
from collections.abc import Callable
from math import ceil
from typing import Final

from sip.flow import Flow
from sip.screen import Known, Refuse, Silence
from sip.syntax.message import Request
from switch.config.schema import Sip
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.wall.bans import Bans
from switch.wall.crowd import MAX_ADDRESSES, PEERS, STRANGERS, Crowd
from switch.wall.overload import Overload, State

METHODS: Final = ("INVITE", "REGISTER")
"""What begins something that lasts, and is refused in an overload."""
_PATIENCE: Final = 4.0
"""A registration costs a tenth of a call, and a phone without one misses all of its calls."""
_INSIDE: Final = (b"SIP/", b"ACK ", b"CANCEL ", b"BYE ", b"PRACK ", b"UPDATE ", b"INFO ")
"""Responses, and requests that only dialogs know."""
_TO_TAG: Final = re.compile(rb"\n(?:[Tt][Oo]|t)[ \t]*:[^\r\n]*;[ \t]*[Tt][Aa][Gg][ \t]*=")


class Gate:
    """Bans, the crowds and the overload, put together."""

    def __init__(
        self,
        sip: Sip,
        bans: Bans,
        known: Callable[[str], bool],
        is_emergency: Callable[[Request, Peer | None], bool],
    ) -> None:
        """`known` says whether an address is a trunk's or that of a live registration; `is_emergency` whether
        an INVITE, of that peer or else of whom its From names, is for an emergency service.
        """
        self.overload = Overload(sip.overload.loop_lag)
        self.refused = Counter(dict.fromkeys(METHODS, 0))
        """What was refused for overload, by method."""
        self.bans = bans
        self._strangers = Crowd(STRANGERS)
        self._peers = Crowd(PEERS)
        self._known = known
        self._asked: dict[str, bool] = {}
        self._asked_at = 0.0
        self._is_emergency = is_emergency
        self._retry_after_s = _retry_after_s(sip)

    def configure(self, sip: Sip) -> None:
        """Judge by these settings from now on."""
        self.overload.configure(sip.overload.loop_lag)
        self._retry_after_s = _retry_after_s(sip)

    def silences(self, data: bytes, flow: Flow, now: float) -> Silence | None:
        """Why a message is dropped unread."""
        address = flow.remote[0]
        if self.bans.holds(address, None, now) and not _is_inside(data):
            return Silence.BANNED
        knows = self._knows(address, now)
        crowd = self._peers if knows else self._strangers
        hurried = self.overload.state is State.PRESSED and not knows
        if crowd.hears(address, now, hurried=hurried):
            return None
        # Anybody can write a tag: who has lately named dialogs that we do not have is not taken at his word.
        return None if crowd.is_quiet(address, now) and _is_inside(data) else Silence.CROWD

    def heard(self, flow: Flow, now: float) -> None:
        """A message was read whose sender has proved nothing."""
        address = flow.remote[0]
        (self._peers if self._knows(address, now) else self._strangers).heard(address, now)

    def sheds(self, request: Request, verdict: Refuse | Known, flow: Flow, now: float) -> Refuse | None:
        """503 for a new call or registration while there is an overload.

        Whoever answers a challenge of ours was let in before, and is not turned away half-way.
        """
        method, peer = request.method, _peer(verdict)
        proven = isinstance(verdict, Known) and verdict.proven
        if peer is not None and not proven:
            self._peers.heard(flow.remote[0], now)  # only an address says so, and that may be forged
        if method not in self.refused or request.to_tag is not None:
            return None
        if not self.overload.refuses(now, _PATIENCE if method == "REGISTER" else 1.0):
            return None
        if proven and "nc=00000001" in (request.headers.get("Authorization") or ""):
            return None
        if method == "INVITE" and self._is_emergency(request, peer):
            return None
        self.refused[method] += 1
        return Refuse(503, "Service Unavailable", [("Retry-After", str(self._wait_s(method)))])

    def _wait_s(self, method: str) -> int:
        """Of phones that come at once, as after a power cut, each comes back in a second of its own."""
        most_s = self._retry_after_s
        return 1 + self.refused[method] % most_s if method == "REGISTER" else most_s

    def _knows(self, address: str, now: float) -> bool:
        """`known`, asked once a second: a flood comes from the same addresses again and again."""
        if now - self._asked_at >= 1.0 or len(self._asked) >= MAX_ADDRESSES:
            self._asked, self._asked_at = {}, now
        known = self._asked.get(address)
        if known is None:
            known = self._asked[address] = self._known(address)
        return known


def _peer(verdict: Refuse | Known) -> Peer | None:
    match verdict:
        case Known(TrunkPeer() | PhonePeer() as peer):
            return peer
    return None


def _is_inside(data: bytes) -> bool:
    """Whether a message answers one of ours or names a dialog, as far as a look at it tells."""
    if data.startswith(_INSIDE):
        return True
    return not data.startswith(b"REGISTER ") and _TO_TAG.search(data) is not None


def _retry_after_s(sip: Sip) -> int:
    return max(1, ceil(sip.overload.retry_after))
