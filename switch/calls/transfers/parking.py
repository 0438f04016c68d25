"""Parking: a caller waits with music in a numbered slot, until a phone dials that number.

Whoever talked to him leaves. After `parking.return_after` the phone that parked him rings; where it does not
take him he waits on, and it rings again after the same time. While it rings he can be taken by others too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from media.codecs import CODECS
from switch.calls.legs.leg import Leg
from switch.calls.ringing.attempts import Attempts
from switch.calls.ringing.occupancy import Occupancy
from switch.calls.ringing.unreachable import Unreachable
from switch.calls.supervision import NotNow
from switch.calls.transfers.handing import swap
from switch.exchange import Exchange
from switch.lamps.shown import Kind, Subject
from switch.peers import Peer, PhonePeer
from switch.records import SegmentKind

if TYPE_CHECKING:
    from switch.calls.flow import Call

RING_TIMEOUT_S: Final = 30.0
"""So long the phone that parked a caller rings for him."""


class Parked:
    """A caller in a slot, until somebody has him or his call ends."""

    def __init__(self, exchange: Exchange, call: Call, slot: str, by: Peer, *, stays: bool) -> None:
        """`by` is who parks him: a phone rings for him later. He may stay until he hangs up."""
        self.call = call
        self.slot = slot
        self.returns = False
        """The phone rings that parked him."""
        self._exchange = exchange
        self._back = by if isinstance(by, PhonePeer) else None
        self._wait(stays=stays)
        call.ledger.joined(SegmentKind.PARKED, (call.caller,), exchange.now_us())
        exchange.parked[slot] = self
        self._show()

    # What the call says

    def over(self) -> None:
        """Somebody has him, or he has gone."""
        self._timer.cancel()
        self.call.parked = None
        del self._exchange.parked[self.slot]
        self._show()

    def in_vain(self) -> None:
        """The phone that parked him does not take him: he waits on."""
        self._timer.cancel()
        self._wait()
        self.returns = False
        self._show()

    # Inside

    @property
    def _log(self) -> structlog.stdlib.BoundLogger:
        log: structlog.stdlib.BoundLogger = structlog.get_logger("call")
        return log.bind(call=self.call.id, slot=self.slot)

    def _show(self) -> None:
        self._exchange.lamps.changed(Subject(Kind.SLOT, self.slot))

    def _wait(self, *, stays: bool = False) -> None:
        music = self._exchange.config.parking.music
        self.call.go_on(partial(_wait_with_music, music), stays=stays)
        self._timer = self._exchange.loop.call_later(self._exchange.config.parking.return_after, self._return)

    def _return(self) -> None:
        """Ring the phone that parked him."""
        back, call = self._back, self.call
        if back is None:
            return
        self.returns = True
        display = f"{self.slot}: {call.identity.shown}"
        attempts = Attempts(self._exchange, call, back, Occupancy(), call.identity, display=display)
        try:
            call.call_next(attempts, attempts.phone(back.name))
        except Unreachable as error:
            self._log.info("no way back", phone=back.name, why=error.phrase)
            self.in_vain()
            return
        self._log.info("parked call returns", phone=back.name)
        self._timer = self._exchange.loop.call_later(RING_TIMEOUT_S, self.in_vain)
        self._show()


async def _wait_with_music(music_class: str, call: Call) -> None:
    await call.music(music_class)
    await call.until_over()


def park_held(exchange: Exchange, call: Call, holder: Leg, slot: str) -> Parked:
    """Park whom a leg of the call holds, which may be the caller's own. Raises NotNow, and nothing has
    changed.
    """
    is_callers = holder is call.caller
    if is_callers:
        swap(exchange, call)
    try:
        return park(exchange, call, slot)
    except NotNow:
        if is_callers:
            swap(exchange, call)
        raise


def park(exchange: Exchange, call: Call, slot: str, *, stays: bool = False) -> Parked:
    """Park the caller in the slot, the first free one without a name; whoever talks to him leaves, at once
    unless he `stays` until his own BYE. Raises NotNow, and nothing has changed.
    """
    party, agreed = call.party, call.caller.agreed
    if party is None or call.bridge is None:
        raise NotNow(f"call {call.id!r} is not connected", 481)
    if agreed is not None and not CODECS[agreed.codec].is_heard:
        raise NotNow(f"call {call.id!r} has a codec without music: {agreed.codec}", 488)
    free = free_slot(exchange, slot)
    agent = call.agent
    call.parked = Parked(exchange, call, free, party.peer, stays=stays)
    log = structlog.get_logger("call")
    log.info("call parked", call=call.id, slot=free, agent=agent, leg=party.id, by=party.peer.name)
    return call.parked


def free_slot(exchange: Exchange, slot: str) -> str:
    """The slot, or without a name the first that is free. Raises NotNow."""
    slots = exchange.config.parking.slots
    if slot and slot not in slots:
        raise NotNow(f"there is no slot {slot!r} to park in", 404)
    free = [each for each in ([slot] if slot else slots) if each not in exchange.parked]
    if not free:
        raise NotNow(f"slot {slot!r} is taken" if slot else "no slot to park in is free", 486)
    return free[0]
