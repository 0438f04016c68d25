"""Who is who: calls by id, legs by session and by port, and the booking of what has ended."""

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

import structlog

from media.events import PortEvent, RecorderFellBehind, RecordingStopped
from media.port import Port
from sip import events as sip
from sip.dialogs.dialog import Dialog
from sip.flow import Flow
from switch.calls.conferences import Conferences
from switch.calls.flow import Call
from switch.calls.ledger import Ledger
from switch.calls.legs.incoming import IncomingLeg
from switch.calls.legs.leg import Leg
from switch.calls.legs.outgoing import OutgoingLeg
from switch.calls.offering import Offering
from switch.calls.recording import mended
from switch.calls.summons import Summons
from switch.calls.supervision import Supervision
from switch.calls.talking import Talking
from switch.exchange import Exchange
from switch.lamps.shown import Kind, Subject
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.records import CallRecord, RecordingRecord


class Taking(Protocol):
    """Who wants the call of an offer."""

    def connect(self) -> Leg | None:
        """The router gives it to him; his leg, None where he is gone."""
        ...

    def hang_up(self) -> None:
        """The router does not."""
        ...


class Registry:
    """Every call and leg in progress. `phone_busy` hears how many legs of a phone no offer made."""

    def __init__(self, exchange: Exchange, phone_busy: Callable[[str, int], None]) -> None:
        self.calls: dict[str, Call] = {}
        self.closing: dict[str, Talking] = {}
        """Calls that have ended and whose recording is not closed yet: their record is not written."""
        self.conferences = Conferences(exchange)
        self.pickups: dict[str, Taking] = {}
        """Legs that want the call of an offer, by leg, until the router's word."""
        self._exchange = exchange
        self._phone_busy = phone_busy
        self._by_session: dict[sip.SessionId, Leg] = {}
        self._by_port: dict[Port, Leg] = {}
        self._recorded: dict[Port, Talking] = {}
        self._of_phone: dict[str, dict[Leg, None]] = {}
        self._busy: dict[str, int] = {}
        self._changed: dict[str, Talking] = {}
        """Those to be noted when the router has had its say."""
        self._joining: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()

    # Events

    def sip_event(self, event: sip.Event) -> None:
        """An event of a session: its leg's."""
        leg = self._by_session.get(getattr(event, "session", None))  # type: ignore[arg-type]
        if leg is not None:
            self._debug(leg, event)
            leg.sip_event(event)

    def port_event(self, event: PortEvent) -> None:
        """An event of a port: its leg's, or its recording's."""
        if isinstance(event, RecordingStopped):
            self._recording_stopped(event)
        elif isinstance(event, RecorderFellBehind):
            self._fell_behind(event)
        elif (leg := self._by_port.get(event.port)) is not None:
            self._debug(leg, event)
            leg.port_event(event)

    def _debug(self, leg: Leg, event: sip.Event | PortEvent) -> None:
        debugging = self._exchange.debugging
        if debugging.levels.tells_debug:
            ledger = self.ledger_of(leg)
            debugging.leg_event(None if ledger is None else ledger.id, leg.id, event)

    # Calls

    def call_started(self, call: Call) -> None:
        """A call is in progress."""
        self.calls[call.id] = call
        self._exchange.metrics.call_started(call.ledger.direction)
        self.call_changed(call)

    def call_changed(self, call: Talking) -> None:
        """It has come further: once the router has had its say, note how far, should the switch crash."""
        self._exchange.news.call_changed(call)
        if not self._changed:
            self._exchange.dispatch.when_settled(self._note_changed)
        self._changed[call.id] = call

    def call_over(self, call: Call) -> None:
        """It has ended: once the router has had its say, it is counted and booked."""
        self._exchange.dispatch.when_settled(lambda: self._count(call))

    def unbooked(self, call: str) -> Talking | None:
        """A call whose record is not written yet."""
        return self.calls.get(call) or self.closing.get(call)

    def record(self, call: str) -> CallRecord | None:
        """The record so far of a call that is not booked."""
        found = self.unbooked(call)
        return None if found is None else found.ledger.record(self._exchange.now_us())

    async def until_idle(self) -> None:
        """Wait until no call is in progress and every ended one is booked."""
        while self.calls or self.closing:
            self._idle.clear()
            await self._idle.wait()

    # Legs

    def leg_opened(self, leg: Leg) -> None:
        """A leg has a session and a port."""
        if leg.session is not None:
            self._by_session[leg.session] = leg
        self._by_port[leg.port] = leg
        match leg.owner:
            case Call(id=call) | Offering(call=call) | Summons(call=call) | Supervision(call=call):
                self._claim(leg, call)
            case _:
                pass
        match leg.peer:
            case TrunkPeer(name=name):
                self._exchange.metrics.trunk_call_started(name)
            case PhonePeer(name=name):
                self._of_phone.setdefault(name, {})[leg] = None
                self.leg_changed(leg)
                self._occupy(name, leg, +1)
                self._desk_changed(name)

    def leg_changed(self, leg: Leg) -> None:
        """It rings, is answered, or is held."""
        if isinstance(leg.owner, Call) and not leg.owner.over:
            self._exchange.news.call_changed(leg.owner)
        if isinstance(leg.peer, PhonePeer):
            self._exchange.lamps.changed(Subject(Kind.PHONE, leg.peer.name))

    def leg_closed(self, leg: Leg) -> None:
        """It has given both back."""
        if leg.session is None or self._by_session.pop(leg.session, None) is None:
            return
        self._by_port.pop(leg.port, None)
        self._exchange.logbook.dialog_closed(leg.id)
        self._exchange.metrics.leg_ended(leg.record())
        match leg.peer:
            case TrunkPeer(name=name):
                self._exchange.metrics.trunk_call_ended(name)
            case PhonePeer(name=name):
                self._left_phone(name, leg)
                self._occupy(name, leg, -1)

    def leg_rings(self, leg: Leg) -> None:
        """Its INVITE would outlive a crash of ours: note what must be stopped or refused then."""
        if leg.session is None:
            return
        endpoint, logbook = self._exchange.endpoint, self._exchange.logbook
        if isinstance(leg, IncomingLeg):
            logbook.unanswered_noted(leg.id, endpoint.unanswered(leg.session))
        else:
            logbook.ringing_noted(leg.id, endpoint.ringing(leg.session))

    def leg_lost(self, leg: Leg, *, is_there: bool = False) -> None:
        """Whoever sits at that phone cannot be called until it answers something; unless it has that it knows
        nothing of a dialog from before it was started anew (`is_there`).
        """
        if not isinstance(leg.peer, PhonePeer):
            return
        phone = leg.peer.name
        if is_there:
            self._exchange.dispatch.when_settled(lambda: self._exchange.staffing.phone_reachable(phone))
        else:
            self._exchange.registrations.lost(phone, leg.flow)

    def leg_confirmed(self, leg: Leg, call: Talking) -> None:
        """Its dialog would outlive a crash of ours: note what must be ended then. Not where a code was
        dialled: a PIN may stand in its URI.
        """
        self.call_changed(call)
        dialog = None if leg.at_code else self._dialog(leg)
        if dialog is not None:
            note = leg.note(call.identity if leg is call.caller else None)
            self._exchange.logbook.dialog_opened(leg.id, call.id, dialog, note)

    def leg_moved(self, leg: Leg, call: Call) -> None:
        """A leg by which a code was dialled is that call's, and like any other."""
        if leg.at_code:
            self._occupy(leg.peer.name, leg, -1)
            leg.at_code = False
            self._occupy(leg.peer.name, leg, +1)
        self._claim(leg, call.id)
        self.leg_confirmed(leg, call)

    def leg_refreshed(self, leg: Leg) -> None:
        """A re-INVITE was accepted: its remote target may be new."""
        dialog = None if leg.at_code else self._dialog(leg)
        if dialog is not None:
            self._exchange.logbook.dialog_changed(leg.id, dialog, leg.note())

    def recording_started(self, call: Talking) -> None:
        """The call's port is tapped."""
        self._recorded[call.caller.port] = call
        self._exchange.metrics.recording_started()

    def leg_of(self, session: sip.SessionId) -> Leg | None:
        """The leg of a session."""
        return self._by_session.get(session)

    def consults(self, leg: Leg) -> bool:
        """Whether its phone has called somebody since, and not only asked us for something."""
        legs = list(self._of_phone.get(leg.peer.name, ())) if isinstance(leg.peer, PhonePeer) else []
        later = legs[legs.index(leg) + 1 :] if leg in legs else []
        return any(isinstance(each, IncomingLeg) and not each.at_code for each in later)

    def phone_moved(self, phone: str, before: Flow, flow: Flow) -> None:
        """A device of the phone has registered from another address: its talks go on there."""
        for leg in list(self.legs_of(phone)):
            if (leg.flow.transport, leg.flow.remote) == (before.transport, before.remote):
                leg.move(flow)
                self.leg_refreshed(leg)
        self._exchange.dispatch.when_settled(lambda: self._exchange.staffing.phone_reachable(phone))

    def phone_changed(self, phone: str) -> None:
        """The phone has another contact, or one less."""
        for leg in list(self.legs_of(phone)):
            leg.registered()

    def is_busy(self, phone: str) -> bool:
        """Whether the phone rings, or is in a call."""
        return phone in self._of_phone

    def calls_of(self, phone: str) -> int:
        """In how many calls the phone is, or rings for: several of its devices may ring for the same."""
        legs = self.legs_of(phone)
        ringing = {id(leg.owner) for leg in legs if isinstance(leg, OutgoingLeg) and not leg.answered}
        return len(ringing) + sum(leg.answered or not isinstance(leg, OutgoingLeg) for leg in legs)

    def legs_of(self, phone: str) -> Collection[Leg]:
        """The legs of a phone, the oldest first."""
        return self._of_phone.get(phone, {}).keys()

    def talk_at(self, phone: str) -> Call | None:
        """The call in which the phone talks to somebody, or has him on hold."""
        for leg in self.legs_of(phone):
            if isinstance(leg.owner, Call) and leg.owner.bridge is not None:
                return leg.owner
        return None

    def held_at(self, phone: Peer) -> Leg | None:
        """The leg by which a phone holds somebody; of several the one that was made last."""
        legs = self.legs_of(phone.name) if isinstance(phone, PhonePeer) else ()
        talks = (leg for leg in legs if isinstance(leg.owner, Call) and leg.owner.bridge is not None)
        return next((leg for leg in reversed(list(talks)) if leg.held), None)

    def ledger_of(self, leg: Leg) -> Ledger | None:
        """The books of the call that the leg belongs to, or rings for."""
        match leg.owner:
            case Call(ledger=ledger) | Summons(ledger=ledger):
                return ledger
            case Offering(call=call) | Supervision(call=call):
                found = self.unbooked(call)
                return None if found is None else found.ledger
        return None

    # Booking

    def _count(self, call: Call) -> None:
        ledger = call.ledger
        if ledger.result is None or ledger.reason is None:
            raise RuntimeError(f"call {call.id} was booked before its end")
        del self.calls[call.id]
        self._exchange.metrics.call_ended(ledger.direction, ledger.result, ledger.reason)
        recording = call.taps.recording
        if recording is not None and recording.running:
            self.closing[call.id] = call
        else:
            self._book(call)

    def _recording_stopped(self, event: RecordingStopped) -> None:
        call = self._recorded.pop(event.port, None)
        if call is None:
            return
        self._exchange.metrics.recording_ended()
        if call.taps.recording is not None:
            call.taps.recording.stopped(event)
        if self.closing.pop(call.id, None) is not None:
            self._book(call)

    def _fell_behind(self, event: RecorderFellBehind) -> None:
        call = self._recorded.get(event.port)
        if call is not None and call.taps.recording is not None:
            call.taps.recording.fell_behind()

    def _book(self, call: Talking) -> None:
        if call.ledger.recorded_before and call.ledger.recording is not None:
            self.closing[call.id] = call
            joining = self._exchange.loop.create_task(self._book_joined(call, call.ledger.recording))
            self._joining.add(joining)
            joining.add_done_callback(self._joining.discard)
        else:
            self._book_now(call)

    async def _book_joined(self, call: Talking, recording: RecordingRecord) -> None:
        """Put together what a crash has cut."""
        data_dir = self._exchange.config.server.data_dir
        try:
            call.ledger.recording = await asyncio.to_thread(mended, data_dir, recording)
        except Exception:  # noqa: BLE001 - a task's edge: whatever becomes of the file, the call is booked
            structlog.get_logger("recording").exception("cannot mend a recording", call=call.id)
        del self.closing[call.id]
        self._book_now(call)

    def _book_now(self, call: Talking) -> None:
        ledger = call.ledger
        record = ledger.record(self._exchange.now_us())
        self._exchange.booking.book(record, tuple(ledger.offers), tuple(ledger.transfers))
        self._idle.set()

    def _note_changed(self) -> None:
        """Each once, however often it changed in this turn: a record costs as much as parsing a message."""
        changed, self._changed = self._changed, {}
        now_us = self._exchange.now_us()
        for call in changed.values():
            if not call.over:
                paused = call.taps.recording is not None and call.taps.recording.paused
                self._exchange.logbook.call_noted(call.ledger.record(now_us, counted=False), paused=paused)

    def _claim(self, leg: Leg, call: str) -> None:
        party = f"{leg.role.value} {leg.peer.name}"
        self._exchange.tracing.claim(call, leg.sip_call_id, party)

    def _dialog(self, leg: Leg) -> Dialog | None:
        return (
            self._exchange.endpoint.dialog(leg.session) if leg.session is not None and not leg.over else None
        )

    def _left_phone(self, phone: str, leg: Leg) -> None:
        legs = self._of_phone[phone]
        del legs[leg]
        if not legs:
            del self._of_phone[phone]
        self.leg_changed(leg)
        self._desk_changed(phone)

    def _desk_changed(self, phone: str) -> None:
        """The phone has one call more or less: who is held by it may be so for that call."""
        for leg in self._of_phone.get(phone, {}):
            if leg.held and isinstance(leg.owner, Call):
                leg.owner.desk_changed()

    def _occupy(self, phone: str, leg: Leg, by: int) -> None:
        """The phone has one leg more or less that no offer made."""
        if leg.at_code:
            others = any(other.at_code for other in self.legs_of(phone) if other is not leg)
            if not others:
                self._exchange.staffing.phone_at_code(phone, at_code=by > 0)
        elif not leg.routed:
            self._change_busy(phone, by)

    def _change_busy(self, phone: str, by: int) -> None:
        legs = self._busy.get(phone, 0) + by
        if legs:
            self._busy[phone] = legs
        else:
            self._busy.pop(phone, None)
        self._phone_busy(phone, legs)
