"""One session: an INVITE usage of a dialog, stepping through the table of `session_table`."""

from collections.abc import Hashable
from typing import Final

from sip.accounts.authentication import Authorizer
from sip.dialogs import session_table
from sip.dialogs.common import Common
from sip.dialogs.dialog import Dialog
from sip.dialogs.dialog_request import DialogRequest
from sip.dialogs.early import EarlyDialogs
from sip.dialogs.in_dialog import serve
from sip.dialogs.info import Infos
from sip.dialogs.invitation import Invitation
from sip.dialogs.invite_2xx import Invite2xx
from sip.dialogs.later_offers import LaterOffers
from sip.dialogs.loss import is_lost
from sip.dialogs.reliable_provisional import ReliableProvisional, reliable_number
from sip.dialogs.repeated_2xx import Repeated2xx
from sip.dialogs.session_actions import DO, Matter
from sip.dialogs.session_table import Input, State
from sip.events import (
    Accepted,
    Event,
    IncomingInvite,
    InfoAnswered,
    Outgoing,
    Pracked,
    ProbeAnswered,
    SessionId,
)
from sip.flow import Flow
from sip.syntax.body import session_description
from sip.syntax.message import Malformed, Request, Response
from sip.syntax.replaces import DialogName
from sip.transactions.timers import Timer
from sip.transactions.transaction import Transaction
from sip.transactions.writing import NO_BODY, Statement, contact_value

_GIVEN_UP: Final = (State.DROP_DUE, State.DROPPING, State.LEAVING, State.ENDING, State.ENDED)


