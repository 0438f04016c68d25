"""One session: an INVITE usage of a dialog, stepping through the table of `usage`."""

from collections.abc import Callable, Hashable
from typing import Final, NamedTuple, Protocol, assert_never

from sip import expiry, usage
from sip.answers import NOBODY, Answers
from sip.body import session_description
from sip.dialog import Dialog, remote_target
from sip.events import (
    Acked,
    Answered,
    EndCause,
    Event,
    IncomingInvite,
    Outgoing,
    ProbeAnswered,
    Progress,
    Refused,
    Reinvited,
    SessionEnded,
    SessionId,
    Trying,
)
from sip.flow import Flow
from sip.layer import Layer
from sip.message import Malformed, Message, Request, Response
from sip.refusal import refusal
from sip.status import phrase
from sip.timers import Timer
from sip.transaction import Input as TransactionInput
from sip.transaction import Transaction
from sip.usage import Action, Input, State
from sip.writing import NO_BODY, RequestHead, body_lines, contact_value, header_lines

_MAX_EARLY = 16
"""Early dialogs of one INVITE that we remember (section 12.3): whose requests we answer before the 2xx."""


class Statement(NamedTuple):
    """What the application says in a response: header lines and a body."""

    status: int
    reason: str | None
    lines: str
    body: bytes


Matter = Transaction | Response | Request | Statement | None
"""What an input brings along: a request that waits for its answer, a response, an ACK or CANCEL, a reply."""


class House(Protocol):
    """Where sessions live: what they share with the endpoint."""

    layer: Layer
    allow: tuple[str, ...]
    timer_c_s: float
    uas_lines: str
    """Allow, Supported and Server of our responses."""
    uac_lines: str
    """Allow and User-Agent of our INVITE."""

    def report(self, event: Event) -> None:
        """Tell the application."""
        ...

    def ended(self, session: "Session") -> None:
        """Forget a session."""
        ...


