"""A leg that a crash of ours has cut: its dialog and its port are taken up where they were."""

from msgspec.structs import replace

from media.codecs import partners
from media.port import Port
from sip import events as sip
from sip.dialogs.dialog import Dialog
from sip.dialogs.secrecy import Secrecy
from sip.flow import Flow
from switch.calls.books import LegBook
from switch.calls.causes import Farewell
from switch.calls.ending import Reason
from switch.calls.legs.events import Lost, Returned
from switch.calls.legs.leg import Leg
from switch.calls.legs.media import Terms
from switch.calls.legs.note import LegNote
from switch.calls.legs.owner import NOBODY
from switch.exchange import Exchange
from switch.identities.caller import Caller
from switch.peers import PhonePeer, TrunkPeer
from switch.persistence.survivors import hang_up, tell_later
from switch.records import LegRecord, to_us


class ReturningLeg(Leg):
    """Of either side. Its owner is told once whether it has `Returned`, or why it will not."""

    def __init__(
        self,
        exchange: Exchange,
        book: LegBook,
        record: LegRecord,
        dialog: Dialog,
        note: LegNote,
        port: Port,
    ) -> None:
        """`port` has the number that the leg had. Raises SdpError for a note that describes nothing, OSError
        where the kernel knows no way to the peer.
        """
        super().__init__(
            exchange,
            book,
            id=record.id,
            role=record.role,
            peer=PhonePeer(record.peer) if note.of_phone else TrunkPeer(record.peer),
            flow=dialog.flow,
            port=port,
            terms=Terms(partners(record.codec, exchange.config.media.codecs), Secrecy()),
            owner=NOBODY,
            routed=note.routed,
        )
        self.answered = True
        self._settled = False
        self._unreached = False
        """Its connection died with the former run; its phone has to make another."""
        self._dialog = dialog
        self._note = note
        self._former = record
        self._media.resume(note.description.encode())
        self._history.invited_us = to_us(record.invited_at)
        self._history.resume(record)

    def resume(self) -> None:
        """Offer the peer our description again, in its dialog."""
        session = self._exchange.sip().restore(self._dialog, self._exchange.now(), self.peer)
        self._open(session, self._dialog.call_id)
        self._reinvite(session)

    def move(self, flow: Flow) -> None:
        """The peer has connected again, and can be asked now."""
        super().move(flow)
        if self.session is not None and not self._settled:
            self._reinvite(self.session)

    def registered(self) -> None:
        """Its phone has a contact more, or another: where only one is connected, it is there by that."""
        if not self._unreached:
            return
        contacts = self._exchange.registrations.bindings(self.peer.name)
        flows = [contact.flow for contact in contacts if contact.flow.connection]
        if len(flows) == 1:
            self._unreached = False
            self.move(flows[0])

    def sip_event(self, event: sip.Event) -> None:
        """An event of its session."""
        match event:
            case sip.OfferAnswered(sdp=sdp):
                self._settle(self._media.accept(sdp))
            case sip.OfferRefused(status=491) if self.agreed is not None:
                self._settle(True)  # an offer of theirs came in between, and is answered
            case sip.OfferRefused(session=session, status=491) if not self._settled:
                self._reinvite(session)  # they have one under way: until it is too late
            case sip.OfferRefused(status=487):
                pass  # their BYE is on its way
            case sip.OfferRefused(status=503) if self.flow.reliable:
                self._unreached = True
                self._log.info("waits for its phone to connect again")
            case sip.OfferRefused(status=status):
                self._log.info("does not return", sip_status=status)
                self._settle(False)
            case sip.SessionEnded(cause=sip.EndCause.DIALOG_LOST) if not self._settled:
                self._log.info("does not return", sip_status=481)
                self._close()
                self._settle(False)
            case _:
                super().sip_event(event)

    def give_up(self) -> None:
        """It has not answered, and it is too late now."""
        self._log.info("does not return in time")
        self._settle(False)

    def record(self, *, counted: bool = True) -> LegRecord:
        """What it agreed on before, until it agrees on something again."""
        record = super().record(counted=counted)
        if self.agreed is not None:
            return record
        return replace(record, codec=self._former.codec, encryption=self._former.encryption)

    def note(self, caller: Caller | None = None) -> LegNote:
        """As the former run had it, until it agrees on something again; its stream goes on from there."""
        if self.agreed is None:
            return self._note
        return replace(super().note(caller), stream=self._note.stream)

    def _say_farewell(self, farewell: Farewell) -> None:
        """Also where a fault of ours came before it could be asked, or nothing finds its phone yet."""
        if self.session is not None:
            super()._say_farewell(farewell)
        else:
            hang_up(self._exchange, self._dialog)
            self._exchange.logbook.dialog_closed(self.id)
        if self.agreed is None and isinstance(self.peer, PhonePeer):
            tell_later(self._exchange, self.peer.name, self._dialog)

    def _reinvite(self, session: sip.SessionId) -> None:
        self._exchange.sip().reinvite(session, self.offer(), self._exchange.now())

    def _settle(self, returned: bool) -> None:
        if self._settled:
            return
        self._settled = True
        if not returned:
            self.owner.leg_event(self, Lost(Reason.SWITCH_RESTARTED))
            return
        self._watch()
        self._described()
        self._book.leg_refreshed(self)
        self.owner.leg_event(self, Returned())
