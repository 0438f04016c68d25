"""Supervision: a phone that the switch calls, to listen to a call, whisper to its agent, speak to both, or
take it over.

A supervisor is with the call, not with its agent: while the caller waits for the next one he hears the music
that the caller hears. Nothing that becomes of him changes anything for the others.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import structlog

from media.codecs import CODECS
from media.port import Source
from switch.calls.bridge import FULL, Bridge
from switch.calls.causes import CLEARED
from switch.calls.ending import EndedBy
from switch.calls.legs.events import Answered, Cut, Ended, Held, LegEvent, Lost, Refused, Ringing
from switch.calls.legs.leg import Leg
from switch.calls.ringing.branches import Branches
from switch.exchange import Exchange
from switch.records import LegRole, SegmentKind

if TYPE_CHECKING:
    from switch.calls.flow import Call

RING_TIMEOUT_S: Final = 30.0
UNHEARD: Final = 0.0


class Mode(StrEnum):
    """What a supervisor is to a call."""

    LISTEN = "listen"
    """He hears both, and nobody hears him."""
    WHISPER = "whisper"
    """The agent hears him too, the caller does not."""
    BARGE = "barge"
    """All three hear each other."""
    TAKE_OVER = "take_over"
    """The agent leaves, and he has the agent's place."""


_HEARD: Final[Mapping[Mode, tuple[float, float, SegmentKind]]] = {
    Mode.LISTEN: (UNHEARD, UNHEARD, SegmentKind.LISTEN),
    Mode.WHISPER: (UNHEARD, FULL, SegmentKind.WHISPER),
    Mode.BARGE: (FULL, FULL, SegmentKind.BARGE),
}
"""How loud he is to the caller and to the other party, and what the record calls it."""


class NotNow(Exception):
    """The call, or the phone, is not in a state for that; the message is for people, the status for
    phones.
    """

    def __init__(self, why: str, status: int = 403) -> None:
        super().__init__(why)
        self.status = status


