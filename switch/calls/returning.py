"""Calls that a crash of ours has cut and that come back: who was in line waits at his place again, and who
talked talks to the same party.

What the former run noted says which calls may return. Their ports are opened again under their numbers, each
dialog gets our description once more (re-INVITE), and who answers is back. Who does not is ended and booked.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from msgspec import structs

from acd.events import CallsRecovered
from acd.queued_call import CallState, QueuedCall
from media.aio.plane import NoPorts
from sip.syntax.sdp import SdpError
from switch.calls.flow import Call
from switch.calls.ledger import Ledger, Visit
from switch.calls.legs.events import Ended, LegEvent, Lost, Returned
from switch.calls.legs.leg import Leg
from switch.calls.legs.note import LegNote
from switch.calls.legs.owner import LegOwner
from switch.calls.legs.returning import ReturningLeg
from switch.calls.registry import Registry
from switch.calls.ringing.dialling import MAX_FORWARDS
from switch.calls.ringing.occupancy import Occupancy, Sides
from switch.config.choices import OnAgentLost
from switch.exchange import Exchange
from switch.figures.happenings import visit_of
from switch.flows.queue import queue_again
from switch.identities.caller import Caller
from switch.limits import Slot
from switch.peers import TrunkPeer
from switch.persistence.logbook import Survivor
from switch.records import HOLDS, TALKS, CallRecord, LegRecord, LegRole, to_us

PATIENCE_S: Final = 8.0
"""Who has not answered by then does not return: long enough for a phone that has to connect again."""
TOGETHER_S: Final = 1.0
"""How long the first who are back in line wait for the others, and new callers for all of them, so that the
first of the line goes first."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A call that may return: whose legs, and what the router knows of it."""

    survivor: Survivor
    caller: LegRecord
    party: LegRecord | None
    known: QueuedCall | None

    @property
    def waits(self) -> Visit | None:
        """His stay in line, where he is in one."""
        known = self.known
        if known is None or known.state is CallState.TALKING:
            return None
        return Visit(known.visit, known.queue, known.entered_at_us)


