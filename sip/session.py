"""One session: an INVITE usage of a dialog, stepping through the table of `usage`."""

from collections.abc import Callable, Hashable
from typing import Final, Protocol, assert_never

from sip import expiry, usage
from sip.answers import Answers
from sip.authentication import Authorizer, Authorizers
from sip.body import session_description
from sip.dialog import Dialog
from sip.early import EarlyDialog
from sip.errand import Errand
from sip.events import (
    Acked,
    Answered,
    EndCause,
    Event,
    IncomingInvite,
    InfoAnswered,
    Outgoing,
    Pracked,
    ProbeAnswered,
    Progress,
    Refused,
    Reinvited,
    SessionEnded,
    SessionId,
    Trying,
)
from sip.exchange import Exchange
from sip.flow import Flow
from sip.infos import Infos
from sip.invitation import Invitation
from sip.layer import Layer
from sip.limits import MAX_EARLY_DIALOGS
from sip.loops import LoopMark
from sip.malformed import Fault
from sip.message import Request, Response
from sip.provisional import Provisional, reliable_number
from sip.refusal import knows_option
from sip.serving import serve
from sip.status import phrase
from sip.timers import Timer
from sip.transaction import Input as TransactionInput
from sip.transaction import Transaction
from sip.usage import Action, Input, State
from sip.writing import NO_BODY, Statement, body_lines, contact_value

Matter = Transaction | Response | Request | Statement | None
"""What an input brings along: a request that waits for its answer, a response, an ACK or CANCEL, a reply."""

_GIVEN_UP: Final = (State.LEAVING, State.ENDING, State.ENDED)


class House(Protocol):
    """Where sessions live: what they share with the endpoint."""

    layer: Layer
    allow: tuple[str, ...]
    info_types: tuple[str, ...]
    timer_c_s: float
    session_expires_s: int
    uas_lines: str
    """Allow, Supported and Server of our responses."""
    uac_lines: str
    """Allow and User-Agent of our requests."""
    authorizers: Authorizers
    marks: LoopMark

    def report(self, event: Event) -> None:
        """Tell the application."""
        ...

    def ended(self, session: "Session") -> None:
        """Forget a session."""
        ...


