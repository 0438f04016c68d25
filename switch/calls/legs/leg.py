"""A leg: one dialog and one media port, with one owner at a time. A fact, never a task.

Whoever owns a leg is told what happens to it; moving it to another call is one assignment to `owner`. What
every leg has is here; what comes before the answer is in `incoming` and `outgoing`.
"""

from datetime import datetime

import structlog

from media.events import Digit, Keyless, PlaybackFinished, PortEvent, Silent
from media.port import DIGIT_MS, Port, Source
from sip import events as sip
from sip.dialogs.offer_answer import Agreed, NotAcceptable
from sip.flow import Flow
from sip.syntax import dtmf_info
from sip.syntax.sdp import SdpError
from switch.calls.books import LegBook
from switch.calls.causes import NORMAL_CLEARING, Farewell, completed_elsewhere
from switch.calls.digits import DigitsIn, DigitsOut, Means, Pressed
from switch.calls.ending import Reason
from switch.calls.legs.events import Ended, Held, Lost, Played
from switch.calls.legs.history import LegHistory
from switch.calls.legs.media import LegMedia, Terms
from switch.calls.legs.note import LegNote
from switch.calls.legs.owner import LegOwner
from switch.calls.legs.secrecy import encryption_by
from switch.calls.legs.watch import KeyWatch, Verdict, Watch
from switch.config.trunk import Dtmf, Prack
from switch.exchange import Exchange
from switch.identities.caller import Caller
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.records import LegRecord, LegRole