class Session:
    """A session of either side; `dialog` is None until we answer an INVITE, or a 2xx answers ours."""

    __slots__ = (
        "authorizer", "began_on", "caller", "clock", "common", "described", "dialog", "early",
        "flow", "id", "infos", "invitation", "invite_2xx", "late", "later_offers", "local_tag",
        "natted", "parting", "peer", "peer_updates", "provisional", "repeated_2xx", "server",
        "state", "tried", "uri",
    )  # fmt: skip

    def __init__(
        self, identity: SessionId, common: Common, state: State, local_tag: str, flow: Flow, peer: Hashable
    ) -> None:
        self.id = identity
        self.common = common
        self.state = state
        self.local_tag = local_tag
        self.flow = flow
        self.began_on = flow.connection  # by which it is found when that closes; the flow may move
        self.peer = peer
        self.dialog: Dialog | None = None
        self.uri = ""
        self.natted = False
        self.caller = state is State.CALLING
        self.late = False  # the INVITE made no offer
        self.described = b""  # the description of ours that holds, or is on its way
        self.peer_updates = False  # its Allow says so
        self.authorizer: Authorizer | None = None
        self.early = EarlyDialogs(common.layer)
        self.invitation: Invitation | None = None
        self.invite_2xx: Invite2xx | None = None
        self.tried = False
        self.server: Transaction | None = None
        self.provisional: ReliableProvisional | None = None
        self.later_offers: LaterOffers | None = None
        self.infos: Infos | None = None
        self.parting = ""
        self.repeated_2xx: Repeated2xx | None = None
        self.clock: Timer | None = None

    # The interpreter

    def step(self, event: Input, now: float, matter: Matter = None) -> None:
        """Apply one input to the table."""
        before = self.state
        row = session_table.SESSION.get((before, event))
        if row is None:
            self.common.layer.counters.unexpected["session", before, event] += 1
            return
        self.state, actions = row
        for action in actions:
            DO[action](self, now, matter)
        if self.provisional is not None and before is State.INCOMING and self.state is not before:
            self.provisional.close(now)
        if self.later_offers is not None and self.state is not before:
            self.later_offers.moved(now)
        if self.state is State.ENDED:
            self.common.ended(self)

    def expired(self, kind: str, now: float) -> None:
        """A timer of ours ran out."""
        self.step(Input(kind), now)

    @property
    def is_given_up(self) -> bool:
        """Whether the application has heard its last of it."""
        return self.state in _GIVEN_UP

    # As a client

    def call(self, outgoing: Outgoing, call_id: str, now: float) -> None:
        """Send the INVITE of a CALLING session."""
        common = self.common
        self.uri = outgoing.uri
        self.natted = outgoing.natted
        self.late = outgoing.sdp is None
        self.described = outgoing.sdp or b""
        if outgoing.credentials is not None:
            self.authorizer = common.authorizers.of(outgoing.credentials)
        wished_s = outgoing.session_expires_s
        interval_s = common.session_expires_s if wished_s is None else wished_s
        self.early.invited(outgoing.uri, outgoing.natted, offered=not self.late)
        self.invitation = Invitation(
            common.layer, outgoing, call_id, self.local_tag, common.uac_lines, interval_s, self.authorizer
        )
        self.invitation.send(self, common.marks, now)
        self.flow = self.invitation.flow

    def responded(self, transaction: Transaction, response: Response, now: float) -> None:
        """A response to our INVITE."""
        status = response.status
        if status == 100:
            self.step(Input.TRYING, now, response)
        elif status < 200:
            self._provisional(response, now)
        elif status < 300:
            self.step(Input.OFFERED if self._owes_answer(response) else Input.SUCCESS, now, response)
        else:
            self.step(Input.AGAIN if self._repairs(response, now) else Input.FAILURE, now, response)

    def failed(self, transaction: Transaction, status: int, now: float) -> None:
        """No response to our INVITE in time; or our application's to a request of theirs."""
        if not transaction.serves:
            event = Input.AGAIN if status == 503 and self._narrows() else Input.FAILURE
            self.step(event, now, Statement(status, None, "", b""))
        elif self.later_offers is not None:
            self.later_offers.timed_out(transaction, now)

    def _owes_answer(self, response: Response) -> bool:
        """Whether a 2xx makes an offer (section 13.2.1): not if a reliable 1xx made it before."""
        if not self.late or session_description(response) is None:
            return False
        return not self.early.is_settled_with(response.to_tag)

    def _narrows(self) -> bool:
        return self.state is State.CALLING and self.invitation is not None and self.invitation.narrow()

    def _repairs(self, response: Response, now: float) -> bool:
        return (
            self.state in (State.CALLING, State.PROCEEDING)
            and self.invitation is not None
            and self.invitation.repair(response, now)
        )

    # Early dialogs

    def _provisional(self, response: Response, now: float) -> None:
        early = self.early.of(response, self) if response.to_tag is not None else None
        if early is None:
            if response.to_tag is None:
                self.step(Input.PROGRESS, now, response)
            return
        if response.status == 199:  # RFC 6228
            self.early.end(response.to_tag)
        number = reliable_number(response)
        if number is not None:
            early.acknowledge(response, number, self.flow, now)
        else:
            self.step(Input.PROGRESS, now, response)

    def send_prack(self, dialog: Dialog, rack: str, sdp: bytes, now: float) -> None:
        """Acknowledge a reliable response in its dialog."""
        self.dialog_request(dialog, "PRACK", f"RAck: {rack}\r\n", sdp).send(now)
        if self.later_offers is not None:
            self.later_offers.go(now)

    def report_reliable(self, response: Response, now: float) -> None:
        """A reliable response came in its turn."""
        self.step(Input.PROGRESS, now, response)

    def dialog_of(self, remote_tag: str | None) -> Dialog | None:
        """The dialog with a peer, early ones included. Raises Malformed."""
        if self.dialog is not None:
            return self.dialog
        early = self.early.get(remote_tag)
        return early.dialog(self.flow) if early is not None else None

    # Requests of ours in the dialog

    def dialog_request(
        self, dialog: Dialog, method: str, lines: str, body: bytes = b"", kind: str = "application/sdp"
    ) -> DialogRequest:
        """A request in a dialog, not yet sent; `done` hears of its end."""
        return DialogRequest(self, self.common.layer, self.authorizer, dialog, method, lines, body, kind)

    def done(self, request: DialogRequest, status: int, response: Response | None, now: float) -> None:
        """The end of a BYE, OPTIONS, PRACK or INFO of ours."""
        heard = status if response is not None else None
        if request.method == "BYE":
            self.step(Input.BYE_DONE, now)
        elif request.method == "INFO" and self._is_lost(request, response):
            self.step(Input.LOST, now)
        elif request.method == "INFO" and self.infos is not None and not self.is_given_up:
            self.infos.done(now, lambda: self._tell(InfoAnswered(self.id, heard)))
        elif request.method == "OPTIONS":
            self._tell(ProbeAnswered(self.id, heard))

    def _is_lost(self, request: DialogRequest, response: Response | None) -> bool:
        stands = self.state in session_table.STANDING and request.dialog is self.dialog
        return stands and response is not None and is_lost(response)

    def _tell(self, event: Event) -> None:
        if not self.is_given_up:
            self.common.report(event)

    def probe(self, now: float) -> None:
        """Send OPTIONS in the dialog, if there is one and the application still cares."""
        if self.dialog is not None and not self.is_given_up:
            self.dialog_request(self.dialog, "OPTIONS", "").send(now)

    def inform(self, content_type: str, body: bytes, tag: str, now: float) -> None:
        """Send INFO in the dialog, or the early one of this tag, if the peer still answers those before."""
        if self.infos is None:
            self.infos = Infos()
        dialog = None if self.is_given_up else self._dialog_with(tag)
        request = None if dialog is None else self.dialog_request(dialog, "INFO", "", body, content_type)
        if request is None or not self.infos.send(request, now):
            self._tell(InfoAnswered(self.id, None))

    def _dialog_with(self, tag: str) -> Dialog | None:
        try:
            return self.dialog_of(tag)
        except Malformed:  # it began with a Contact that is none
            return None

    # As a server

    def arrived(self, transaction: Transaction, now: float) -> None:
        """A new request of the peer: the INVITE that made this session, or one in its dialog."""
        request = transaction.request
        assert request is not None
        if request.to_tag is not None:
            serve(self, transaction, request, now)
            return
        self.server = transaction
        self.peer_updates = request.allows("UPDATE")
        sdp = session_description(request)
        self.late = sdp is None
        self.common.report(IncomingInvite(self.id, request, self.peer, transaction.flow, sdp))

    def ring(self, said: Statement, reliable: bool, now: float) -> None:
        """The application has a provisional response."""
        if self.provisional is None:
            request = self.server.request if self.server is not None else None
            if self.state is not State.INCOMING or request is None or not _reliably(request, reliable):
                self.step(Input.RING, now, said)
                return
            self.provisional = ReliableProvisional(self, self.common.layer, request.cseq.number, self.late)
        self.provisional.say(said, now)

    def accept(self, said: Statement, now: float) -> bool:
        """The application has a 2xx; False if it waits for the PRACK of what was said before (RFC 3262)."""
        if self.provisional is not None and self.state is State.INCOMING:
            self.provisional.accept(said, now)
        else:
            self.step(Input.ACCEPT, now, said)
        return self.state is not State.INCOMING

    def send_reliably(self, said: Statement, now: float) -> bytes:
        """Put a provisional response on the wire; returns it, to be repeated."""
        self.step(Input.RING, now, said)
        return self.server.message if self.server is not None else b""

    def repeat_reliably(self, message: bytes) -> None:
        """Put it there once more."""
        if (server := self.server) is not None:
            self.common.layer.counters.retransmissions["INVITE"] += 1
            self.common.layer.transmit(message, server.flow, "INVITE", server.status)

    def accept_now(self, said: Statement, now: float) -> None:
        """Send the 2xx that may be sent now.

        It describes nothing where our offer is answered, or PRACK or UPDATE have agreed on something else: it
        would be another offer (section 13.2.1).
        """
        answered = self.provisional is not None and self.provisional.answered_by_prack
        if answered or (self.later_offers is not None and self.later_offers.renegotiated_early):
            said = said._replace(body=b"")
        self.step(Input.ACCEPT, now, said)

    def report_accepted(self) -> None:
        """The 2xx that waited is on its way."""
        self._tell(Accepted(self.id))

    def answer_prack(self, prack: Transaction, now: float) -> None:
        """The PRACK is good, and no offer."""
        sdp = session_description(prack.request) if prack.request is not None else None
        if self.provisional is not None and self.provisional.answered_by_prack:
            self.late = False
        self.reply(prack, 200, now)
        self._tell(Pracked(self.id, sdp))
        if self.later_offers is not None:
            self.later_offers.go(now)

    def take_offer(self, request: Transaction, now: float) -> None:
        """A PRACK or UPDATE brought an offer."""
        self.ensure_later_offers().take(request, now)

    def prack_missing(self, now: float) -> None:
        """None came in 64*T1."""
        self.step(Input.UNACKNOWLEDGED, now)

    def acknowledged(self, request: Request, now: float) -> None:
        """An ACK of the peer: of the 2xx that we repeat, or of one before."""
        if self.repeated_2xx is not None and request.cseq.number == self.repeated_2xx.cseq:
            self.step(Input.ACK, now, request)

    def answer_offer(self, said: Statement, tag: str, now: float) -> None:
        """The application answers an offer of the peer, in whatever request or response it came."""
        if self.later_offers is not None and self.later_offers.open_offer is not None:
            self.later_offers.answer(said, now)
            return
        if self.caller and self.dialog is None:  # of a reliable response, unless its early dialog is over
            early = self.early.get(tag) if tag else self.early.owing()
            if early is not None and said.status < 300 and early.owes_answer:
                early.answer(said.body, now)
            return
        if self.state in (State.REINVITED, State.OWING):  # else it was withdrawn meanwhile
            self.step(Input.ACCEPT if said.status < 300 else Input.REJECT, now, said)

    def ensure_later_offers(self) -> LaterOffers:
        """What keeps account of offers after the first, and of refreshes."""
        if self.later_offers is None:
            self.later_offers = LaterOffers(self)
        return self.later_offers

    def lose_connection(self) -> None:
        """The TCP connection under us closed; what we send from now on goes by a new one."""
        if self.dialog is not None:
            self.dialog.lose_connection()
            self.flow = self.dialog.flow
            if self.repeated_2xx is not None:
                self.repeated_2xx.move(self.flow)

    def move(self, flow: Flow) -> None:
        """What we send from now on goes by this flow."""
        if self.dialog is not None:
            self.dialog.flow, self.dialog.natted = flow, True
        self.flow, self.began_on = flow, flow.connection
        if self.repeated_2xx is not None:
            self.repeated_2xx.move(flow)

    def knows(self, call_id: str, remote_tag: str | None) -> bool:
        """Whether a request with our local tag belongs to this dialog (section 12), early ones included."""
        tag = remote_tag or ""
        if self.dialog is not None:
            return self.dialog.call_id == call_id and self.dialog.remote_tag == tag
        return self.invitation is not None and self.invitation.call_id == call_id and self.early.knows(tag)

    @property
    def name(self) -> DialogName | None:
        """Of its dialog, or of the first early one of a call of ours."""
        if self.dialog is not None:
            return DialogName(self.dialog.call_id, self.local_tag, self.dialog.remote_tag)
        tag = self.early.first_tag
        if self.invitation is None or tag is None:
            return None
        return DialogName(self.invitation.call_id, self.local_tag, tag)

    def reply(self, transaction: Transaction, status: int, now: float, lines: str = NO_BODY) -> None:
        """Answer a request in the dialog."""
        self.common.layer.answer(transaction, status, now, tag="", lines=lines)

    def contact(self, flow: Flow) -> str:
        """Our Contact on a flow; SIPS to who uses it (section 12.1.1)."""
        is_secure = self.dialog is not None and self.dialog.target.startswith("sips:")
        return contact_value(flow, self.common.layer.advertise(flow), is_secure)

    def refuse_too_soon(self, transaction: Transaction, now: float) -> None:
        """Another offer of theirs waits for its answer (section 14.2, RFC 3311 section 5.2)."""
        wait_s = self.common.layer.below(11)  # at random from 0 to 10
        self.reply(transaction, 500, now, f"Retry-After: {wait_s}\r\n{NO_BODY}")


def _reliably(request: Request, wanted: bool) -> bool:
    """Whether responses to an INVITE go reliably: its sender insists, or can do it and we want it."""
    names = ("Require", "Supported") if wanted else ("Require",)
    return request.has_option("100rel", *names)