class Supervision:
    """One supervisor of one call, from the ringing of his phone until he leaves or has the agent's place."""

    def __init__(
        self, exchange: Exchange, call: Call, phone: str, mode: Mode, by: EndedBy, leg: Leg | None = None
    ) -> None:
        """Call the phone, unless it has called us by `leg`. Raises Unreachable."""
        self.call = call.id
        self.phone = phone
        self.mode = mode
        self.rings: Future[str | None] = exchange.loop.create_future()
        """Done when it rings or is answered, or with the reason why not."""
        self._exchange = exchange
        self._of = call
        self._bridge: Bridge | None = None
        self._party: Leg | None = None
        self._branches = self._ring() if leg is None else None
        self._own = None if leg is None else self._take(leg)
        self._timer = exchange.loop.call_later(RING_TIMEOUT_S, self._unanswered)
        if leg is not None:
            self._timer.cancel()
            self._settle(None)
        self._log.info(
            "supervisor called" if leg is None else "supervisor calls", mode=mode.value, by=by.value
        )

    @property
    def leg(self) -> Leg:
        """His leg; while several devices ring, one of them."""
        if self._own is not None:
            return self._own
        assert self._branches is not None
        return self._branches.leg

    @property
    def connected(self) -> bool:
        """Whether he has answered."""
        return self.leg.answered

    # What the call says

    def join(self, bridge: Bridge, party: Leg) -> None:
        """Caller and party hear each other by way of `bridge`; so does he, once he has answered."""
        self._bridge, self._party = bridge, party
        if self.connected:
            bridge.add(self.leg)
            self._apply()

    def part(self) -> None:
        """They do not any more: their bridge is closed."""
        self._bridge = self._party = None
        self._of.ledger.unsupervised(self._exchange.now_us())

    def let_hear(self, source: Callable[[], Source]) -> None:
        """This is what the caller hears; so does he, unless both are connected to a party."""
        if self.connected and self._bridge is None:
            self.leg.send(source())

    def over(self) -> None:
        """He is no supervisor of the call any more: he left, took it over, or it has ended."""
        self._timer.cancel()
        self._settle("the call has ended")
        self._of.ledger.unsupervised(self._exchange.now_us())
        self._of.supervision = None
        self._of.book.call_changed(self._of)

    # What the administrator says

    def change(self, mode: Mode, by: EndedBy) -> None:
        """From now on he is this to the call. Raises NotNow."""
        if mode is Mode.TAKE_OVER and self.connected and self._bridge is None:
            raise NotNow(f"call {self.call!r} has nobody to be taken over from")
        self.mode = mode
        self._log.info("supervisor changes", mode=mode.value, by=by.value)
        if self.connected:
            self._apply()

    def leave(self, why: str) -> None:
        """End his leg; the others go on as they were before."""
        self._log.info("supervisor left", why=why)
        self._settle(why)
        if self._bridge is not None:
            self._bridge.remove(self.leg)
            self._bridge.update()
        if self._branches is not None:
            self._branches.silence(CLEARED)
        self.leg.end(CLEARED)
        self.over()

    # What his leg says

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on a leg of his."""
        said = event if self._branches is None else self._branches.hear(leg, event)
        match said:
            case Ringing():
                self._settle(None)
            case Answered():
                self._answered()
            case Refused(status=status):
                self.leave("it is busy" if status in (486, 600) else f"it answers {status} {said.phrase}")
            case Cut():
                self._give_up(503)
                self.leave("its connection broke")
            case Ended():
                self.leave("hung up")
            case Lost():
                self.leave("lost")
            case Held() if self._bridge is not None:
                self._bridge.update()
            case _:
                pass  # his digits are for nobody

    # Inside

    @property
    def _log(self) -> structlog.stdlib.BoundLogger:
        log: structlog.stdlib.BoundLogger = structlog.get_logger("call")
        return log.bind(call=self.call, phone=self.phone, leg=self.leg.id)

    def _ring(self) -> Branches:
        ledger = self._of.ledger
        branches = self._of.dialling.phone(self.phone, LegRole.SUPERVISOR, ledger.from_, ledger.from_, self)
        branches.tell(ledger.legs.append)
        return branches

    def _take(self, leg: Leg) -> Leg:
        """The leg, which is up, is his from now on."""
        leg.owner = self
        leg.take_role(LegRole.SUPERVISOR)
        self._of.ledger.legs.append(leg)
        self._of.book.leg_moved(leg, self._of)
        return leg

    def _give_up(self, status: int) -> None:
        if self._branches is not None:
            self._branches.give_up(status)

    def _answered(self) -> None:
        self._timer.cancel()
        self._settle(None)
        self._of.book.leg_confirmed(self.leg, self._of)
        self._log.info("supervisor joined", mode=self.mode.value)
        if self._bridge is None:
            self.let_hear(self._of.hears)
        else:
            self._bridge.add(self.leg)
            self._apply()

    def _apply(self) -> None:
        """Let the others hear him as his mode says: in one turn, and before he can be heard at all."""
        if self._bridge is None or self._party is None:
            return
        if self.mode is Mode.TAKE_OVER:
            self.over()
            self._of.take_over(self.leg)
            return
        to_caller, to_party, kind = _HEARD[self.mode]
        caller = self._of.caller
        self._bridge.gain(caller, self.leg, to_caller)
        self._bridge.gain(self._party, self.leg, to_party)
        self._bridge.update()
        self._of.ledger.supervised(kind, (caller, self._party, self.leg), self._exchange.now_us())

    def _unanswered(self) -> None:
        self._give_up(408)
        self.leave("it did not answer")

    def _settle(self, why: str | None) -> None:
        if not self.rings.done():
            self.rings.set_result(why)


def supervise(
    exchange: Exchange, call: Call, phone: str, mode: Mode, by: EndedBy, leg: Leg | None = None
) -> Supervision:
    """Let the phone supervise the call, or change what it is to it; by `leg` where that is up already. Raises
    NotNow, Unreachable.
    """
    there = call.supervision
    if there is not None and there.phone == phone and leg is None:
        there.change(mode, by)
        return there
    if there is not None:
        raise NotNow(f"call {call.id!r} is supervised by phone {there.phone!r}")
    if call.third is not None:
        raise NotNow(f"not yet: call {call.id!r} is one of three")
    if call.bridge is None:
        raise NotNow(f"call {call.id!r} is not connected")
    codecs = {leg.agreed.codec for leg in call.ledger.legs if not leg.over and leg.agreed is not None}
    if not all(CODECS[codec].is_heard for codec in codecs):
        raise NotNow(f"call {call.id!r} has a codec that cannot be mixed: {', '.join(sorted(codecs))}")
    call.supervision = Supervision(exchange, call, phone, mode, by, leg)
    if call.party is not None:
        call.supervision.join(call.bridge, call.party)
    return call.supervision