class Session:
    """A session of either side; `dialog` is None until we answer an INVITE, or a 2xx answers ours."""

    __slots__ = (
        "allows", "answer", "answer_cseq", "answer_flow", "answers", "authorizer", "caller", "clock",
        "described", "dialog", "early", "exchange", "flow", "house", "id", "infos", "interval", "invitation",
        "late", "local_tag", "natted", "parting", "peer", "provisional", "repeating", "server", "state",
        "tried", "uri",
    )  # fmt: skip

    def __init__(
        self, identity: SessionId, house: House, state: State, local_tag: str, flow: Flow, peer: Hashable
    ) -> None:
        self.id = identity
        self.house = house
        self.state = state
        self.local_tag = local_tag
        self.flow = flow
        self.peer = peer
        self.dialog: Dialog | None = None
        self.uri = ""
        self.natted = False
        self.caller = state is State.CALLING
        self.late = False  # the INVITE made no offer
        self.described = b""  # the description of ours that holds, or is on its way
        self.allows: list[str] = []  # Allow of the peer, as it came
        self.authorizer: Authorizer | None = None
        self.early: dict[str, EarlyDialog] = {}
        self.invitation: Invitation | None = None
        self.answers: Answers | None = None
        self.tried = False
        self.server: Transaction | None = None
        self.provisional: Provisional | None = None
        self.exchange: Exchange | None = None
        self.infos: Infos | None = None
        self.parting = ""
        self.answer = b""
        self.answer_cseq = -1
        self.answer_flow = flow
        self.interval = 0.0
        self.clock: Timer | None = None
        self.repeating: Timer | None = None

    # The interpreter

    def step(self, event: Input, now: float, matter: Matter = None) -> None:
        """Apply one input to the table."""
        before = self.state
        row = usage.SESSION.get((before, event))
        if row is None:
            self.house.layer.counters.unexpected["session", before, event] += 1
            return
        self.state, actions = row
        for action in actions:
            _DO[action](self, now, matter)
        if self.provisional is not None and before is State.INCOMING and self.state is not before:
            self.provisional.close(now)
        if self.exchange is not None and self.state is not before:
            self.exchange.moved(now)
        if self.state is State.ENDED:
            self.house.ended(self)

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
        house = self.house
        self.uri = outgoing.uri
        self.natted = outgoing.natted
        self.late = outgoing.sdp is None
        self.described = outgoing.sdp or b""
        if outgoing.credentials is not None:
            self.authorizer = house.authorizers.of(outgoing.credentials)
        wished_s = outgoing.session_expires_s
        interval_s = house.session_expires_s if wished_s is None else wished_s
        self.invitation = Invitation(
            house.layer, outgoing, call_id, self.local_tag, house.uac_lines, interval_s, self.authorizer
        )
        self.invitation.send(self, house.marks, now)
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
        elif self.exchange is not None:
            self.exchange.unanswered(transaction, now)

    def _owes_answer(self, response: Response) -> bool:
        """Whether a 2xx makes an offer (section 13.2.1): not if a reliable 1xx made it before."""
        if not self.late or session_description(response) is None:
            return False
        early = self.early.get(response.to_tag or "")
        return early is None or not early.settled

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
        tag = response.to_tag
        if tag is None:
            self.step(Input.PROGRESS, now, response)
            return
        early = self.early.get(tag)
        if early is None:
            if len(self.early) >= MAX_EARLY_DIALOGS:
                errors = self.house.layer.counters.parse_errors
                errors[self.flow.transport, Fault.TOO_MANY_EARLY_DIALOGS] += 1
                return
            early = self.early[tag] = EarlyDialog(
                self, self.house.layer, response, uri=self.uri, natted=self.natted, offered=not self.late
            )
        rseq = reliable_number(response)
        if rseq is not None:
            early.acknowledge(response, rseq, self.flow, now)
            return
        if response.status == 199:  # RFC 6228
            del self.early[tag]
        self.step(Input.PROGRESS, now, response)

    def send_prack(self, dialog: Dialog, rack: str, sdp: bytes, now: float) -> None:
        """Acknowledge a reliable response in its dialog."""
        self.errand(dialog, "PRACK", f"RAck: {rack}\r\n", sdp).send(now)
        if self.exchange is not None:
            self.exchange.go(now)

    def report_reliable(self, response: Response, now: float) -> None:
        """A reliable response came in its turn."""
        self.step(Input.PROGRESS, now, response)

    def settled_early(self) -> EarlyDialog | None:
        """The early dialog in which we may UPDATE, if there is one (RFC 3311 section 5.1)."""
        return next((early for early in self.early.values() if early.settled), None)

    def is_settled_with(self, remote_tag: str | None) -> bool:
        """Whether offer and answer were exchanged reliably in an early dialog."""
        early = self.early.get(remote_tag or "")
        return early is not None and early.settled

    def dialog_of(self, remote_tag: str | None) -> Dialog | None:
        """The dialog with a peer, early ones included. Raises Malformed."""
        if self.dialog is not None:
            return self.dialog
        early = self.early.get(remote_tag or "")
        return early.dialog(self.flow) if early is not None else None

    # Requests of ours in the dialog

    def errand(
        self, dialog: Dialog, method: str, lines: str, body: bytes = b"", kind: str = "application/sdp"
    ) -> Errand:
        """A request in a dialog, not yet sent; `done` hears of its end."""
        return Errand(self, self.house.layer, self.authorizer, dialog, method, lines, body, kind)

    def done(self, errand: Errand, status: int, response: Response | None, now: float) -> None:
        """The end of a BYE, OPTIONS, PRACK or INFO of ours."""
        heard = status if response is not None else None
        if errand.method == "BYE":
            self.step(Input.BYE_DONE, now)
        elif errand.method == "INFO" and self.infos is not None and not self.is_given_up:
            self.infos.done(now, lambda: self._tell(InfoAnswered(self.id, heard)))
        elif errand.method == "OPTIONS":
            self._tell(ProbeAnswered(self.id, heard))

    def _tell(self, event: Event) -> None:
        if not self.is_given_up:
            self.house.report(event)

    def probe(self, now: float) -> None:
        """Send OPTIONS in the dialog, if there is one and the application still cares."""
        if self.dialog is not None and not self.is_given_up:
            self.errand(self.dialog, "OPTIONS", "").send(now)

    def inform(self, content_type: str, body: bytes, now: float) -> None:
        """Send INFO in the dialog, if there is one."""
        if self.dialog is None or self.is_given_up:
            self._tell(InfoAnswered(self.id, None))
            return
        if self.infos is None:
            self.infos = Infos()
        self.infos.send(self.errand(self.dialog, "INFO", "", body, content_type), now)

    # As a server

    def arrived(self, transaction: Transaction, now: float) -> None:
        """A new request of the peer: the INVITE that made this session, or one in its dialog."""
        request = transaction.request
        assert request is not None
        if request.to_tag is not None:
            serve(self, transaction, request, now)
            return
        self.server = transaction
        self.allows = request.headers.lines("Allow")
        sdp = session_description(request)
        self.late = sdp is None
        self.house.report(IncomingInvite(self.id, request, self.peer, transaction.flow, sdp))

    def ring(self, said: Statement, reliable: bool, now: float) -> None:
        """The application has a provisional response."""
        if self.provisional is None:
            request = self.server.request if self.server is not None else None
            if self.state is not State.INCOMING or request is None or not _reliably(request, reliable):
                self.step(Input.RING, now, said)
                return
            self.provisional = Provisional(self, self.house.layer, request.cseq.number, self.late)
        self.provisional.say(said, now)

    def accept(self, said: Statement, now: float) -> None:
        """The application has a 2xx, which waits for the PRACK of what was said before (RFC 3262)."""
        if self.provisional is not None and self.state is State.INCOMING:
            self.provisional.accept(said, now)
        else:
            self.step(Input.ACCEPT, now, said)

    def send_reliably(self, said: Statement, now: float) -> bytes:
        """Put a provisional response on the wire; returns it, to be repeated."""
        self.step(Input.RING, now, said)
        return self.server.message if self.server is not None else b""

    def repeat_reliably(self, message: bytes) -> None:
        """Put it there once more."""
        if (server := self.server) is not None:
            self.house.layer.counters.retransmissions["INVITE"] += 1
            self.house.layer.transmit(message, server.flow, "INVITE", server.status)

    def accept_now(self, said: Statement, now: float) -> None:
        """Send the 2xx that waited. It describes nothing if PRACK or UPDATE have agreed on something else."""
        if self.exchange is not None and self.exchange.renegotiated_early:
            said = said._replace(body=b"")
        self.step(Input.ACCEPT, now, said)

    def answer_prack(self, prack: Transaction, now: float) -> None:
        """The PRACK is good, and no offer."""
        sdp = session_description(prack.request) if prack.request is not None else None
        self.reply(prack, 200, now)
        self._tell(Pracked(self.id, sdp))
        if self.exchange is not None:
            self.exchange.go(now)

    def take_offer(self, request: Transaction, now: float) -> None:
        """A PRACK or UPDATE brought an offer."""
        self.exchanging().take(request)

    def prack_missing(self, now: float) -> None:
        """None came in 64*T1."""
        self.step(Input.UNACKNOWLEDGED, now)

    def acknowledged(self, request: Request, now: float) -> None:
        """An ACK of the peer: of the 2xx that we repeat, or of one before."""
        if request.cseq.number == self.answer_cseq:
            self.step(Input.ACK, now, request)

    def answer_offer(self, said: Statement, tag: str, now: float) -> None:
        """The application answers an offer of the peer, in whatever request or response it came."""
        if self.exchange is not None and self.exchange.asked is not None:
            self.exchange.answer(said, now)
            return
        early = self.early.get(tag) if tag else next(iter(self.early.values()), None)
        if self.dialog is None and early is not None:
            if said.status < 300 and early.owes_answer:
                early.answer(said.body, now)
            return
        self.step(Input.ACCEPT if said.status < 300 else Input.REJECT, now, said)

    def exchanging(self) -> Exchange:
        """What keeps account of offers after the first, and of refreshes."""
        if self.exchange is None:
            self.exchange = Exchange(self)
        return self.exchange

    def lose_connection(self) -> None:
        """The TCP connection under us closed; what we send from now on goes by a new one."""
        if self.dialog is not None:
            self.dialog.lose_connection()
            self.flow = self.answer_flow = self.dialog.flow

    def knows(self, call_id: str, remote_tag: str | None) -> bool:
        """Whether a request with our local tag belongs to this dialog (section 12), early ones included."""
        tag = remote_tag or ""
        if self.dialog is not None:
            return self.dialog.call_id == call_id and self.dialog.remote_tag == tag
        return self.invitation is not None and self.invitation.call_id == call_id and tag in self.early

    def reply(self, transaction: Transaction, status: int, now: float, lines: str = NO_BODY) -> None:
        """Answer a request in the dialog."""
        self.house.layer.answer(transaction, status, now, tag="", lines=lines)

    def contact(self, flow: Flow) -> str:
        """Our Contact on a flow; SIPS to who uses it (section 12.1.1)."""
        is_secure = self.dialog is not None and self.dialog.target.startswith("sips:")
        return contact_value(flow, self.house.layer.advertise(flow), is_secure)

    def _answer_invite(self, now: float, said: Statement, lines: str) -> bytes:
        """Answer the INVITE that waits, with our tag unless it is a re-INVITE."""
        assert self.server is not None
        request = self.server.request
        tag = self.local_tag if request is not None and request.to_tag is None else ""
        lines = f"{lines}{said.lines}{body_lines(said.body)}"
        return self.house.layer.answer(
            self.server, said.status, now, tag=tag, lines=lines, body=said.body, reason=said.reason
        )

    def _found(self, request: Request) -> str:
        """Make the dialog of an INVITE that we answer; returns the lines that do so (section 12.1.1)."""
        if self.dialog is None:
            self.dialog = Dialog.of_request(request, self.flow, self.local_tag)
        routes = "".join([f"Record-Route: {route}\r\n" for route in request.headers.lines("Record-Route")])
        return f"{routes}Contact: {self.contact(self.flow)}\r\n{self.house.uas_lines}"

    # What the rows of the table do

    def _report_trying(self, now: float, matter: Matter) -> None:
        if not self.tried:
            self.tried = True
            self.house.report(Trying(self.id))

    def _report_progress(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Response)
        reliable = reliable_number(matter) is not None
        tag = matter.to_tag or ""
        self.house.report(
            Progress(self.id, matter.status, session_description(matter), matter, tag, reliable)
        )

    def _send_again(self, now: float, matter: Matter) -> None:
        assert self.invitation is not None
        self.early.clear()
        self.invitation.send(self, self.house.marks, now)
        self.flow = self.invitation.flow

    def _establish(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Response)
        invitation = self.invitation
        assert invitation is not None
        assert invitation.transaction is not None
        self.answers = invitation.transaction.owner = Answers(
            self.house.layer, self.uri, self.natted, invitation.cseq, self.authorizer, invitation.proof_lines
        )
        self.dialog = self.answers.begin(matter, self.flow)
        early = self.early.get(self.dialog.remote_tag)
        if early is not None and early.spoken is not None:  # requests may be under way in it
            early.spoken.confirm(self.dialog)
            self.dialog = early.spoken
        self.allows = matter.headers.lines("Allow")
        self.invitation = None
        self.early.clear()
        promise = expiry.as_client(matter)
        if promise is not None:
            self.exchanging().agree(promise, now)

    def _acknowledge(self, now: float, matter: Matter) -> None:
        assert self.answers is not None
        assert self.dialog is not None
        answer = matter.body if isinstance(matter, Statement) and matter.status < 300 else b""
        self.described = answer or self.described
        self.answers.acknowledge(self.dialog, answer)
        self.answers = None

    def _report_answer(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Response)
        self.house.report(Answered(self.id, session_description(matter), matter, False, matter.to_tag or ""))

    def _report_crossed(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Response)
        self.house.report(Answered(self.id, session_description(matter), matter, True, matter.to_tag or ""))

    def _report_refusal(self, now: float, matter: Matter) -> None:
        match matter:
            case Response():
                refused = Refused(self.id, matter.status, matter.reason, matter.q850, matter)
            case Statement():
                refused = Refused(self.id, matter.status, phrase(matter.status), None, None)
            case Transaction() | Request():  # BYE before any final response
                refused = Refused(self.id, 487, phrase(487), None, None)
            case None:
                refused = Refused(self.id, 408, phrase(408), None, None)
            case _:
                assert_never(matter)
        self.house.report(refused)

    def _send_cancel(self, now: float, matter: Matter) -> None:
        if self.invitation is not None and self.invitation.transaction is not None:
            self.house.layer.cancel(self.invitation.transaction, self.parting + NO_BODY, now)

    def _abandon(self, now: float, matter: Matter) -> None:
        if self.invitation is not None and self.invitation.transaction is not None:
            self.invitation.transaction.step(TransactionInput.ABANDON, now)

    def _send_bye(self, now: float, matter: Matter) -> None:
        assert self.dialog is not None
        self.errand(self.dialog, "BYE", self.parting).send(now)

    def _answer_bye(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self.reply(matter, 200, now)

    def _pending(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self.reply(matter, 491, now)

    def _too_soon(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self.refuse_too_soon(matter, now)

    def refuse_too_soon(self, transaction: Transaction, now: float) -> None:
        """Another offer of theirs waits for its answer (section 14.2, RFC 3311 section 5.2)."""
        wait_s = sum(self.house.layer.token().encode()) % 11  # at random from 0 to 10
        self.reply(transaction, 500, now, f"Retry-After: {wait_s}\r\n{NO_BODY}")

    def _gone(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self.reply(matter, 481, now)

    def _report_reinvite(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self.server = matter
        if matter.request is not None:
            sdp = session_description(matter.request)
            self.late = sdp is None
            self.house.report(Reinvited(self.id, matter.request, sdp))

    def _send_progress(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Statement)
        request = self.server.request if self.server is not None else None
        if request is not None:
            self.described = matter.body or self.described
            self._answer_invite(now, matter, self._found(request))

    def _send_answer(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Statement)
        request = self.server.request if self.server is not None else None
        if self.server is None or request is None:
            return
        if self.dialog is not None and request.to_tag is not None:
            self.dialog.refresh(request, self.server.flow)
            self.flow = self.dialog.flow
        lines = self._found(request)
        promise, promised = expiry.as_server(request, self.house.session_expires_s)
        if promise is not None or self.exchange is not None:
            self.exchanging().agree(promise, now)
        self.described = matter.body or self.described
        self.answer_cseq = request.cseq.number
        self.answer_flow = self.server.flow
        self.answer = self._answer_invite(now, matter, lines + promised)
        self.server = None
        if self.exchange is not None and self.state is State.REANSWERED:
            self.exchange.overtaken(now)

    def _repeat_answer(self, now: float, matter: Matter) -> None:
        layer = self.house.layer
        layer.counters.retransmissions["INVITE"] += 1
        layer.transmit(self.answer, self.answer_flow, "INVITE", 200)
        self.interval = min(2 * self.interval, layer.timing.t2)
        self.repeating = layer.timers.start(self.interval, self, Input.TIMER_ANSWER, now)

    def _send_refusal(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Statement)
        if self.server is not None:
            self._answer_invite(now, matter, "")
        self.server = None

    def _send_terminated(self, now: float, matter: Matter) -> None:
        self._send_refusal(now, Statement(487, None, "", b""))

    def _send_timeout(self, now: float, matter: Matter) -> None:
        self._send_refusal(now, Statement(504, None, "", b""))

    def _report_ack(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Request)
        self.late = False
        self.house.report(Acked(self.id, session_description(matter)))

    def _report_bye(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self._report_end(EndCause.REMOTE_BYE, matter.request)

    def _report_cancel(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Request)
        self._report_end(EndCause.CANCELLED, matter)

    def _report_end(self, cause: EndCause, request: Request | None = None) -> None:
        reason = ", ".join(request.headers.lines("Reason")) if request is not None else ""
        q850 = request.q850 if request is not None else None
        self.house.report(SessionEnded(self.id, cause, q850, reason))

    def _report_no_ack(self, now: float, matter: Matter) -> None:
        self._report_end(EndCause.ACK_TIMEOUT)

    def _report_no_prack(self, now: float, matter: Matter) -> None:
        self._report_end(EndCause.PRACK_TIMEOUT)

    def _report_expiry(self, now: float, matter: Matter) -> None:
        self._report_end(EndCause.SESSION_EXPIRED)

    def _report_loss(self, now: float, matter: Matter) -> None:
        self._report_end(EndCause.DIALOG_LOST)

    def _start_c(self, now: float, matter: Matter) -> None:
        self._start_clock(self.house.timer_c_s, Input.TIMER_C, now)

    def _start_cancel(self, now: float, matter: Matter) -> None:
        self._start_clock(self.house.layer.timing.transaction_s, Input.TIMER_CANCEL, now)

    def _start_ack(self, now: float, matter: Matter) -> None:
        self._start_clock(self.house.layer.timing.transaction_s, Input.TIMER_ACK, now)

    def _start_clock(self, length: float, kind: Input, now: float) -> None:
        self.clock = self.house.layer.timers.start(length, self, kind, now)

    def _stop_clock(self, now: float, matter: Matter) -> None:
        if self.clock is not None:
            self.house.layer.timers.stop(self.clock)
            self.clock = None

    def _start_answer(self, now: float, matter: Matter) -> None:
        layer = self.house.layer
        self.interval = layer.timing.t1
        self.repeating = layer.timers.start(self.interval, self, Input.TIMER_ANSWER, now)

    def _stop_answer(self, now: float, matter: Matter) -> None:
        self.answer = b""
        if self.repeating is not None:
            self.house.layer.timers.stop(self.repeating)
            self.repeating = None


def _reliably(request: Request, asked: bool) -> bool:
    """Whether responses to an INVITE go reliably: its sender insists, or can do it and we want it."""
    return knows_option(request, "100rel", "Require") or (
        asked and knows_option(request, "100rel", "Supported")
    )


_DO: Final[dict[Action, Callable[[Session, float, Matter], None]]] = {
    Action.START_C: Session._start_c,
    Action.STOP_C: Session._stop_clock,
    Action.START_CANCEL: Session._start_cancel,
    Action.STOP_CANCEL: Session._stop_clock,
    Action.START_ANSWER: Session._start_answer,
    Action.STOP_ANSWER: Session._stop_answer,
    Action.START_ACK: Session._start_ack,
    Action.STOP_ACK: Session._stop_clock,
    Action.SEND_AGAIN: Session._send_again,
    Action.ESTABLISH: Session._establish,
    Action.ACKNOWLEDGE: Session._acknowledge,
    Action.SEND_CANCEL: Session._send_cancel,
    Action.ABANDON: Session._abandon,
    Action.SEND_PROGRESS: Session._send_progress,
    Action.SEND_ANSWER: Session._send_answer,
    Action.REPEAT_ANSWER: Session._repeat_answer,
    Action.SEND_REFUSAL: Session._send_refusal,
    Action.SEND_TERMINATED: Session._send_terminated,
    Action.SEND_TIMEOUT: Session._send_timeout,
    Action.SEND_BYE: Session._send_bye,
    Action.ANSWER_BYE: Session._answer_bye,
    Action.PENDING: Session._pending,
    Action.TOO_SOON: Session._too_soon,
    Action.GONE: Session._gone,
    Action.REPORT_TRYING: Session._report_trying,
    Action.REPORT_PROGRESS: Session._report_progress,
    Action.REPORT_ANSWER: Session._report_answer,
    Action.REPORT_CROSSED: Session._report_crossed,
    Action.REPORT_REFUSAL: Session._report_refusal,
    Action.REPORT_ACK: Session._report_ack,
    Action.REPORT_REINVITE: Session._report_reinvite,
    Action.REPORT_BYE: Session._report_bye,
    Action.REPORT_CANCEL: Session._report_cancel,
    Action.REPORT_NO_ACK: Session._report_no_ack,
    Action.REPORT_NO_PRACK: Session._report_no_prack,
    Action.REPORT_EXPIRY: Session._report_expiry,
    Action.REPORT_LOSS: Session._report_loss,
}
