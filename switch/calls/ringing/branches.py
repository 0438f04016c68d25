"""The devices of one party, which ring at once: what they say together is what the party says.

Whoever answers first is the party; the others are told that the call was completed elsewhere (RFC 3326). A
refusal counts when nobody is left who could answer, and then the best of all (RFC 3261 section 16.7); 6xx
speaks for every device. Of those who send media before the answer the first is heard.
"""

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from switch.calls.books import LegBook
from switch.calls.causes import Farewell, q850_of
from switch.calls.legs.events import Answered, Cut, Ended, LegEvent, Lost, Refused, Ringing, Trying
from switch.calls.legs.leg import Leg
from switch.calls.legs.outgoing import OutgoingLeg
from switch.calls.ringing.unreachable import Unreachable
from switch.exchange import Exchange

PATIENCE_S: Final = 4.0
"""A device that has not even said 100 by then is not waited for, where another one has spoken."""
_FLOW_FAILED: Final = 430
"""RFC 5626 section 11.1."""

Dial = Callable[[], OutgoingLeg]
"""Sends an INVITE. Raises Unreachable."""
Device = Sequence[Dial]
"""By which flow first, and by which when that has failed (RFC 5626 section 7)."""


class Branches:
    """The legs towards one party, whose owner passes all their events through `hear`."""

    def __init__(self, exchange: Exchange, book: LegBook, groups: Sequence[Sequence[Device]]) -> None:
        """Ring the first group's devices; each other group when the one before has refused (by q, RFC 3261
        section 16.6). Raises Unreachable where no INVITE can be sent.
        """
        self.legs: list[OutgoingLeg] = []
        """Every one so far, in the order of their INVITEs."""
        self.leg: OutgoingLeg
        """Who counts: whose media is heard, who has answered or was the last to refuse; else the first."""
        self._exchange = exchange
        self._book = book
        self._later = list(groups)
        self._ringing: dict[OutgoingLeg, Device] = {}
        """Who may answer, each with the flows that are left for its device."""
        self._spoken: set[OutgoingLeg] = set()
        self._heard: OutgoingLeg | None = None
        """Whose media before the answer is heard."""
        self._refusal: Refused | None = None
        """The best so far."""
        self._started: Callable[[OutgoingLeg], None] = lambda leg: None
        failure = self._next_group()
        if failure is not None:
            raise failure

    @property
    def ringing(self) -> Sequence[OutgoingLeg]:
        """Who may answer."""
        return tuple(self._ringing)

    def tell(self, started: Callable[[OutgoingLeg], None]) -> None:
        """`started` is told each leg, those to come too."""
        self._started = started
        for leg in self.legs:
            started(leg)

    def hear(self, leg: Leg, event: LegEvent) -> LegEvent | None:
        """What the party says by an event of one of the legs; None where that is nothing."""
        rings = next((each for each in self._ringing if each is leg), None)
        if rings is None:
            return event if leg is self.leg else None
        match event:
            case Trying():
                return self._tries(rings, event)
            case Ringing():
                return self._rings(rings, event)
            case Answered():
                self._wins(rings)
                return event
            case Refused():
                return self._refuses(rings, event)
            case Cut() | Ended() | Lost():
                return self._breaks(rings, event)
            case _:
                return event if leg is self.leg else None

    # Verbs

    def cancel(self, farewell: Farewell) -> None:
        """Stop the ringing. It goes on until the last final response, or one that crosses."""
        self._later.clear()
        for leg in self._ringing:
            self._ringing[leg] = ()
            leg.cancel(farewell)

    def give_up(self, status: int) -> None:
        """End what rings: its record says `status`, as if that had been the answer."""
        self._later.clear()
        for leg in self._ringing:
            self._ringing[leg] = ()
            leg.give_up(status)

    def silence(self, farewell: Farewell) -> None:
        """End what rings."""
        ringing = list(self._ringing)
        self._later.clear()
        self._ringing.clear()
        for leg in ringing:
            leg.end(farewell)

    def end(self, farewell: Farewell) -> None:
        """End what rings, and who has answered."""
        self.silence(farewell)
        self.leg.end(farewell)

    # Inside

    def _next_group(self) -> Unreachable | None:
        """Ring the devices of the next group that can be rung; the last reason why none could be."""
        failure = Unreachable(480, "Temporarily Unavailable")
        while self._later and not self._ringing:
            for device in self._later.pop(0):
                failure = self._start(device) or failure
        return None if self._ringing else failure

    def _start(self, device: Device) -> Unreachable | None:
        """Ring a device by the first of these flows by which it can be."""
        failure = None
        for n, dial in enumerate(device, start=1):
            try:
                leg = dial()
            except Unreachable as error:
                failure = error
                continue
            except Exception:  # noqa: BLE001 - whoever rings already must not ring for good
                structlog.get_logger("call").exception("cannot call")
                failure = Unreachable(500, "Server Internal Error")
                continue
            if not self._ringing or self.leg.over:
                self.leg = leg
            self.legs.append(leg)
            self._ringing[leg] = device[n:]
            self._started(leg)
            if len(self._ringing) > 1 or device[n:]:
                self._exchange.loop.call_later(PATIENCE_S, self._impatient)
            return None
        return failure

    def _tries(self, leg: OutgoingLeg, event: Trying) -> LegEvent | None:
        is_first = not self._spoken
        self._spoken.add(leg)
        return event if is_first else None

    def _rings(self, leg: OutgoingLeg, event: Ringing) -> LegEvent | None:
        self._spoken.add(leg)
        if self._heard not in (None, leg):
            return None
        if event.early:
            self._heard = self.leg = leg
        return event

    def _wins(self, leg: OutgoingLeg) -> None:
        del self._ringing[leg]
        self.leg = leg
        self.silence(Farewell(elsewhere=True))

    def _refuses(self, leg: OutgoingLeg, event: Refused) -> LegEvent | None:
        flows = self._ringing.pop(leg)
        self._spoken.add(leg)
        if event.status >= 600:
            self.leg = leg
            self.silence(Farewell(q850=q850_of(event.status)))
            return event
        if (event.timed_out or event.status == _FLOW_FAILED) and flows and self._start(flows) is None:
            return None
        if self._refusal is None or _rank(event) < _rank(self._refusal):
            self._refusal = event
        if self._ringing:
            return self._is_heard_no_more(leg)
        if self._next_group() is None:
            return None
        self.leg = leg
        return self._refusal

    def _breaks(self, leg: OutgoingLeg, event: Cut | Ended | Lost) -> LegEvent | None:
        """Its connection has closed, or its dialog is lost."""
        if len(self._ringing) == 1 and not (self._ringing[leg] or self._later or self._refusal):
            self.leg = leg
            return event  # its owner gives it up
        leg.give_up(503)
        return self._refuses(leg, Refused(503, "Service Unavailable", None, timed_out=True))

    def _is_heard_no_more(self, leg: OutgoingLeg) -> LegEvent | None:
        """Another one who sends media is heard in its place; else they ring."""
        if leg is not self.leg:
            return None
        was_heard, self._heard = self._heard is leg, None
        self.leg = next((each for each in self._ringing if each.early), next(iter(self._ringing)))
        if not was_heard:
            return None
        if self.leg.early:
            self._heard = self.leg
        return Ringing(180, self.leg.early)

    def _impatient(self) -> None:
        """Whoever has said nothing at all is asked by OPTIONS from now on, before it is rung again."""
        for leg, flows in list(self._ringing.items()):
            if leg.over or leg not in self._ringing or leg in self._spoken or not (flows or self._spoken):
                continue
            leg.give_up(408)
            self._book.leg_lost(leg)
            leg.owner.leg_event(leg, Refused(408, "Request Timeout", None, timed_out=True))


def _rank(event: Refused) -> tuple[bool, int, bool]:
    """The best answer has the least: who says something before who does not, the lowest class, busy before
    other reasons of that class.
    """
    return event.timed_out, event.status // 100, event.status != 486
