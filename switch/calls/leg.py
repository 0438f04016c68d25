"""A leg: one dialog and one media port, with one owner at a time. A fact, never a task.

Whoever owns a leg is told what happens to it; moving it to another call is one assignment to `owner`. Only
this module knows both sip and media.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from media.events import Digit, PlaybackFinished, PortEvent, Silent
from media.port import DIGIT_MS, Play, Port, Silence, Source
from sip import events as sip
from sip.dialogs.offer_answer import Agreed, NotAcceptable
from sip.flow import Flow
from sip.syntax import dtmf_info
from sip.syntax.message import Request
from sip.syntax.sdp import SdpError
from switch.calls.causes import NORMAL_CLEARING, Farewell, completed_elsewhere, q850_of
from switch.calls.digits import DigitsIn, DigitsOut, Means, Pressed
from switch.calls.leg_events import (
    RINGS,
    Answered,
    Cut,
    Ended,
    Held,
    LegEvent,
    Lost,
    Played,
    Refused,
    Ringing,
    Trying,
)
from switch.calls.leg_history import LegHistory
from switch.calls.leg_media import LegMedia
from switch.calls.watch import Verdict, Watch
from switch.config.trunk import Dtmf, Prack
from switch.exchange import Exchange
from switch.peers import Peer, TrunkPeer
from switch.records import LegRecord, LegRole


class LegOwner(Protocol):
    """Who directs a leg: a call, or an offer that rings an agent."""

    def leg_event(self, leg: "Leg", event: LegEvent) -> None:
        """Something happened on a leg of yours."""
        ...


class _Nobody:
    """Owns a leg before its call exists and after the call is over."""

    def leg_event(self, leg: "Leg", event: LegEvent) -> None:
        """Nobody is to be told."""


NOBODY: Final[LegOwner] = _Nobody()


class LegBook(Protocol):
    """Who must know which legs there are: the registry."""

    def leg_opened(self, leg: "Leg") -> None: ...

    def leg_refreshed(self, leg: "Leg") -> None: ...

    def leg_closed(self, leg: "Leg") -> None: ...

    def leg_lost(self, leg: "Leg") -> None:
        """Its peer sends nothing and answers nothing."""
        ...


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
        codecs: Sequence[str],
        owner: LegOwner,
        routed: bool = False,
    ) -> None:
        """`routed`: the router made this leg by an offer, so it does not make its agent's phone busy."""
        self.id = id
        self.role = role
        self.peer = peer
        self.flow = flow
        self.port = port
        self.owner = owner
        self.routed = routed
        self.session: sip.SessionId | None = None
        self.rang = False
        """Of a caller: he was told that it rings."""
        self.early = False
        """Media flows before the answer."""
        self.answered = False
        self.over = False
        self._exchange = exchange
        self._book = book
        settings = exchange.config.trunks.get(peer.name) if isinstance(peer, TrunkPeer) else None
        self.prack = settings.prack if settings is not None else Prack.SUPPORTED
        """Whether provisional responses go reliably, theirs and ours."""
        self._digits_in = DigitsIn()
        self._digits_out = DigitsOut(port, settings.dtmf if settings is not None else Dtmf.AUTO)
        self._media = LegMedia(exchange, peer, flow, port, codecs, self._digits_in, self._digits_out)
        self._held_before = False
        self._late = False
        """An offer of ours waits for its answer in a PRACK or an ACK."""
        self._offered_early = False
        """It went out before the answer; the 200 has nothing to add."""
        self._takes_reliable = False
        self._watching = Watch(exchange, port)
        self._history = LegHistory(id, role, peer.name, exchange.now_us())
        self._record: LegRecord | None = None

    # Setting up

    def take(self, invite: sip.IncomingInvite) -> None:
        """Be the leg of this INVITE. Raises NotAcceptable or SdpError for an offer that we cannot answer."""
        if invite.sdp is not None:
            self._media.answer(invite.sdp)
            self._held_before = self.held
        self._takes_reliable = self.prack is not Prack.OFF and _takes_reliable(invite.request)
        self.session = invite.session
        self._history.sip_call_id = invite.request.call_id
        self._book.leg_opened(self)

    def call(self, outgoing: sip.Outgoing) -> None:
        """Send the INVITE, with our offer."""
        self._history.sip_call_id = outgoing.call_id
        self.session = self._exchange.sip().invite(outgoing, self._exchange.now())
        self._book.leg_opened(self)

    def offer(self) -> bytes:
        """The SDP of our own INVITE."""
        return self._media.offer()

    # Facts of its media

    @property
    def agreed(self) -> Agreed | None:
        """What the last complete exchange of descriptions agreed on."""
        return self._media.agreed

    @property
    def held(self) -> bool:
        """Whether the peer has put us on hold."""
        return self._media.held

    @property
    def takes_events(self) -> bool:
        """Whether digits reach the party as RFC 4733 events, so that relayed ones do by themselves."""
        return self._digits_out.kind is None

    @property
    def may_hear_early(self) -> bool:
        """Whether a caller can be sent a description before the answer: one who made no offer answers ours in
        his PRACK, or not at all (RFC 3262 section 5).
        """
        return self._media.local is not None or self._takes_reliable

    # Verbs

    def ring(self, status: int = 180) -> None:
        """Say that it rings, and the party's own side plays a tone; not over early media, which goes on."""
        if self._unanswered:
            self.rang = self.rang or status in RINGS
            self._say_progress(status)

    def open_early(self, status: int = 183) -> None:
        """Send our SDP in a provisional response: what the port sends is heard before the answer (RFC 3960).

        A late offer is ours, in a reliable response; without those nothing is sent.
        """
        if not self._unanswered or self.early or not self.may_hear_early:
            return
        if self._media.local is None:
            self.offer()
            self._late = self._offered_early = True
        self.early = True
        self._say_progress(status)

    def answer(self) -> None:
        """Send 200: the leg is up. A second time changes nothing."""
        if not self._unanswered:
            return
        self.answered = True
        self._history.answered(self._exchange.now_us(), 200)
        self._exchange.sip().accept(self._session, self._final_description(), self._exchange.now())
        self._final_response()
        self._watch()

    def cancel(self, farewell: Farewell) -> None:
        """Stop the ringing of a leg that we called. It goes on until its final response."""
        if not self.over:
            self._exchange.sip().cancel(self._session, self._exchange.now(), headers=farewell.headers)

    def send_digit(self, digit: str, duration_ms: int = DIGIT_MS) -> None:
        """Let the party have a digit, as it wants them: an RFC 4733 event, or an INFO."""
        if not self.over:
            info = self._digits_out.send(digit, duration_ms)
            if info is not None:
                now, tag = self._exchange.now(), self._media.early_dialog
                self._exchange.sip().info(self._session, *info, now, dialog_tag=tag)

    def send(self, source: Source) -> None:
        """What the party hears from now on."""
        if not self.over:
            self.port.send(source)

    def play(self, sound: Play) -> None:
        """Play a sound; `Played` follows unless it loops or something else is sent first."""
        self.send(sound)

    def give_up(self, status: int) -> None:
        """End a leg where nobody is there: its record says `status`, as if that had been the answer."""
        if not self.over and not self.answered:
            self._history.sip_status = status
        self.end(Farewell(status=status, q850=q850_of(status)))

    def end(self, farewell: Farewell) -> None:
        """Give the leg up, whatever its state. Idempotent: the endpoint owns the BYE, the engine the port."""
        if self.over:
            return
        if not self.answered and self._history.sip_status is None:
            self._history.sip_status = farewell.status if self.role is LegRole.CALLER else 487
        if self._history.q850 is None:
            self._history.q850 = farewell.q850 or NORMAL_CLEARING
        if self.session is not None:
            endpoint, now = self._exchange.sip(), self._exchange.now()
            if self.role is LegRole.CALLER and not self.answered:
                endpoint.reject(
                    self.session, farewell.status, now, reason=farewell.phrase, headers=farewell.headers
                )
                self._final_response()
            else:
                endpoint.hangup(self.session, now, headers=farewell.headers, status=farewell.status)
        self._close()

    # What happened

    def sip_event(self, event: sip.Event) -> None:
        """An event of this leg's session."""
        match event:
            case sip.Acked(sdp=sdp):
                self._acked(sdp)
            case sip.Pracked(sdp=sdp):
                self._pracked(sdp)
            case sip.Trying():
                self.owner.leg_event(self, Trying())
            case sip.Progress():
                self._progress(event)
            case sip.Answered():
                self._answered(event)
            case sip.Refused():
                self._refused(event)
            case sip.Reinvited() | sip.Updated() | sip.PrackOffered():
                self._offered(event.session, event.sdp)
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
            case sip.SessionEnded(cause=cause, q850=q850, reason=reason):
                self._history.q850 = q850 or NORMAL_CLEARING
                if not self.answered:
                    self._history.sip_status = 504 if cause is sip.EndCause.PRACK_TIMEOUT else 487
                    self._final_response()
                self._close()
                self.owner.leg_event(self, Ended(cause, q850, completed_elsewhere(reason)))
            case _:
                self._log.error("unexpected event", sip_event=type(event).__name__)

    def port_event(self, event: PortEvent) -> None:
        """An event of this leg's port."""
        match event:
            case Digit(digit=digit, duration_ms=duration_ms):
                self._pressed(Pressed(digit, duration_ms, Means.EVENT))
            case PlaybackFinished(token=token):
                self.owner.leg_event(self, Played(token))
            case Silent():
                self._ask()
            case _:
                pass

    def record(self) -> LegRecord:
        """The leg as the call's record has it."""
        if self._record is not None:
            return self._record
        codec = self.agreed.codec if self.agreed is not None else None
        return self._history.record(codec, self.port.stats())

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

    @property
    def _unanswered(self) -> bool:
        return not self.over and not self.answered

    def _final_response(self) -> None:
        self._exchange.metrics.call_setup((self._exchange.now_us() - self._history.invited_us) / 1e6)

    def _say_progress(self, status: int) -> None:
        """Reliably where the trunk wants it so, or where a description would be lost with the response."""
        self._history.rings(self._exchange.now_us())
        sdp = self._media.local if self.early else None
        reliable = self.prack is Prack.REQUIRED or (sdp is not None and self._takes_reliable)
        now = self._exchange.now()
        self._exchange.sip().progress(self._session, status, now, sdp=sdp, reliable=reliable)

    def _final_description(self) -> bytes | None:
        """Of our 200: the answer to his offer, or our offer; None where a PRACK has answered, or will."""
        if self._media.local is None:
            self._late = True
            return self.offer()
        return None if self._offered_early else self._media.local

    def _progress(self, event: sip.Progress) -> None:
        if event.status == 199:  # one of several early dialogs is over; the others ring on (RFC 6228)
            self._media.early_over(event.dialog_tag)
            return
        self._history.rings(self._exchange.now_us())
        heard = event.sdp is not None and self._media.accept_early(event.dialog_tag, event.sdp)
        self._note_hold()
        self.early = self.early or heard
        self.owner.leg_event(self, Ringing(event.status, heard))

    def _answered(self, event: sip.Answered) -> None:
        self.answered = True
        self._history.answered(self._exchange.now_us(), event.response.status)
        if not self._media.accept_final(event.dialog_tag, event.sdp):
            self._log.warning("answered without usable SDP")
            self.end(Farewell(q850=88))
            self.owner.leg_event(self, Refused(488, "Not Acceptable Here", 88, timed_out=False))
            return
        self._watch()
        self._note_hold()
        self.owner.leg_event(self, Answered(event.crossed_cancel))

    def _refused(self, event: sip.Refused) -> None:
        self._history.sip_status = event.status
        self._history.q850 = event.q850 or q850_of(event.status)
        self._close()
        timed_out = event.response is None
        self.owner.leg_event(
            self,
            Refused(
                event.status, event.reason, self._history.q850, timed_out, event.contacts, event.retry_after_s
            ),
        )

    def _acked(self, sdp: bytes | None) -> None:
        """Only the ACK for a late offer of ours brings an answer; without one there can be no media."""
        if not self._late:
            return
        self._late = False
        if not self._media.accept(sdp) and self.agreed is None:
            self.owner.leg_event(self, Lost())
        self._note_hold()

    def _pracked(self, sdp: bytes | None) -> None:
        """So does the PRACK for a late offer; should it bring none, the ACK is waited for."""
        if self._late and self._media.accept(sdp):
            self._late = False
            self._note_hold()

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
        self._note_hold()
        self._book.leg_refreshed(self)

    def _refreshed(self, sdp: bytes | None) -> None:
        """The session goes on as it was, though its dialog may be another."""
        self._media.refresh(sdp)
        self._note_hold()
        self._book.leg_refreshed(self)

    # Digits

    def _informed(self, event: sip.InfoReceived) -> None:
        pressed = dtmf_info.read(event.content_type, event.body)
        if pressed is None:
            self._log.info("INFO without a digit", content_type=event.content_type)
            return
        if self._digits_in.means is None:
            self._digits_in.hears(Means.INFO)
            self._media.expects_no_events()
        self._pressed(Pressed(pressed.digit, pressed.duration_ms, Means.INFO))

    def _pressed(self, pressed: Pressed) -> None:
        if self._digits_in.hears(pressed.means):
            self.owner.leg_event(self, pressed)

    # Silence and the end

    def _note_hold(self) -> None:
        """Tell of it where the last description changed it."""
        if self._held_before is not self.held and not self.over:
            self._held_before = self.held
            self._watch()
            self.owner.leg_event(self, Held(self.held))

    def _watch(self) -> None:
        if self.answered and not self.over:
            self._watching.go_on(self.held)

    def _disconnected(self) -> None:
        if not self.answered and self.role is not LegRole.CALLER:
            self.owner.leg_event(self, Cut())
        else:
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
                self._book.leg_lost(self)
                self.owner.leg_event(self, Lost())
            case Verdict.LATE:
                pass

    def _close(self) -> None:
        self.over = True
        self._history.ended(self._exchange.now_us())
        self._watching.stop()
        self._record = self.record()
        self.port.send(Silence())
        self.port.close()
        self._book.leg_closed(self)


def _takes_reliable(invite: Request) -> bool:
    """Whether its sender acknowledges provisional responses (RFC 3262 section 3)."""
    tags = [*invite.headers.all("Supported"), *invite.headers.all("Require")]
    return any(tag.strip().lower() == "100rel" for tag in tags)
