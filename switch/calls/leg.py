"""A leg: one dialog and one media port, with one owner at a time. A fact, never a task.

Whoever owns a leg is told what happens to it; moving it to another call is one assignment to `owner`. Only
this module knows both sip and media.
"""

import secrets
from asyncio import TimerHandle
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, ip_network
from typing import Final, Protocol

import structlog

from media.events import Digit, PlaybackFinished, PortEvent, Silent
from media.port import PeerMedia, Play, Port, Silence, Source
from sip import events as sip
from sip.flow import Flow
from sip.offer_answer import Agreed, Direction, MediaSession, NotAcceptable
from sip.sdp import SdpError
from switch.calls.causes import NORMAL_CLEARING, Farewell, q850_of
from switch.exchange import Exchange
from switch.mos import mos
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.records import LegRecord, LegRole, utc

PROBE_TIMEOUT_S: Final = 4.0
"""A silent leg whose peer has not answered our OPTIONS by then is lost."""
HELD_SILENCE_S: Final = 600.0
"""The silence that is allowed while a peer holds us."""


@dataclass(frozen=True, slots=True)
class Trying:
    """Somebody is there: 100."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """A provisional response from 101 to 199; `early` says that its media has begun to flow."""

    status: int
    early: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The leg is up. `crossed`: its 200 crossed our CANCEL."""

    crossed: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Our INVITE failed. `timed_out`: no final response came, or nothing could be sent."""

    status: int
    phrase: str
    q850: int | None
    timed_out: bool


@dataclass(frozen=True, slots=True)
class Held:
    """The peer put us on hold, or took us back."""

    held: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The peer ended the leg, or the endpoint did (no ACK, no refresh). The port is closed."""

    cause: sip.EndCause
    q850: int | None


@dataclass(frozen=True, slots=True)
class Lost:
    """No media, and no answer to the question whether the peer is still there. The owner ends the leg."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A digit, told once, at its end."""

    digit: str


@dataclass(frozen=True, slots=True)
class Played:
    """A prompt came to its end."""

    token: int


