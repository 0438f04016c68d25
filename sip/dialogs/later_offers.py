"""Offers after the first in a session's dialog, theirs and ours, and the refreshes that keep it alive.

Two rules of RFC 3311 section 5.2 and RFC 3261 section 14.2: their offer while ours waits for its answer is
glare (491), and their offer while another of theirs waits for ours comes too soon (500 with Retry-After).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.dialogs import session_interval
from sip.dialogs.dialog_request import DialogRequest
from sip.dialogs.renegotiation import PendingOffer, Renegotiation
from sip.dialogs.session_interval import MAX_INTERVAL_S
from sip.dialogs.session_table import STANDING, Input, State
from sip.dialogs.session_timer import SessionTimer
from sip.events import OfferAnswered, OfferRefused, OfferWithdrawn, PrackOffered, Refreshed, Updated
from sip.syntax.body import session_description
from sip.syntax.message import Request, Response
from sip.transactions.transaction import Transaction
from sip.transactions.writing import NO_BODY, Statement, body_lines

if TYPE_CHECKING:
    from sip.dialogs.session import Session


class LaterOffers:
    """The offers of one session; made when something but INVITE and BYE happens in it."""

    __slots__ = (
        "_least_s", "_renegotiation", "_session", "_turned", "open_offer", "renegotiated_early",
        "session_timer", "wished_s",
    )  # fmt: skip

    def __init__(self, session: Session) -> None:
        self._session = session
        self._renegotiation = Renegotiation(self, session.common.layer)
        self._least_s = 0
        self._turned = False
        self.open_offer: Transaction | None = None
        """Their PRACK or UPDATE whose offer the application has to answer."""
        self.session_timer: SessionTimer | None = None
        self.wished_s = 0
        """The interval that our next offer asks for where none holds; 0: none."""
        self.renegotiated_early = False
        """Whether an offer was answered before the INVITE, but for its own."""

    # Ours

    def make(self, offer: PendingOffer, now: float) -> None:
        """Make an offer as soon as the rules let us."""
        self._renegotiation.make(offer, now)

    def go(self, now: float) -> None:
        """What stood in the way of an offer may be gone."""
        self._renegotiation.go(now)

    def moved(self, now: float) -> None:
        """The session is in another state."""
        if self._session.is_given_up:
            self._refuse_open_offer(now)
            self._renegotiation.close(now)
            if self.session_timer is not None:
                self.session_timer.close(now)
        else:
            self.go(now)

    def overtaken(self, now: float) -> None:
        """We have accepted an offer of theirs."""
        self._renegotiation.overtaken(now)

    def refuses(self, transaction: Transaction, request: Request, now: float) -> bool:
        """Whether an offer of theirs comes when none may; it is answered 491 or 500 then."""
        status = self._clash(request)
        if status == 500:
            self._session.refuse_too_soon(transaction, now)
        elif status is not None:
            self._session.reply(transaction, status, now)
        return status is not None

    def _clash(self, request: Request) -> int | None:
        """The status for an offer of theirs that comes now: 491, 500, or None for one that may be taken."""
        session = self._session
        if self.open_offer is not None or session.state is State.REINVITED:
            return 500
        if self._renegotiation.offering:
            return 491
        match session.state:
            case State.INCOMING:
                provisional = session.provisional
                settled = provisional is not None and (provisional.settled or request.method == "PRACK")
                return None if settled else 491 if session.late else 500
            case State.ACCEPTED | State.REANSWERED:
                return 491 if session.late else None  # the answer to our offer is in the ACK to come
            case State.CONFIRMED:
                return None
            case State.PROCEEDING if session.early.is_settled_with(request.from_tag):
                return None
            case _:
                return 491

    @property
    def caller(self) -> bool:
        """Whether the Call-ID is ours."""
        return self._session.caller

    @property
    def peer_updates(self) -> bool:
        """Whether the peer serves UPDATE: its Allow says so, and it has not refused one."""
        return not self._turned and self._session.peer_updates

    def turn(self) -> None:
        """The peer refuses UPDATE, whatever its Allow says."""
        self._turned = True

    def method_for(self, offer: PendingOffer) -> str | None:
        """The method by which an offer may be sent now; None: not yet."""
        session = self._session
        if self.open_offer is not None:
            return None
        if session.state is State.CONFIRMED:
            return "UPDATE" if offer.method == "UPDATE" and self.peer_updates else "INVITE"
        if offer.method != "UPDATE" or offer.sdp is None or self._turned:
            return None
        if session.state is State.INCOMING:
            settled = session.provisional is not None and session.provisional.settled
            return "UPDATE" if settled and self.peer_updates else None
        if session.state is State.PROCEEDING and (early := session.early.settled()) is not None:
            return "UPDATE" if early.updates else None
        return None

    def offer_request(self, sender: Renegotiation, offer: PendingOffer, method: str) -> DialogRequest:
        """The request, not yet sent."""
        session = self._session
        dialog = session.dialog
        if dialog is None:
            early = session.early.settled()
            assert early is not None
            dialog = early.dialog(session.flow)
        body = offer.sdp or (session.described if method == "INVITE" else b"")
        common = session.common
        lines = f"Contact: {session.contact(session.flow)}\r\n{common.uac_lines}{self._timer_lines()}"
        return DialogRequest(sender, common.layer, session.authorizer, dialog, method, lines, body)

    def _timer_lines(self) -> str:
        """Session-Expires of a refresh (RFC 4028 section 7.4): who refreshes goes on to."""
        interval = self.session_timer.interval if self.session_timer is not None else None
        length_s = max(self._interval_s, self._least_s)
        if not length_s or self._session.state not in STANDING:
            return "Supported: timer\r\n"
        who = "" if interval is None else ";refresher=uac" if interval.ours else ";refresher=uas"
        least = f"Min-SE: {self._least_s}\r\n" if self._least_s else ""
        return f"Supported: timer\r\nSession-Expires: {length_s}{who}\r\n{least}"

    @property
    def _interval_s(self) -> int:
        """What holds, or what is wished for where nothing does."""
        interval = self.session_timer.interval if self.session_timer is not None else None
        return self.wished_s if interval is None else interval.length_s

    def acknowledge_reinvite(self, request: DialogRequest, response: Response) -> None:
        """Send the ACK of a 2xx, as often as that comes."""
        layer, dialog = self._session.common.layer, request.dialog
        dialog.answered(response)
        hop = dialog.hop()
        head = dialog.request_head(layer.via(hop), response.cseq.number)
        ack = head.write("ACK", dialog.remote, request.authorization_lines + NO_BODY)
        request.ack = (ack, hop)
        layer.transmit(ack, hop, "ACK", 0)

    def renegotiated(
        self, offer: PendingOffer, request: DialogRequest, response: Response, now: float
    ) -> None:
        """The 2xx is here."""
        session = self._session
        request.dialog.answered(response)
        session.described = request.body or session.described
        if session.state in STANDING:
            self.agree(session_interval.as_client(response), now)
        else:
            self.renegotiated_early = True
        sdp = session_description(response)
        event = Refreshed(session.id, sdp) if offer.refresh else OfferAnswered(session.id, sdp)
        session.common.report(event)

    def not_renegotiated(self, offer: PendingOffer, status: int, now: float) -> None:
        """It will not be."""
        if not offer.refresh:
            self._session.common.report(OfferRefused(self._session.id, status))
        elif self.session_timer is not None:
            self.session_timer.failed(now)

    def lose_dialog(self, now: float) -> None:
        """The peer does not have this dialog."""
        self._session.step(Input.LOST, now)

    def is_early(self) -> bool:
        """Whether the session does not stand or fall with the dialog."""
        return self._session.state not in STANDING

    def grow_interval(self, response: Response) -> bool:
        """Take the Min-SE of a 422; whether that makes another try worth while (RFC 4028 section 7.4)."""
        least_s = session_interval.least_s(response)
        known_s = self._interval_s
        if not known_s or not max(self._least_s, known_s) < least_s <= MAX_INTERVAL_S:
            return False
        self._least_s = least_s
        return True

    # Theirs

    def take(self, transaction: Transaction, now: float) -> None:
        """An offer in PRACK or UPDATE: the application has to answer it, unless it has given up or must not.

        A PRACK has acknowledged its response, whatever becomes of the offer.
        """
        request = transaction.request
        assert request is not None
        if self._session.is_given_up:
            self._session.reply(transaction, 487, now)
            return
        if self.refuses(transaction, request, now):
            self._answered(request.method, now)
            return
        sdp = session_description(request)
        assert sdp is not None
        self.open_offer = transaction
        kind = PrackOffered if request.method == "PRACK" else Updated
        self._session.common.report(kind(self._session.id, request, sdp))

    def _refuse_open_offer(self, now: float) -> None:
        """Nobody will answer it any more (RFC 3261 section 15.1.2)."""
        if self.open_offer is not None:
            self._session.reply(self.open_offer, 487, now)
            self.open_offer = None

    def answer(self, said: Statement, now: float) -> None:
        """The application's answer to it."""
        transaction, session = self.open_offer, self._session
        assert transaction is not None
        request = transaction.request
        self.open_offer = None
        if request is None:
            return
        if said.status < 300:
            session.described = said.body or session.described
            self.accept(transaction, request, now, said)
            self.overtaken(now)
        else:
            session.common.layer.answer(transaction, said.status, now, tag="", lines=said.lines + NO_BODY)
        self._answered(request.method, now)

    def accept(self, transaction: Transaction, request: Request, now: float, said: Statement | None) -> None:
        """Answer an UPDATE or PRACK with 200: the remote target moves, the session is refreshed."""
        session = self._session
        lines = said.lines if said is not None else ""
        body = said.body if said is not None else b""
        if request.method == "UPDATE":
            dialog = session.dialog_of(request.from_tag)
            if dialog is not None:
                dialog.refresh(request, transaction.flow)
                session.flow = dialog.flow
            lines += f"Contact: {session.contact(session.flow)}\r\n{session.common.uas_lines}"
            if session.state in (*STANDING, State.ACCEPTED):
                wished_s = session.common.session_expires_s
                interval, interval_lines = session_interval.as_server(request, wished_s)
                self.agree(interval, now)
                lines += interval_lines
        if session.state is State.INCOMING and body:
            self.renegotiated_early = True
        lines += body_lines(body)
        session.common.layer.answer(transaction, 200, now, tag="", lines=lines, body=body)

    def timed_out(self, transaction: Transaction, now: float) -> None:
        """The application has not answered in time, and cannot any more (RFC 4320)."""
        if transaction is self.open_offer:
            self.open_offer = None
            self._session.common.report(OfferWithdrawn(self._session.id))
            self._answered(transaction.method, now)

    def _answered(self, method: str, now: float) -> None:
        session = self._session
        if method == "PRACK" and session.provisional is not None:
            session.provisional.answered(now)
        self.go(now)

    # Session timers

    def agree(self, interval: session_interval.SessionInterval | None, now: float) -> None:
        """A 2xx to INVITE or UPDATE has settled who refreshes."""
        if self.session_timer is None:
            if interval is None:
                return
            self.session_timer = SessionTimer(self, self._session.common.layer)
        self.session_timer.agree(interval, now)

    def refresh(self, now: float) -> None:
        """Send UPDATE, or the offer that the session rests on once more (RFC 4028 section 7.4)."""
        self.make(PendingOffer("UPDATE", None, refresh=True), now)

    def expire(self, now: float) -> None:
        """Nobody has refreshed the session in time."""
        self._session.step(Input.EXPIRED, now)