class CallsReturning:
    """All of them, from the start until the last is back or ended."""

    def __init__(self, exchange: Exchange, registry: Registry) -> None:
        self._exchange = exchange
        self._registry = registry
        self._returning: dict[str, _ReturningCall] = {}
        self._back: list[str] = []
        """In line, and the router is still to be told."""
        self._together = True

    def take_up(self, survivors: Collection[Survivor]) -> tuple[str, ...]:
        """Open the ports of those that may return; which these are. Nothing is sent yet."""
        for survivor in survivors:
            found = _found(survivor, self._exchange.dispatch.router.facts.calls)
            call = None if found is None else self._made(found)
            if call is not None:
                self._returning[call.call.id] = call
        if self._someone_joins:
            self._exchange.in_order.clear()
        return tuple(self._returning)

    def is_returning(self, leg: str) -> bool:
        """Whether a leg of the former run is taken up."""
        return any(leg in (each.id for each in call.legs) for call in self._returning.values())

    def start(self) -> None:
        """Offer all of them our descriptions again."""
        if not self._returning:
            return
        structlog.get_logger("server").warning("calls of the former run return", calls=len(self._returning))
        self._exchange.loop.call_later(TOGETHER_S, self._apart)
        self._exchange.loop.call_later(PATIENCE_S, self._give_up)
        for returning in list(self._returning.values()):
            self._registry.call_started(returning.call)
            if not self._does(returning.start, returning):
                self._does(returning.give_up, returning)

    # Inside

    def _made(self, found: _Found) -> "_ReturningCall | None":
        legs: list[ReturningLeg] = []
        try:
            for record in (found.caller, found.party):
                if record is not None:
                    legs.append(self._leg(found.survivor, record, legs))
            return _ReturningCall(self._exchange, self._call(found, legs), found, legs, self._settled)
        except Exception as error:
            ours = not isinstance(error, NoPorts | OSError | SdpError)
            log, call = structlog.get_logger("server"), found.survivor.call.id
            log.warning("a call cannot return", call=call, error=repr(error), exc_info=ours)
        for leg in legs:
            leg.port.close()
        return None

    def _leg(self, survivor: Survivor, record: LegRecord, others: list[ReturningLeg]) -> ReturningLeg:
        """With the port that it had; a call's ports are on one worker. Raises NoPorts, OSError, SdpError."""
        exchange, note = self._exchange, survivor.notes[record.id]
        began = record.answered_at or record.invited_at
        age_s = (exchange.now_us() - to_us(began)) / 1e6
        rate_hz = 48_000 if record.codec == "OPUS" else 8_000
        near = others[0].port if others else None
        port = exchange.plane.reopen(note.port, note.stream.after(age_s, rate_hz), near)
        note = structs.replace(note, stream=note.stream.after(0.0, rate_hz))  # as another crash finds it
        try:
            dialog = survivor.dialogs[record.id]
            return ReturningLeg(exchange, self._registry, record, dialog, note, port)
        except BaseException:
            port.close()
            raise

    def _call(self, found: _Found, legs: list[ReturningLeg]) -> Call:
        exchange, record = self._exchange, found.survivor.call
        died_us = max(exchange.logbook.last_beat_us, to_us(record.started_at))
        ledger = Ledger.resumed(record, died_us)
        if found.waits is not None:
            ledger.waits_on(found.waits)
        taken = {leg.id for leg in legs}
        ledger.former = [leg for leg in record.legs if leg.id not in taken]
        identity = _identity(found.survivor.notes[found.caller.id], record)
        sides = Sides()
        for leg, side in zip(legs, (sides.caller, sides.party), strict=False):
            self._take_room(leg, side)
        call = Call(exchange, self._registry, ledger, legs[0], identity, MAX_FORWARDS, sides)
        call.taps.pauses = found.survivor.paused
        ledger.legs += legs[1:]
        return call

    def _take_room(self, leg: Leg, side: Occupancy) -> None:
        """A call that goes on has its room on its trunks, whatever the limits say by now."""
        if isinstance(leg.peer, TrunkPeer):
            slot = self._exchange.limits.admit(leg.peer.name, self._exchange.now(), emergency=True)
            if isinstance(slot, Slot):
                side.rooms.append(slot)

    def _settled(self, returning: "_ReturningCall") -> None:
        call = returning.call
        del self._returning[call.id]
        if returning.waits and not call.over:
            self._back.append(call.id)
        if not self._someone_joins:
            self._together = False
        if not self._together:
            self._tell()

    @property
    def _someone_joins(self) -> bool:
        return any(each.joins_line for each in self._returning.values())

    def _apart(self) -> None:
        self._together = False
        self._tell()

    def _tell(self) -> None:
        """Who is back in line; whoever has come since comes behind them."""
        back, self._back = self._back, []
        if back:
            self._exchange.dispatch.post(CallsRecovered(calls=tuple(back)))
        self._exchange.in_order.set()

    def _give_up(self) -> None:
        for returning in list(self._returning.values()):
            self._does(returning.give_up, returning)
        self._returning.clear()

    @staticmethod
    def _does(work: Callable[[], None], returning: "_ReturningCall") -> bool:
        """Whether the call has done so: over a fault of ours no other call stumbles."""
        try:
            work()
        except Exception:  # noqa: BLE001 - one call's edge: nobody else waits for it
            structlog.get_logger("server").exception("a call cannot return", call=returning.call.id)
            return False
        return True