class Session:
    """A session of either side; `dialog` is None until the first response with a tag."""

    __slots__ = (
        "answer", "answer_cseq", "answer_flow", "clock", "dialog", "early", "expiring", "flow", "house", "id",
        "interval", "invite", "local_tag", "natted", "parting", "peer", "probes", "promised_s", "repeating",
        "server", "state", "uri",
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
        self.early: set[str] = set()
        self.invite: Transaction | None = None
        self.server: Transaction | None = None
        self.parting = ""
        self.probes: set[str] = set()
        self.answer = b""
        self.answer_cseq = -1
        self.answer_flow = flow
        self.interval = 0.0
        self.promised_s = 0
        self.clock: Timer | None = None
        self.repeating: Timer | None = None
        self.expiring: Timer | None = None

    # The interpreter

    def step(self, event: Input, now: float, matter: Matter = None) -> None:
        """Apply one input to the table."""
        row = usage.SESSION.get((self.state, event))
        if row is None:
            self.house.layer.counters.unexpected["session", self.state, event] += 1
            return
        self.state, actions = row
        for action in actions:
            _DO[action](self, now, matter)
        if self.state is State.ENDED:
            self.house.ended(self)

    def expired(self, kind: str, now: float) -> None:
        """A timer of ours ran out."""
        self.step(Input(kind), now)

    # As a client

    def call(self, outgoing: Outgoing, call_id: str, now: float) -> None:
        """Send the INVITE of a CALLING session."""
        layer = self.house.layer
        self.uri = outgoing.uri
        self.natted = outgoing.natted
        from_ = f"{outgoing.from_};tag={self.local_tag}"
        via = layer.via(self.flow)
        head = RequestHead(outgoing.uri, via, outgoing.routes, from_, outgoing.to, call_id, 1)
        body = outgoing.sdp or b""
        lines = (
            f"Contact: {self._contact(self.flow)}\r\n{self.house.uac_lines}"
            f"{header_lines(outgoing.headers)}{body_lines(body)}"
        )
        message = head.write("INVITE", outgoing.to, lines, body, outgoing.max_forwards)
        self.invite = layer.call("INVITE", head, message, self.flow, self, now)

    def responded(self, transaction: Transaction, response: Response, now: float) -> None:
        """A response to our INVITE, BYE or OPTIONS."""
        status = response.status
        if transaction.method in ("INVITE", "ACK"):
            self._invite_responded(response, now)
        elif status >= 200:
            self._done(transaction, status, now)

    def _invite_responded(self, response: Response, now: float) -> None:
        status = response.status
        if status == 100:
            self.step(Input.TRYING, now, response)
        elif status < 200:
            tag = response.to_tag
            if tag is not None and len(self.early) < _MAX_EARLY:
                self.early.add(tag)
            self.step(Input.PROGRESS, now, response)
        else:
            self.step(Input.SUCCESS if status < 300 else Input.FAILURE, now, response)

    def failed(self, transaction: Transaction, status: int, now: float) -> None:
        """No response to our INVITE, BYE or OPTIONS."""
        if transaction.method == "INVITE":
            self.step(Input.FAILURE, now, Statement(status, None, "", b""))
        else:
            self._done(transaction, None, now)

    def _done(self, transaction: Transaction, status: int | None, now: float) -> None:
        if transaction.method == "BYE":
            self.step(Input.BYE_DONE, now)
        elif transaction.key in self.probes:
            self.probes.discard(transaction.key)
            if self.state not in (State.ENDING, State.LEAVING):
                self.house.report(ProbeAnswered(self.id, status))

    def probe(self, now: float) -> None:
        """Send OPTIONS in the dialog, if there is one and the application still cares."""
        if self.dialog is not None and self.state not in (State.ENDING, State.LEAVING):
            transaction = self.house.layer.ask(self.dialog, "OPTIONS", NO_BODY, self, now)
            self.probes.add(transaction.key)

    # As a server

    def arrived(self, transaction: Transaction, now: float) -> None:
        """A new request of the peer: the INVITE that made this session, or one in its dialog."""
        request = transaction.request
        assert request is not None
        if request.to_tag is None:
            self.server = transaction
            sdp = sdp_of(request)
            self.house.report(IncomingInvite(self.id, request, self.peer, transaction.flow, sdp))
        elif not self._in_order(request.cseq.number):
            self._answer(transaction, 500, now)  # section 12.2.2
        else:
            try:
                self._serve(transaction, request, now)
            except Malformed as error:
                self._answer(transaction, error.status, now)

    def _in_order(self, number: int) -> bool:
        dialog = self.dialog
        if dialog is None:
            return True
        if dialog.remote_cseq is not None and number <= dialog.remote_cseq:
            return False
        dialog.remote_cseq = number
        return True

    def _serve(self, transaction: Transaction, request: Request, now: float) -> None:
        method = request.method
        if method == "BYE":
            self.step(Input.BYE, now, transaction)
            return
        refused = refusal(request, self.house.allow)
        if refused is not None:
            self._answer(transaction, refused.status, now, header_lines(refused.headers) + NO_BODY)
        elif method == "INVITE":
            remote_target(request)  # Malformed now, not when the application answers
            self.step(Input.INVITE, now, transaction)
        elif method == "OPTIONS":
            lines = f"Accept: application/sdp\r\n{self.house.uas_lines}{NO_BODY}"
            self._answer(transaction, 200, now, lines)
        else:
            lines = f"Allow: {', '.join(self.house.allow)}\r\n{NO_BODY}"
            self._answer(transaction, 405, now, lines)  # REGISTER has no place in a dialog

    def acknowledged(self, request: Request, now: float) -> None:
        """An ACK of the peer: of the 2xx that we repeat, or of one before."""
        if request.cseq.number == self.answer_cseq:
            self.step(Input.ACK, now, request)

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
        head = self.invite.head if self.invite is not None else None
        return head is not None and head.call_id == call_id and tag in self.early

    def _answer(self, transaction: Transaction, status: int, now: float, lines: str = NO_BODY) -> None:
        self.house.layer.answer(transaction, status, now, tag="", lines=lines)

    def _contact(self, flow: Flow) -> str:
        return contact_value(flow, self.house.layer.advertise(flow))

    def _reply(self, now: float, said: Statement, lines: str) -> bytes:
        """Answer the INVITE that waits, with our tag unless it is a re-INVITE."""
        assert self.server is not None
        request = self.server.request
        tag = self.local_tag if request is not None and request.to_tag is None else ""
        lines = f"{lines}{said.lines}{body_lines(said.body)}"
        return self.house.layer.answer(
            self.server, said.status, now, tag=tag, lines=lines, body=said.body, reason=said.reason
        )

    def _establish(self, request: Request) -> str:
        """Make the dialog of an INVITE that we answer; returns the lines that do so (section 12.1.1)."""
        if self.dialog is None:
            self.dialog = Dialog.of_request(request, self.flow, self.local_tag)
        routes = "".join([f"Record-Route: {route}\r\n" for route in request.headers.lines("Record-Route")])
        return f"{routes}Contact: {self._contact(self.flow)}\r\n{self.house.uas_lines}"

    # What the rows of the table do

    def _report_trying(self, now: float, matter: Matter) -> None:
        self.house.report(Trying(self.id))

    def _report_progress(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Response)
        self.house.report(Progress(self.id, matter.status, sdp_of(matter), matter))

    def _acknowledge(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Response)
        assert self.invite is not None
        answers = Answers(self.house.layer, self.uri, self.natted)
        self.dialog = answers.acknowledge(matter, self.flow)
        self.promised_s = expiry.promised_in_answer(matter)
        self.invite.owner = answers
        self.invite = None

    def _report_answer(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Response)
        self.house.report(Answered(self.id, sdp_of(matter), matter, crossed_cancel=False))

    def _report_crossed(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Response)
        self.house.report(Answered(self.id, sdp_of(matter), matter, crossed_cancel=True))

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
        head = self.invite.head if self.invite is not None else None
        if head is not None:
            message = head.write("CANCEL", head.to, self.parting + NO_BODY)
            self.house.layer.call("CANCEL", head, message, self.flow, NOBODY, now)

    def _abandon(self, now: float, matter: Matter) -> None:
        if self.invite is not None:
            self.invite.step(TransactionInput.ABANDON, now)

    def _send_bye(self, now: float, matter: Matter) -> None:
        assert self.dialog is not None
        self.house.layer.ask(self.dialog, "BYE", self.parting + NO_BODY, self, now)

    def _answer_bye(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self._answer(matter, 200, now)

    def _pending(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self._answer(matter, 491, now)

    def _too_soon(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        wait_s = sum(self.house.layer.token().encode()) % 11  # section 14.2: at random from 0 to 10
        self._answer(matter, 500, now, f"Retry-After: {wait_s}\r\n{NO_BODY}")

    def _gone(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self._answer(matter, 481, now)

    def _report_reinvite(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self.server = matter
        if matter.request is not None:
            self.house.report(Reinvited(self.id, matter.request, sdp_of(matter.request)))

    def _send_progress(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Statement)
        request = self.server.request if self.server is not None else None
        if request is not None:
            self._reply(now, matter, self._establish(request))

    def _send_answer(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Statement)
        request = self.server.request if self.server is not None else None
        if self.server is None or request is None:
            return
        if self.dialog is not None and request.to_tag is not None:
            self.dialog.refresh(request, self.server.flow)
            self.flow = self.dialog.flow
        lines = self._establish(request)
        self.promised_s = expiry.promised_to_us(request)
        if self.promised_s:
            lines += f"Require: timer\r\nSession-Expires: {self.promised_s};refresher=uac\r\n"
        self.answer_cseq = request.cseq.number
        self.answer_flow = self.server.flow
        self.answer = self._reply(now, matter, lines)
        self.server = None

    def _repeat_answer(self, now: float, matter: Matter) -> None:
        layer = self.house.layer
        layer.counters.retransmissions["INVITE"] += 1
        layer.transmit(self.answer, self.answer_flow, "INVITE", 200)
        self.interval = min(2 * self.interval, layer.timing.t2)
        self.repeating = layer.timers.start(self.interval, self, Input.TIMER_ANSWER, now)

    def _send_refusal(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Statement)
        if self.server is not None:
            self._reply(now, matter, "")
        self.server = None

    def _send_terminated(self, now: float, matter: Matter) -> None:
        self._send_refusal(now, Statement(487, None, "", b""))

    def _report_ack(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Request)
        self.house.report(Acked(self.id, sdp_of(matter)))

    def _report_bye(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Transaction)
        self._report_end(EndCause.REMOTE_BYE, matter.request)

    def _report_cancel(self, now: float, matter: Matter) -> None:
        assert isinstance(matter, Request)
        self._report_end(EndCause.CANCELLED, matter)

    def _report_end(self, cause: EndCause, request: Request | None = None) -> None:
        reason = request.headers.get("Reason") if request is not None else None
        q850 = request.q850 if request is not None else None
        self.house.report(SessionEnded(self.id, cause, q850, reason or ""))

    def _report_no_ack(self, now: float, matter: Matter) -> None:
        self._report_end(EndCause.ACK_TIMEOUT)

    def _report_expiry(self, now: float, matter: Matter) -> None:
        self._report_end(EndCause.SESSION_EXPIRED)

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

    def _start_expiry(self, now: float, matter: Matter) -> None:
        if self.promised_s:
            length = expiry.watch_s(self.promised_s)
            self.expiring = self.house.layer.timers.start(length, self, Input.TIMER_EXPIRY, now)

    def _stop_expiry(self, now: float, matter: Matter) -> None:
        if self.expiring is not None:
            self.house.layer.timers.stop(self.expiring)
            self.expiring = None

    def _renew_expiry(self, now: float, matter: Matter) -> None:
        self._stop_expiry(now, matter)
        self._start_expiry(now, matter)


def sdp_of(message: Message) -> bytes | None:
    """The session description of a message, if it has one, alone or in a multipart body."""
    return session_description(message)


_DO: Final[dict[Action, Callable[[Session, float, Matter], None]]] = {
    Action.START_C: Session._start_c,
    Action.STOP_C: Session._stop_clock,
    Action.START_CANCEL: Session._start_cancel,
    Action.STOP_CANCEL: Session._stop_clock,
    Action.START_ANSWER: Session._start_answer,
    Action.STOP_ANSWER: Session._stop_answer,
    Action.START_ACK: Session._start_ack,
    Action.STOP_ACK: Session._stop_clock,
    Action.START_EXPIRY: Session._start_expiry,
    Action.RENEW_EXPIRY: Session._renew_expiry,
    Action.STOP_EXPIRY: Session._stop_expiry,
    Action.ACKNOWLEDGE: Session._acknowledge,
    Action.SEND_CANCEL: Session._send_cancel,
    Action.ABANDON: Session._abandon,
    Action.SEND_PROGRESS: Session._send_progress,
    Action.SEND_ANSWER: Session._send_answer,
    Action.REPEAT_ANSWER: Session._repeat_answer,
    Action.SEND_REFUSAL: Session._send_refusal,
    Action.SEND_TERMINATED: Session._send_terminated,
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
    Action.REPORT_EXPIRY: Session._report_expiry,
}
