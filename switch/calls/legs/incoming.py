"""A leg whose INVITE came to us: the caller's, or that of who takes somebody's place. What he is told before
the answer, the answer, a refusal.
"""

from media.port import Port
from sip import events as sip
from sip.dialogs.offer_answer import Offer
from switch.calls.books import LegBook
from switch.calls.causes import Farewell
from switch.calls.legs.events import RINGS, Connected
from switch.calls.legs.leg import Leg
from switch.calls.legs.media import Terms
from switch.calls.legs.owner import NOBODY
from switch.config.trunk import Prack
from switch.exchange import Exchange
from switch.ids import new_id
from switch.peers import Peer
from switch.records import LegRole


class IncomingLeg(Leg):
    """The caller's side of a call, or that of somebody who comes into one by himself."""

    def __init__(
        self,
        exchange: Exchange,
        book: LegBook,
        invite: sip.IncomingInvite,
        peer: Peer,
        port: Port,
        terms: Terms,
        offer: Offer | None,
        role: LegRole = LegRole.CALLER,
        *,
        at_code: bool = False,
    ) -> None:
        """`offer` is that of the INVITE, None where it made none. An agent's is by the router's word, and so
        does not make him busy. `at_code`: it dialled a feature code. Raises OSError where the kernel knows no
        way back.
        """
        super().__init__(
            exchange,
            book,
            id=new_id(exchange.now_us()),
            role=role,
            peer=peer,
            flow=invite.flow,
            port=port,
            terms=terms,
            owner=NOBODY,
            routed=role is LegRole.AGENT,
            at_code=at_code,
        )
        self.rang = False
        """He was told that it rings."""
        self._accepted = False
        """Our 200 is said; it is on its way when he is `answered`."""
        self._offered_early = False
        """Our offer went out before the answer; the 200 has nothing to add."""
        if offer is not None:
            self._media.answer(offer)
            self._held_before = self.held
        knows_reliable = invite.request.has_option("100rel", "Supported", "Require")
        self._takes_reliable = knows_reliable and self.prack is not Prack.OFF
        self._open(invite.session, invite.request.call_id)

    @property
    def may_hear_early(self) -> bool:
        """Whether he can be sent a description before the answer: one who made no offer answers ours in his
        PRACK, or not at all (RFC 3262 section 5).
        """
        return self._media.local is not None or self._takes_reliable

    # Verbs

    def ring(self, status: int = 180) -> None:
        """Say that it rings, and his own side plays a tone; not over early media, which goes on."""
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
        """Send 200: the leg is up, at once or when his PRACK lets the 200 go (RFC 3262 section 3). A second
        time changes nothing.
        """
        if not self._unanswered:
            return
        self._accepted = True
        endpoint, now = self._exchange.sip(), self._exchange.now()
        if endpoint.accept(self._session, self._final_description(), now):
            self._connected()

    # What happened

    def sip_event(self, event: sip.Event) -> None:
        """An event of its session."""
        match event:
            case sip.Pracked(sdp=sdp):
                self._pracked(sdp)
            case sip.Accepted():
                self._connected()
            case _:
                super().sip_event(event)

    # Inside

    @property
    def _unanswered(self) -> bool:
        return not self.over and not self._accepted

    def _connected(self) -> None:
        self.answered = True
        self._history.answered(self._exchange.now_us(), 200)
        self._book.leg_changed(self)
        self._setup_over()
        self._watch()
        self._await_keys()
        self.owner.leg_event(self, Connected())

    def _say_progress(self, status: int) -> None:
        """Reliably where the trunk wants it so, or where a description would be lost with the response."""
        self._history.rings(self._exchange.now_us())
        sdp = self._media.local if self.early else None
        reliable = self.prack is Prack.REQUIRED or (sdp is not None and self._takes_reliable)
        now = self._exchange.now()
        self._exchange.sip().progress(self._session, status, now, sdp=sdp, reliable=reliable)
        self._book.leg_rings(self)

    def _final_description(self) -> bytes | None:
        """Of our 200: the answer to his offer, or our offer; None where a PRACK has answered, or will."""
        if self._media.local is None:
            self._late = True
            return self.offer()
        return None if self._offered_early else self._media.local

    def _pracked(self, sdp: bytes | None) -> None:
        """The PRACK may answer a late offer; should it not, the ACK is waited for."""
        if self._late and self._media.accept(sdp):
            self._late = False
            self._described()

    def _say_farewell(self, farewell: Farewell) -> None:
        if self._accepted:  # the 200 may be out although `Accepted` is still to be heard
            super()._say_farewell(farewell)
        else:
            now, status, phrase = self._exchange.now(), farewell.status, farewell.phrase
            self._exchange.sip().reject(self._session, status, now, reason=phrase, headers=farewell.headers)
        if not self.answered:
            self._note_refusal(farewell.status)

    def _ended(self, event: sip.SessionEnded) -> None:
        if not self.answered:
            self._note_refusal(504 if event.cause is sip.EndCause.PRACK_TIMEOUT else 487)
        super()._ended(event)

    def _note_refusal(self, status: int) -> None:
        self._history.sip_status = status
        self._setup_over()

    def _setup_over(self) -> None:
        self._exchange.metrics.call_setup((self._exchange.now_us() - self._history.invited_us) / 1e6)