class _ReturningCall(LegOwner):
    """One call, and what has become of its legs so far. It owns them until all is known."""

    def __init__(
        self,
        exchange: Exchange,
        call: Call,
        found: _Found,
        legs: list[ReturningLeg],
        settled: Callable[["_ReturningCall"], None],
    ) -> None:
        self.call = call
        self.legs = legs
        self.waits = found.waits is not None
        self.joins_line = self.waits
        """Or he may: his agent need not come back."""
        self._exchange = exchange
        self._settled = settled
        self._outcomes: dict[Leg, Ended | Lost | Returned] = {}
        self._queue = None if found.known is None else exchange.config.queues.get(found.known.queue)
        if found.known is not None:
            call.place.resume(found.known)
        if found.party is not None:
            call.party = legs[1]
        if found.known is not None:
            call.agent, call.queued_as = found.known.agent, self._queue
            self.joins_line |= self._queue is not None and self._queue.on_agent_lost is OnAgentLost.REQUEUE
        for leg in legs:
            leg.owner = self

    def start(self) -> None:
        """Offer each our description again."""
        ledger = self.call.ledger
        self._exchange.figures.call_resumed(
            visit_of(ledger.id, ledger.to, ledger.trunk, visit.record()) for visit in ledger.visits
        )
        if self.waits:
            visit = ledger.visits[-1]
            self._exchange.metrics.visit_started(visit.queue, visit.id, visit.entered_us)
            self.call.start(queue_again(self.call.place.awaited()))
        else:
            self.call.start(Call.until_over)
        for leg in self.legs:
            leg.resume()
            party = f"{leg.role.value} {leg.peer.name}"
            self._exchange.tracing.claim(self.call.id, leg.sip_call_id, party)

    def give_up(self) -> None:
        """Whoever has not answered does not return."""
        for leg in self.legs:
            if leg not in self._outcomes:
                leg.give_up()

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on one of the legs."""
        if isinstance(event, Ended | Lost | Returned):
            before = self._outcomes.get(leg)
            self._outcomes[leg] = event if before is None or isinstance(before, Returned) else before
            self._decide()

    def _decide(self) -> None:
        """Nothing before it is known of all of them, unless the caller is gone."""
        caller = self._outcomes.get(self.legs[0])
        if caller is None:
            return
        if isinstance(caller, Returned) and len(self._outcomes) < len(self.legs):
            self.call.hear_music()
            return
        for leg in self.legs:
            leg.owner = self.call
        self._let_go_on(caller)
        self._settled(self)

    def _let_go_on(self, caller: Ended | Lost | Returned) -> None:
        call = self.call
        if not isinstance(caller, Returned):
            call.leg_event(self.legs[0], caller)
            return
        gone = next((e for leg, e in self._outcomes.items() if leg is not self.legs[0]), None)
        if self.waits:
            call.hear_music()
        elif len(self.legs) == 1:
            call.agent_missing()
        elif gone is None or isinstance(gone, Returned):
            call.rejoin()
        else:
            call.leg_event(self.legs[1], gone)


def _found(survivor: Survivor, calls: Mapping[str, QueuedCall]) -> _Found | None:
    """Whether the call may return, and whose legs then. Not where a leg's keys are lost."""
    record, known = survivor.call, calls.get(survivor.call.id)
    legs = {leg.id: leg for leg in record.legs if leg.id in survivor.dialogs and leg.id in survivor.notes}
    joined = next((s.legs for s in reversed(record.segments) if s.to is None and s.kind in TALKS | HOLDS), ())
    caller, party = _ends(legs, joined, known)
    if caller is None or (known is None and party is None):
        return None
    taken = [leg for leg in (caller, party) if leg is not None]
    if any(survivor.notes[leg.id].secret for leg in taken):
        structlog.get_logger("server").warning("an encrypted call cannot return", call=record.id)
        return None
    return _Found(survivor, caller, party, known)


def _ends(
    legs: Mapping[str, LegRecord], joined: tuple[str, ...], known: QueuedCall | None
) -> tuple[LegRecord | None, LegRecord | None]:
    """Caller and party: who waits has none; who talked, the one that he was connected to."""
    if known is not None and known.state is not CallState.TALKING:
        return _only(legs, LegRole.CALLER), None
    if len(joined) == 2:
        return legs.get(joined[0]), legs.get(joined[1])
    if known is None:
        return None, None
    return _only(legs, LegRole.CALLER), _only(legs, LegRole.AGENT)


def _only(legs: Mapping[str, LegRecord], role: LegRole) -> LegRecord | None:
    """The leg in that role, where there is one and no other."""
    found = [leg for leg in legs.values() if leg.role is role]
    return found[0] if len(found) == 1 else None


def _identity(note: LegNote, record: CallRecord) -> Caller:
    number, display, withheld = note.caller or (record.from_, "", False)
    return Caller(number, display, withheld, ours=note.of_phone)
