"""Our 2xx to an INVITE, repeated until its ACK comes (RFC 3261 section 13.3.1.4), on every transport."""

from sip.flow import Flow
from sip.transactions.layer import Layer
from sip.transactions.timers import Timer, TimerOwner


class Repeated2xx:
    """The last 2xx of a session; the session's table says when it is repeated."""

    __slots__ = ("_flow", "_interval_s", "_kind", "_layer", "_message", "_owner", "_timer", "cseq")

    def __init__(self, layer: Layer, owner: TimerOwner, kind: str) -> None:
        """`owner` hears of `kind` when the 2xx is due again."""
        self._layer = layer
        self._owner = owner
        self._kind = kind
        self._flow: Flow | None = None
        self._message = b""
        self._interval_s = 0.0
        self._timer: Timer | None = None
        self.cseq = -1
        """The INVITE's, by which its ACK is known."""

    def sent(self, message: bytes, flow: Flow, cseq: int) -> None:
        """A 2xx went on its way."""
        self._message, self._flow, self.cseq = message, flow, cseq

    def start(self, now: float) -> None:
        """Repeat it after T1."""
        self._interval_s = self._layer.timing.t1
        self._timer = self._layer.timers.start(self._interval_s, self._owner, self._kind, now)

    def repeat(self, now: float) -> None:
        """Send it again, and once more after twice as long, at most T2."""
        layer = self._layer
        if self._flow is not None:
            layer.counters.retransmissions["INVITE"] += 1
            layer.transmit(self._message, self._flow, "INVITE", 200)
        self._interval_s = min(2 * self._interval_s, layer.timing.t2)
        self._timer = layer.timers.start(self._interval_s, self._owner, self._kind, now)

    def stop(self) -> None:
        """Its ACK is here, or nobody waits for it any more."""
        self._message = b""
        if self._timer is not None:
            self._layer.timers.stop(self._timer)
            self._timer = None

    def move(self, flow: Flow) -> None:
        """The connection under it closed: it goes by another."""
        self._flow = flow