class Leg:
    """One party's dialog and port. Its facts are attributes; its verbs are plain functions."""

    def __init__(
        self,
        exchange: Exchange,
        book: LegBook,
        *,
        id: str,
        role: LegRole,
        peer: Peer,
        flow: Flow,
        port: Port,
        terms: Terms,
        owner: LegOwner,
        routed: bool = False,
        at_code: bool = False,
    ) -> None:
        """`routed`: the router made this leg by an offer, so it does not make its agent's phone busy.
        `at_code`: a phone asks for something by it, which is no call of its agent either.
        """
        self.id = id
        self.role = role
        self.peer = peer
        self.flow = flow
        """By which its peer is reached."""
        self.port = port
        self.owner = owner
        self.routed = routed
        self.at_code = at_code
        self.session: sip.SessionId | None = None
        self.early = False
        """Media flows before the answer."""
        self.parted = False
        """Somebody has put the others on hold for the peer, who knows nothing of it."""
        self.answered = False
        self.over = False
        self._exchange = exchange
        self._book = book
        settings = exchange.config.trunks.get(peer.name) if isinstance(peer, TrunkPeer) else None
        self.prack = settings.prack if settings is not None else Prack.SUPPORTED
        """Whether provisional responses go reliably, theirs and ours."""
        dtmf = settings.dtmf if settings is not None else Dtmf.AUTO
        self._digits_in, self._digits_out = DigitsIn(dtmf), DigitsOut(port, dtmf)
        self._media = LegMedia(exchange, peer, flow, port, terms, self._digits_in, self._digits_out)
        self._held_before = False
        self._late = False
        """An offer of ours waits for its answer in a PRACK or an ACK."""
        self._watching = Watch(exchange, port)
        self._awaiting_keys = KeyWatch(exchange, port)
        self._history = LegHistory(id, role, peer.name, exchange.now_us(), isinstance(peer, TrunkPeer))
        self._record: LegRecord | None = None

    # Facts of its media

    @property
    def agreed(self) -> Agreed | None:
        """What the last complete exchange of descriptions agreed on."""
        return self._media.agreed

    @property
    def held(self) -> bool:
        """Whether the peer has put us on hold, or somebody has for him."""
        return self._media.held or self.parted

    def wants(self, means: Means) -> bool:
        """Whether a digit that came by these means is to be sent to the party, who hears what is relayed."""
        return self._digits_out.wants(means)

    # What only a caller's leg does before its answer; one that we called is up, or has nobody to tell

    rang = False

    @property
    def may_hear_early(self) -> bool:
        """Whether it can be sent a description before the answer."""
        return True

    def ring(self, status: int = 180) -> None:
        """Say that it rings."""

    def open_early(self, status: int = 183) -> None:
        """Send our SDP in a provisional response."""

    def answer(self) -> None:
        """Send 200."""

    # Verbs

    def take_role(self, role: LegRole) -> None:
        """It has another place in a call than before."""
        self.role = self._history.role = role

    def offer(self) -> bytes:
        """Our offer: the first, or what the session is, once more."""
        return self._media.offer()

    def part(self, parted: bool) -> None:
        """Put the others on hold for the peer, or take that back; what he does himself stays as it is."""
        self.parted = parted
        self._note_held()

    def send_digit(self, digit: str, duration_ms: int = DIGIT_MS) -> None:
        """Let the party have a digit, as it wants them: an RFC 4733 event, an INFO or tones."""
        if not self.over:
            info = self._digits_out.send(digit, duration_ms)
            if info is not None:
                now, tag = self._exchange.now(), self._media.early_dialog
                self._exchange.sip().info(self._session, *info, now, dialog_tag=tag)

    def move(self, flow: Flow) -> None:
        """The peer has got another address."""
        if self.over or self.session is None or not self.answered:
            return
        self._log.info("peer moved", before=self.flow.remote, now=flow.remote)
        self.flow = flow
        self._exchange.sip().move(self.session, flow)
        self._follow(flow)

    def registered(self) -> None:
        """Its phone has another contact."""

    def send(self, source: Source) -> None:
        """What the party hears from now on."""
        if not self.over:
            self.port.send(source)

    def end(self, farewell: Farewell) -> None:
        """Give the leg up, whatever its state. Idempotent: the endpoint owns the BYE, the engine the port."""
        if self.over:
            return
        if self._history.q850 is None:
            self._history.q850 = farewell.q850 or NORMAL_CLEARING
        self._say_farewell(farewell)
        self._close()

    # What happened

    def sip_event(self, event: sip.Event) -> None:
        """An event of this leg's session."""
        match event:
            case sip.Acked(sdp=sdp):
                self._acked(sdp)
            case sip.Reinvited() | sip.Updated() | sip.PrackOffered():
                self._offered(event.session, event.sdp)
            case sip.OfferWithdrawn():
                pass  # it came too late: offers are answered at once
            case sip.Refreshed(sdp=sdp):
                self._refreshed(sdp)
            case sip.InfoReceived():
                self._informed(event)
            case sip.InfoAnswered():
                self._digits_out.answered()
            case sip.ProbeAnswered(status=status):
                self._probed(status)
            case sip.SessionFlowClosed():
                self._disconnected()
            case sip.SessionEnded():
                self._ended(event)
            case _:
                self._log.error("unexpected event", sip_event=type(event).__name__)

    def port_event(self, event: PortEvent) -> None:
        """An event of this leg's port."""
        match event:
            case Digit(digit=digit, duration_ms=duration_ms, in_band=in_band):
                self._pressed(Pressed(digit, duration_ms, Means.TONES if in_band else Means.EVENT))
            case PlaybackFinished(token=token):
                self.owner.leg_event(self, Played(token))
            case Silent():
                self._ask()
            case Keyless():
                self._keyless()
            case _:
                pass

    def record(self, *, counted: bool = True) -> LegRecord:
        """The leg as the call's record has it; until its end only if `counted` with what its port counts."""
        if self._record is not None:
            return self._record
        codec, encryption = None, None
        if self.agreed is not None:
            codec, encryption = self.agreed.codec, encryption_by(self.agreed.keys)
        return self._history.record(codec, encryption, self.port.stats() if counted else None)

    def note(self, caller: Caller | None = None) -> LegNote:
        """What another process needs of it, who may `caller` be where it is its call's first."""
        secret = self.agreed is None or self.agreed.keys is not None
        return LegNote(
            of_phone=isinstance(self.peer, PhonePeer),
            routed=self.routed,
            port=self.port.number,
            stream=self.port.stream,
            description="" if secret else (self._media.local or b"").decode(errors="replace"),
            secret=secret,
            caller=None if caller is None else (caller.number, caller.display, caller.withheld),
        )

    @property
    def ringing_at(self) -> datetime | None:
        """When it began to ring."""
        return self._history.ringing_at

    @property
    def sip_call_id(self) -> str:
        """The Call-ID of its dialog."""
        return self._history.sip_call_id

    # Inside

    @property
    def _log(self) -> structlog.stdlib.BoundLogger:
        """Made when there is something to say: few legs have, and it costs as much as parsing a message."""
        log: structlog.stdlib.BoundLogger = structlog.get_logger("leg")
        return log.bind(leg=self.id, role=self.role.value)

    @property
    def _session(self) -> sip.SessionId:
        if self.session is None:
            raise RuntimeError(f"leg {self.id} has no session yet")
        return self.session

    def _open(self, session: sip.SessionId, call_id: str) -> None:
        self.session = session
        self._history.sip_call_id = call_id
        self._book.leg_opened(self)

    def _acked(self, sdp: bytes | None) -> None:
        """Only the ACK for a late offer of ours brings an answer; without one there can be no media."""
        if not self._late:
            return
        self._late = False
        if not self._media.accept(sdp) and self.agreed is None:
            self.owner.leg_event(self, Lost())
        self._described()

    def _offered(self, session: sip.SessionId, sdp: bytes | None) -> None:
        """A re-INVITE, UPDATE or PRACK with an offer; a re-INVITE without asks for ours."""
        endpoint, now = self._exchange.sip(), self._exchange.now()
        try:
            self._late = sdp is None
            answer = self.offer() if sdp is None else self._media.answer(sdp)
        except (SdpError, NotAcceptable) as error:
            self._log.info("offer refused", error=str(error))
            endpoint.answer_offer(session, 488, now)
            return
        endpoint.answer_offer(session, 200, now, sdp=answer)
        dialog = endpoint.dialog(session)
        if dialog is not None and dialog.flow.remote != self.flow.remote and isinstance(self.peer, PhonePeer):
            self.flow = dialog.flow
            self._follow(dialog.flow)
        self._described()
        self._book.leg_refreshed(self)

    def _refreshed(self, sdp: bytes | None) -> None:
        """The session goes on as it was, though its dialog may be another."""
        self._media.refresh(sdp)
        self._described()
        self._book.leg_refreshed(self)

    def _follow(self, flow: Flow) -> None:
        try:
            self._media.move(flow)
        except OSError as error:
            self._log.warning("no way for media", remote=flow.remote, error=str(error))

    # Digits

    def _informed(self, event: sip.InfoReceived) -> None:
        pressed = dtmf_info.read(event.content_type, event.body)
        if pressed is None:
            self._log.info("INFO without a digit", content_type=event.content_type)
            return
        self.port.mask_digit(pressed.duration_ms)
        self._pressed(Pressed(pressed.digit, pressed.duration_ms, Means.INFO))

    def _pressed(self, pressed: Pressed) -> None:
        is_first = self._digits_in.means is None
        if not self._digits_in.hears(pressed.means):
            return
        if is_first:
            self._media.note_means()
        self.owner.leg_event(self, pressed)

    # Silence and the end

    def _described(self) -> None:
        """A description was taken: its keys have to come, and where it changed hold, that is told."""
        self._await_keys()
        self._note_held()

    def _note_held(self) -> None:
        if self._held_before is not self.held and not self.over:
            self._held_before = self.held
            self._watch()
            self._book.leg_changed(self)
            self.owner.leg_event(self, Held(self.held))

    def _watch(self) -> None:
        if self.answered and not self.over:
            self._watching.go_on(self.held)

    def _await_keys(self) -> None:
        if self.answered and not self.over:
            self._awaiting_keys.go_on(self._keyless)

    def _keyless(self) -> None:
        """No keys, no call: what was agreed to be secret never goes in the clear. Before the answer there may
        be another description.
        """
        why = self.port.keyless
        if self.over or why is None:
            return
        self._log.warning("no keys", reason=why, answered=self.answered)
        if self.answered:
            self.owner.leg_event(self, Lost(Reason.ENCRYPTION_FAILED))

    def _disconnected(self) -> None:
        self._ask()

    def _ask(self) -> None:
        """Ask by OPTIONS whether the peer is still there."""
        if self.answered and not self.over and self._watching.asks(self._probed):
            self._log.info("silent, asking the peer")
            self._exchange.sip().probe(self._session, self._exchange.now())

    def _probed(self, status: int | None) -> None:
        match self._watching.verdict(status):
            case Verdict.ALIVE:
                self._watch()
            case Verdict.LOST:
                self._log.warning("lost", sip_status=status)
                self._book.leg_lost(self, is_there=status == 481)
                self.owner.leg_event(self, Lost())
            case Verdict.LATE:
                pass

    def _ended(self, event: sip.SessionEnded) -> None:
        self._history.q850 = event.q850 or NORMAL_CLEARING
        self._close()
        self.owner.leg_event(self, Ended(event.cause, event.q850, completed_elsewhere(event.reason)))

    def _say_farewell(self, farewell: Farewell) -> None:
        """Tell the party that the leg is over."""
        if self.session is not None:
            endpoint, now = self._exchange.sip(), self._exchange.now()
            endpoint.hangup(self.session, now, headers=farewell.headers, status=farewell.status)

    def _close(self) -> None:
        self.over = True
        self._history.ended(self._exchange.now_us())
        self._watching.stop()
        self._awaiting_keys.stop()
        self.port.close()
        self._record = self.record()
        self._book.leg_closed(self)
