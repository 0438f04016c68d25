"""Offers after the first in a session's dialog, theirs and ours, and the refreshes that keep it alive.

Two rules of RFC 3311 section 5.2 and RFC 3261 section 14.2: their offer while ours waits for its answer is
glare (491), and their offer while another of theirs waits for ours comes too soon (500 with Retry-After).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sip.dialogs import expiry
from sip.dialogs.dialog_request import DialogRequest
from sip.dialogs.refresh import Refreshing
from sip.dialogs.renegotiation import Renegotiation, Wish
from sip.dialogs.session_table import STANDING, Input, State
from sip.events import OfferAnswered, OfferRefused, OfferWithdrawn, PrackOffered, Refreshed, Updated
from sip.syntax.body import session_description
from sip.syntax.message import Request, Response
from sip.transactions.transaction import Transaction
from sip.transactions.writing import NO_BODY, Statement, body_lines

if TYPE_CHECKING:
    from sip.dialogs.session import Session

_MAX_INTERVAL_S: Final = 86400


class Exchange:
    """The offers of one session; made when something but INVITE and BYE happens in it."""

    __slots__ = ("_least_s", "_renegotiation", "_session", "_turned", "asked", "refreshing",
                 "renegotiated_early")  # fmt: skip

    def __init__(self, session: Session) -> None:
        self._session = session
        self._renegotiation = Renegotiation(self, session.common.layer)
        self._least_s = 0
        self._turned = False
        self.asked: Transaction | None = None
        """Their PRACK or UPDATE whose offer the application has to answer."""
        self.refreshing: Refreshing | None = None
        self.renegotiated_early = False
        """Whether an offer was answered before the INVITE, but for its own."""

    # Ours

    def wish(self, wish: Wish, now: float) -> None:
        """Make an offer as soon as the rules let us."""
        self._renegotiation.wish(wish, now)

    def go(self, now: float) -> None:
        """What stood in the way of an offer may be gone."""
        self._renegotiation.go(now)

    def moved(self, now: float) -> None:
        """The session is in another state."""
        if self._session.is_given_up:
            self._refuse_asked(now)
            self._renegotiation.close(now)
            if self.refreshing is not None:
                self.refreshing.close(now)
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
        if self.asked is not None or session.state is State.REINVITED:
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
        return not self._turned and any("UPDATE" in line.upper() for line in self._session.allows)

    def turn(self) -> None:
        """The peer refuses UPDATE, whatever its Allow says."""
        self._turned = True

    def method_for(self, wish: Wish) -> str | None:
        """The method by which a wish may be sent now; None: not yet."""
        session = self._session
        if self.asked is not None:
            return None
        if session.state is State.CONFIRMED:
            return "UPDATE" if wish.method == "UPDATE" and self.peer_updates else "INVITE"
        if wish.method != "UPDATE" or wish.sdp is None or self._turned:
            return None
        if session.state is State.INCOMING:
            settled = session.provisional is not None and session.provisional.settled
            return "UPDATE" if settled and self.peer_updates else None
        if session.state is State.PROCEEDING and (early := session.early.settled()) is not None:
            return "UPDATE" if early.updates else None
        return None

    def offer_request(self, sender: Renegotiation, wish: Wish, method: str) -> DialogRequest:
        """The request, not yet sent."""
        session = self._session
        dialog = session.dialog
        if dialog is None:
            early = session.early.settled()
            assert early is not None
            dialog = early.dialog(session.flow)
        body = wish.sdp or (session.described if method == "INVITE" else b"")
        common = session.common
        lines = f"Contact: {session.contact(session.flow)}\r\n{common.uac_lines}{self._timer_lines()}"
        return DialogRequest(sender, common.layer, session.authorizer, dialog, method, lines, body)

    def _timer_lines(self) -> str:
        """Session-Expires of a refresh (RFC 4028 section 7.4): who refreshes goes on to."""
        promise = self.refreshing.promise if self.refreshing is not None else None
        if promise is None or self._session.state not in STANDING:
            return "Supported: timer\r\n"
        who = "uac" if promise.ours else "uas"
        least = f"Min-SE: {self._least_s}\r\n" if self._least_s else ""
        interval_s = max(promise.interval_s, self._least_s)
        return f"Supported: timer\r\nSession-Expires: {interval_s};refresher={who}\r\n{least}"

    def acknowledge_reinvite(self, asked: DialogRequest, response: Response) -> None:
        """Send the ACK of a 2xx, as often as that comes."""
        layer, dialog = self._session.common.layer, asked.dialog
        dialog.answered(response)
        hop = dialog.hop()
        head = dialog.request_head(layer.via(hop), response.cseq.number)
        ack = head.write("ACK", dialog.remote, asked.authorization_lines + NO_BODY)
        asked.ack = (ack, hop)
        layer.transmit(ack, hop, "ACK", 0)

    def renegotiated(self, wish: Wish, asked: DialogRequest, response: Response, now: float) -> None:
        """The 2xx is here."""
        session = self._session
        asked.dialog.answered(response)
        session.described = asked.body or session.described
        if session.state in STANDING:
            self.agree(expiry.as_client(response), now)
        else:
            self.renegotiated_early = True
        sdp = session_description(response)
        event = Refreshed(session.id, sdp) if wish.refresh else OfferAnswered(session.id, sdp)
        session.common.report(event)

    def not_renegotiated(self, wish: Wish, status: int, now: float) -> None:
        """It will not be."""
        if not wish.refresh:
            self._session.common.report(OfferRefused(self._session.id, status))
        elif self.refreshing is not None:
            self.refreshing.failed(now)

    def lose_dialog(self, now: float) -> None:
        """The peer does not have this dialog."""
        self._session.step(Input.LOST, now)

    def is_early(self) -> bool:
        """Whether the session does not stand or fall with the dialog."""
        return self._session.state not in STANDING

    def grow_interval(self, response: Response) -> bool:
        """Take the Min-SE of a 422; whether that makes another try worth while (RFC 4028 section 7.4)."""
        least_s = expiry.least_s(response)
        promise = self.refreshing.promise if self.refreshing is not None else None
        if promise is None or not max(self._least_s, promise.interval_s) < least_s <= _MAX_INTERVAL_S:
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
        self.asked = transaction
        kind = PrackOffered if request.method == "PRACK" else Updated
        self._session.common.report(kind(self._session.id, request, sdp))

    def _refuse_asked(self, now: float) -> None:
        """Nobody will answer it any more (RFC 3261 section 15.1.2)."""
        if self.asked is not None:
            self._session.reply(self.asked, 487, now)
            self.asked = None

    def answer(self, said: Statement, now: float) -> None:
        """The application's answer to it."""
        asked, session = self.asked, self._session
        assert asked is not None
        request = asked.request
        self.asked = None
        if request is None:
            return
        if said.status < 300:
            session.described = said.body or session.described
            self.accept(asked, request, now, said)
            self.overtaken(now)
        else:
            session.common.layer.answer(asked, said.status, now, tag="", lines=said.lines + NO_BODY)
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
                promise, promised = expiry.as_server(request, session.common.session_expires_s)
                self.agree(promise, now)
                lines += promised
        if session.state is State.INCOMING and body:
            self.renegotiated_early = True
        lines += body_lines(body)
        session.common.layer.answer(transaction, 200, now, tag="", lines=lines, body=body)

    def unanswered(self, transaction: Transaction, now: float) -> None:
        """The application has not answered in time, and cannot any more (RFC 4320)."""
        if transaction is self.asked:
            self.asked = None
            self._session.common.report(OfferWithdrawn(self._session.id))
            self._answered(transaction.method, now)

    def _answered(self, method: str, now: float) -> None:
        session = self._session
        if method == "PRACK" and session.provisional is not None:
            session.provisional.answered(now)
        self.go(now)

    # Session timers

    def agree(self, promise: expiry.Promise | None, now: float) -> None:
        """A 2xx to INVITE or UPDATE has settled who refreshes."""
        if self.refreshing is None:
            if promise is None:
                return
            self.refreshing = Refreshing(self, self._session.common.layer)
        self.refreshing.agree(promise, now)

    def refresh(self, now: float) -> None:
        """Send UPDATE, or the offer that the session rests on once more (RFC 4028 section 7.4)."""
        self.wish(Wish("UPDATE", None, refresh=True), now)

    def expire(self, now: float) -> None:
        """Nobody has refreshed the session in time."""
        self._session.step(Input.EXPIRED, now)