LegEvent = Trying | Ringing | Answered | Refused | Held | Ended | Lost | Pressed | Played


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
        self.sip_call_id = ""
        self.held = False
        self.early = False
        self.answered = False
        self.over = False
        self.agreed: Agreed | None = None
        self._exchange = exchange
        self._book = book
        self._codecs = tuple(codecs)
        self._media = MediaSession(secrets.randbits(62))
        self._address = exchange.media_address(flow.remote[0])
        self._sdp: bytes | None = None
        self._late = False
        self._probe: TimerHandle | None = None
        self._sip_status: int | None = None
        self._q850: int | None = None
        self._invited_us = exchange.now_us()
        self._ringing_us: int | None = None
        self._answered_us: int | None = None
        self._ended_us: int | None = None
        self._record: LegRecord | None = None

    # Setting up

    def take(self, invite: sip.IncomingInvite) -> None:
        """Be the leg of this INVITE. Raises NotAcceptable or SdpError for an offer that we cannot answer."""
        if invite.sdp is not None:
            self._sdp, agreed = self._media.answer(invite.sdp, self._address, self.port.number, self._codecs)
            self._connect(agreed)
        self.session = invite.session
        self.sip_call_id = invite.request.call_id
        self._book.leg_opened(self)

    def call(self, outgoing: sip.Outgoing) -> None:
        """Send the INVITE, with our offer."""
        self.sip_call_id = outgoing.call_id
        self.session = self._exchange.sip().invite(outgoing, self._exchange.now())
        self._book.leg_opened(self)

    def offer(self) -> bytes:
        """The SDP of our own INVITE."""
        return self._media.offer(self._address, self.port.number, self._codecs)

    # Verbs

    def ring(self, status: int = 180) -> None:
        """Say that it rings: no media yet, the carrier plays its own tone."""
        if self._unanswered:
            self._note_ringing()
            self._exchange.sip().progress(self._session, status, self._exchange.now())

    def open_early(self) -> None:
        """Send 183 with our SDP: what the port sends is heard before the answer (RFC 3960)."""
        if self._unanswered and not self.early and self._sdp is not None:
            self.early = True
            self._note_ringing()
            self._exchange.sip().progress(self._session, 183, self._exchange.now(), sdp=self._sdp)

    def answer(self) -> None:
        """Send 200: the leg is up. A second time changes nothing."""
        if not self._unanswered:
            return
        self.answered = True
        self._answered_us = self._exchange.now_us()
        self._sip_status = 200
        if self._sdp is None:
            self._sdp, self._late = self.offer(), True
        self._exchange.sip().accept(self._session, self._sdp, self._exchange.now())
        self._final_response()
        self._watch()

    def cancel(self, farewell: Farewell) -> None:
        """Stop the ringing of a leg that we called. It goes on until its final response."""
        if not self.over:
            self._exchange.sip().cancel(self._session, self._exchange.now(), headers=farewell.headers)

    def send(self, source: Source) -> None:
        """What the party hears from now on."""
        if not self.over:
            self.port.send(source)

    def play(self, sound: Play) -> None:
        """Play a sound; `Played` follows unless it loops or something else is sent first."""
        self.send(sound)

    def end(self, farewell: Farewell) -> None:
        """Give the leg up, whatever its state. Idempotent: the endpoint owns the BYE, the engine the port."""
        if self.over:
            return
        if not self.answered and self._sip_status is None:
            self._sip_status = farewell.status if self.role is LegRole.CALLER else 487
        if self._q850 is None:
            self._q850 = farewell.q850 or NORMAL_CLEARING
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
            case sip.Trying():
                self.owner.leg_event(self, Trying())
            case sip.Progress():
                self._progress(event)
            case sip.Answered():
                self._answered(event)
            case sip.Refused():
                self._refused(event)
            case sip.Reinvited():
                self._reinvited(event)
            case sip.ProbeAnswered(status=status):
                self._probed(status)
            case sip.SessionFlowClosed():
                self._ask()
            case sip.SessionEnded(cause=cause, q850=q850):
                self._q850 = q850 or NORMAL_CLEARING
                if not self.answered:
                    self._sip_status = 487
                    self._final_response()
                self._close()
                self.owner.leg_event(self, Ended(cause, q850))
            case _:
                self._log.error("unexpected event", sip_event=type(event).__name__)

    def port_event(self, event: PortEvent) -> None:
        """An event of this leg's port."""
        match event:
            case Digit(digit=digit):
                self.owner.leg_event(self, Pressed(digit))
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
        stats = self.port.stats()
        heard = stats.packets_received > 0
        return LegRecord(
            id=self.id,
            role=self.role,
            peer=self.peer.name,
            sip_call_id=self.sip_call_id,
            sip_status=self._sip_status,
            q850=self._q850,
            invited_at=utc(self._invited_us),
            ringing_at=self.ringing_at,
            answered_at=_moment(self._answered_us),
            ended_at=_moment(self._ended_us),
            codec=self.agreed.codec if self.agreed is not None else None,
            packets_received=stats.packets_received,
            packets_sent=stats.packets_sent,
            packets_lost=stats.packets_lost,
            jitter_s=stats.jitter_s if heard else None,
            mos=mos(stats.packets_received, stats.packets_lost, stats.jitter_s),
        )

    @property
    def ringing_at(self) -> datetime | None:
        """When it began to ring."""
        return _moment(self._ringing_us)

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
        self._exchange.metrics.call_setup((self._exchange.now_us() - self._invited_us) / 1e6)

    def _note_ringing(self) -> None:
        if self._ringing_us is None:
            self._ringing_us = self._exchange.now_us()

    def _progress(self, event: sip.Progress) -> None:
        self._note_ringing()
        if event.sdp is not None and not self.early:
            self.early = self._take_answer(event.sdp)
        self.owner.leg_event(self, Ringing(event.status, self.early and event.sdp is not None))

    def _answered(self, event: sip.Answered) -> None:
        self.answered = True
        self._answered_us = self._exchange.now_us()
        self._sip_status = event.response.status
        if not self._take_answer(event.sdp) and self.agreed is None:
            self._log.warning("answered without usable SDP")
            self.end(Farewell(q850=88))
            self.owner.leg_event(self, Refused(488, "Not Acceptable Here", 88, timed_out=False))
            return
        self._watch()
        self.owner.leg_event(self, Answered(event.crossed_cancel))

    def _refused(self, event: sip.Refused) -> None:
        self._sip_status = event.status
        self._q850 = event.q850 or q850_of(event.status)
        self._close()
        timed_out = event.response is None
        self.owner.leg_event(self, Refused(event.status, event.reason, self._q850, timed_out))

    def _acked(self, sdp: bytes | None) -> None:
        """Only the ACK for a late offer of ours brings an answer; without one there can be no media."""
        if not self._late:
            return
        self._late = False
        if not self._take_answer(sdp) and self.agreed is None:
            self.owner.leg_event(self, Lost())

    def _take_answer(self, sdp: bytes | None) -> bool:
        """Their answer to our offer; False where there is none or none that we can use."""
        if sdp is None:
            return False
        try:
            agreed = self._media.accept(sdp)
        except (SdpError, NotAcceptable) as error:
            self._log.warning("unusable SDP answer", error=str(error))
            return False
        self._connect(agreed)
        return True

    def _reinvited(self, event: sip.Reinvited) -> None:
        endpoint, now = self._exchange.sip(), self._exchange.now()
        try:
            if event.sdp is None:
                self._late = True
                endpoint.answer_offer(event.session, 200, now, sdp=self.offer())
                self._book.leg_refreshed(self)
                return
            sdp, agreed = self._media.answer(event.sdp, self._address, self.port.number, self._codecs)
        except (SdpError, NotAcceptable) as error:
            self._log.info("re-INVITE refused", error=str(error))
            endpoint.answer_offer(event.session, 488, now)
            return
        endpoint.answer_offer(event.session, 200, now, sdp=sdp)
        self._connect(agreed)
        self._book.leg_refreshed(self)

    def _connect(self, agreed: Agreed) -> None:
        self.agreed = agreed
        self.port.connect(
            PeerMedia(
                address=agreed.remote_address,
                port=agreed.remote_port,
                rtcp_address=agreed.rtcp_address,
                rtcp_port=agreed.rtcp_port,
                allowed=self._allowed(),
                codec=agreed.codec,
                payload_type=agreed.payload_type,
                send_event_type=agreed.send_event_type,
                receive_event_type=agreed.receive_event_type,
                ptime_ms=agreed.ptime_ms,
            )
        )
        self.port.mute(agreed.direction in (Direction.RECVONLY, Direction.INACTIVE))
        if agreed.held != self.held:
            self.held = agreed.held
            self._watch()
            self.owner.leg_event(self, Held(self.held))

    def _allowed(self) -> tuple[IPv4Network, ...]:
        """Who may speak for the peer besides its SDP address."""
        if isinstance(self.peer, PhonePeer):
            host = ip_network(self.flow.remote[0])
            return (host,) if isinstance(host, IPv4Network) else ()
        trunk = self._exchange.config.trunks.get(self.peer.name)
        networks = trunk.media_from if isinstance(self.peer, TrunkPeer) and trunk is not None else ()
        return tuple(network for network in networks if isinstance(network, IPv4Network))

    def _watch(self) -> None:
        silence_s = self._exchange.config.media.silence_timeout
        if self.answered and not self.over:
            held_s = max(HELD_SILENCE_S, silence_s)
            self.port.watch_silence((held_s if self.held else silence_s) if silence_s > 0 else None)

    def _ask(self) -> None:
        """Ask by OPTIONS whether the peer is still there."""
        if self.answered and not self.over and self._probe is None:
            self._log.info("silent, asking the peer")
            self._probe = self._exchange.loop.call_later(PROBE_TIMEOUT_S, self._probed, None)
            self._exchange.sip().probe(self._session, self._exchange.now())

    def _probed(self, status: int | None) -> None:
        if self._probe is None:
            return
        self._probe.cancel()
        self._probe = None
        if status is None or status in (408, 481):
            self._log.warning("lost", sip_status=status)
            self._book.leg_lost(self)
            self.owner.leg_event(self, Lost())
        else:
            self._watch()

    def _close(self) -> None:
        self.over = True
        self._ended_us = self._exchange.now_us()
        if self._probe is not None:
            self._probe.cancel()
            self._probe = None
        self._record = self.record()
        self.port.send(Silence())
        self.port.close()
        self._book.leg_closed(self)


def _moment(us: int | None) -> datetime | None:
    return utc(us) if us is not None else None
