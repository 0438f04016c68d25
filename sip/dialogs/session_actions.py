"""What the rows of the table of `session_table` do to a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, assert_never

from sip.dialogs import session_interval
from sip.dialogs.dialog import Dialog
from sip.dialogs.invite_2xx import Invite2xx
from sip.dialogs.reliable_provisional import reliable_number
from sip.dialogs.repeated_2xx import Repeated2xx
from sip.dialogs.session_table import Action, Input, State
from sip.events import (
    Acked,
    Answered,
    EndCause,
    Progress,
    Refused,
    Reinvited,
    SessionEnded,
    Trying,
)
from sip.syntax.body import session_description
from sip.syntax.message import Request, Response
from sip.syntax.status import phrase
from sip.transactions.transaction import Transaction
from sip.transactions.transaction_table import Input as TransactionInput
from sip.transactions.writing import NO_BODY, Statement, body_lines

if TYPE_CHECKING:
    from sip.dialogs.session import Session

Matter = Transaction | Response | Request | Statement | None
"""What an input brings along: a request that waits for its answer, a response, an ACK or CANCEL, a reply."""


def _answer_invite(session: Session, now: float, said: Statement, lines: str) -> bytes:
    """Answer the INVITE that waits, with our tag unless it is a re-INVITE."""
    assert session.server is not None
    request = session.server.request
    tag = session.local_tag if request is not None and request.to_tag is None else ""
    lines = f"{lines}{said.lines}{body_lines(said.body)}"
    return session.common.layer.answer(
        session.server, said.status, now, tag=tag, lines=lines, body=said.body, reason=said.reason
    )


def _found(session: Session, request: Request) -> str:
    """Make the dialog of an INVITE that we answer; returns the lines that do so (section 12.1.1)."""
    if session.dialog is None:
        session.dialog = Dialog.of_request(request, session.flow, session.local_tag)
    routes = "".join([f"Record-Route: {route}\r\n" for route in request.headers.lines("Record-Route")])
    return f"{routes}Contact: {session.contact(session.flow)}\r\n{session.common.uas_lines}"


def _report_trying(session: Session, now: float, matter: Matter) -> None:
    if not session.tried:
        session.tried = True
        session.common.report(Trying(session.id))


def _report_progress(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Response)
    reliable = reliable_number(matter) is not None
    tag = matter.to_tag or ""
    session.common.report(
        Progress(session.id, matter.status, session_description(matter), matter, tag, reliable)
    )


def _send_again(session: Session, now: float, matter: Matter) -> None:
    assert session.invitation is not None
    session.early.clear()
    session.invitation.send(session, session.common.marks, now)
    session.flow = session.invitation.flow


def _establish(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Response)
    invitation = session.invitation
    assert invitation is not None
    assert invitation.transaction is not None
    session.invite_2xx = invitation.transaction.owner = Invite2xx(
        session.common.layer,
        session.uri,
        session.natted,
        invitation.cseq,
        session.authorizer,
        invitation.authorization_lines,
    )
    session.dialog = session.invite_2xx.begin(matter, session.flow)
    early = session.early.get(session.dialog.remote_tag)
    if early is not None and early.spoken is not None:  # requests may be under way in it
        early.spoken.confirm(session.dialog)
        session.dialog = early.spoken
    session.peer_updates = matter.allows("UPDATE")
    session.invitation = None
    session.early.clear()
    interval = session_interval.as_client(matter)
    if interval is not None:
        session.ensure_later_offers().agree(interval, now)


def _acknowledge(session: Session, now: float, matter: Matter) -> None:
    assert session.invite_2xx is not None
    assert session.dialog is not None
    answer = matter.body if isinstance(matter, Statement) and matter.status < 300 else b""
    session.described = answer or session.described
    session.invite_2xx.acknowledge(session.dialog, answer)
    session.invite_2xx = None


def _report_answer(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Response)
    session.common.report(
        Answered(session.id, session_description(matter), matter, False, matter.to_tag or "")
    )


def _report_crossed(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Response)
    sdp = session_description(matter)
    session.common.report(Answered(session.id, sdp, matter, True, matter.to_tag or ""))


def _report_refusal(session: Session, now: float, matter: Matter) -> None:
    match matter:
        case Response():
            refused = Refused(session.id, matter.status, matter.reason, matter.q850, matter)
        case Statement():
            refused = Refused(session.id, matter.status, phrase(matter.status), None, None)
        case Transaction() | Request():  # BYE before any final response
            refused = Refused(session.id, 487, phrase(487), None, None)
        case None:
            refused = Refused(session.id, 408, phrase(408), None, None)
        case _:
            assert_never(matter)
    session.common.report(refused)


def _send_cancel(session: Session, now: float, matter: Matter) -> None:
    if session.invitation is not None and session.invitation.transaction is not None:
        session.common.layer.cancel(session.invitation.transaction, session.parting + NO_BODY, now)


def _abandon(session: Session, now: float, matter: Matter) -> None:
    if session.invitation is not None and session.invitation.transaction is not None:
        session.invitation.transaction.step(TransactionInput.ABANDON, now)


def _send_bye(session: Session, now: float, matter: Matter) -> None:
    assert session.dialog is not None
    session.dialog_request(session.dialog, "BYE", session.parting).send(now)


def _answer_bye(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Transaction)
    session.reply(matter, 200, now)


def _pending(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Transaction)
    session.reply(matter, 491, now)


def _too_soon(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Transaction)
    session.refuse_too_soon(matter, now)


def _gone(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Transaction)
    session.reply(matter, 481, now)


def _report_reinvite(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Transaction)
    session.server = matter
    if matter.request is not None:
        sdp = session_description(matter.request)
        session.late = sdp is None
        session.common.report(Reinvited(session.id, matter.request, sdp))


def _report_withdrawal(session: Session, now: float, matter: Matter) -> None:
    session.common.withdraw(session.id)


def _send_progress(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Statement)
    request = session.server.request if session.server is not None else None
    if request is not None:
        session.described = matter.body or session.described
        _answer_invite(session, now, matter, _found(session, request))


def _send_answer(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Statement)
    request = session.server.request if session.server is not None else None
    if session.server is None or request is None:
        return
    if session.dialog is not None and request.to_tag is not None:
        session.dialog.refresh(request, session.server.flow)
        session.flow = session.dialog.flow
    lines = _found(session, request)
    interval, interval_lines = session_interval.as_server(request, session.common.session_expires_s)
    if interval is not None or session.later_offers is not None:
        session.ensure_later_offers().agree(interval, now)
    session.described = matter.body or session.described
    message = _answer_invite(session, now, matter, lines + interval_lines)
    if session.repeated_2xx is None:
        session.repeated_2xx = Repeated2xx(session.common.layer, session, Input.TIMER_ANSWER)
    session.repeated_2xx.sent(message, session.server.flow, request.cseq.number)
    session.server = None
    if session.later_offers is not None and session.state is State.REANSWERED:
        session.later_offers.overtaken(now)


def _repeat_answer(session: Session, now: float, matter: Matter) -> None:
    assert session.repeated_2xx is not None
    session.repeated_2xx.repeat(now)


def _send_refusal(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Statement)
    if session.server is not None:
        _answer_invite(session, now, matter, "")
    session.server = None


def _send_terminated(session: Session, now: float, matter: Matter) -> None:
    _send_refusal(session, now, Statement(487, None, "", b""))


def _send_timeout(session: Session, now: float, matter: Matter) -> None:
    _send_refusal(session, now, Statement(504, None, "", b""))


def _report_ack(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Request)
    session.late = False
    session.common.report(Acked(session.id, session_description(matter)))


def _report_bye(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Transaction)
    _report_end(session, EndCause.REMOTE_BYE, matter.request)


def _report_cancel(session: Session, now: float, matter: Matter) -> None:
    assert isinstance(matter, Request)
    _report_end(session, EndCause.CANCELLED, matter)


def _report_end(session: Session, cause: EndCause, request: Request | None = None) -> None:
    reason = ", ".join(request.headers.lines("Reason")) if request is not None else ""
    q850 = request.q850 if request is not None else None
    session.common.report(SessionEnded(session.id, cause, q850, reason))


def _report_no_ack(session: Session, now: float, matter: Matter) -> None:
    _report_end(session, EndCause.ACK_TIMEOUT)


def _report_no_prack(session: Session, now: float, matter: Matter) -> None:
    _report_end(session, EndCause.PRACK_TIMEOUT)


def _report_expiry(session: Session, now: float, matter: Matter) -> None:
    _report_end(session, EndCause.SESSION_EXPIRED)


def _report_loss(session: Session, now: float, matter: Matter) -> None:
    _report_end(session, EndCause.DIALOG_LOST)


def _start_c(session: Session, now: float, matter: Matter) -> None:
    _start_clock(session, session.common.timer_c_s, Input.TIMER_C, now)


def _start_cancel(session: Session, now: float, matter: Matter) -> None:
    _start_clock(session, session.common.layer.timing.transaction_s, Input.TIMER_CANCEL, now)


def _start_ack(session: Session, now: float, matter: Matter) -> None:
    _start_clock(session, session.common.layer.timing.transaction_s, Input.TIMER_ACK, now)


def _start_clock(session: Session, length: float, kind: Input, now: float) -> None:
    session.clock = session.common.layer.timers.start(length, session, kind, now)


def _stop_clock(session: Session, now: float, matter: Matter) -> None:
    if session.clock is not None:
        session.common.layer.timers.stop(session.clock)
        session.clock = None


def _start_answer(session: Session, now: float, matter: Matter) -> None:
    assert session.repeated_2xx is not None
    session.repeated_2xx.start(now)


def _stop_answer(session: Session, now: float, matter: Matter) -> None:
    assert session.repeated_2xx is not None
    session.repeated_2xx.stop()


DO: Final[dict[Action, Callable[[Session, float, Matter], None]]] = {
    Action.START_C: _start_c,
    Action.STOP_C: _stop_clock,
    Action.START_CANCEL: _start_cancel,
    Action.STOP_CANCEL: _stop_clock,
    Action.START_ANSWER: _start_answer,
    Action.STOP_ANSWER: _stop_answer,
    Action.START_ACK: _start_ack,
    Action.STOP_ACK: _stop_clock,
    Action.SEND_AGAIN: _send_again,
    Action.ESTABLISH: _establish,
    Action.ACKNOWLEDGE: _acknowledge,
    Action.SEND_CANCEL: _send_cancel,
    Action.ABANDON: _abandon,
    Action.SEND_PROGRESS: _send_progress,
    Action.SEND_ANSWER: _send_answer,
    Action.REPEAT_ANSWER: _repeat_answer,
    Action.SEND_REFUSAL: _send_refusal,
    Action.SEND_TERMINATED: _send_terminated,
    Action.SEND_TIMEOUT: _send_timeout,
    Action.SEND_BYE: _send_bye,
    Action.ANSWER_BYE: _answer_bye,
    Action.PENDING: _pending,
    Action.TOO_SOON: _too_soon,
    Action.GONE: _gone,
    Action.REPORT_TRYING: _report_trying,
    Action.REPORT_PROGRESS: _report_progress,
    Action.REPORT_ANSWER: _report_answer,
    Action.REPORT_CROSSED: _report_crossed,
    Action.REPORT_REFUSAL: _report_refusal,
    Action.REPORT_ACK: _report_ack,
    Action.REPORT_REINVITE: _report_reinvite,
    Action.REPORT_WITHDRAWAL: _report_withdrawal,
    Action.REPORT_BYE: _report_bye,
    Action.REPORT_CANCEL: _report_cancel,
    Action.REPORT_NO_ACK: _report_no_ack,
    Action.REPORT_NO_PRACK: _report_no_prack,
    Action.REPORT_EXPIRY: _report_expiry,
    Action.REPORT_LOSS: _report_loss,
}
