"""The requests of the peer in a session's dialog: what is answered at once, and what becomes of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.dialogs.dialog import remote_target
from sip.dialogs.info import refuses
from sip.dialogs.session_table import Input, State
from sip.events import InfoReceived, Refreshed
from sip.refusal import refusal
from sip.syntax.body import session_description
from sip.syntax.message import Malformed, Request
from sip.transactions.transaction import Transaction
from sip.transactions.writing import NO_BODY, header_lines

if TYPE_CHECKING:
    from sip.dialogs.session import Session


def serve(session: Session, transaction: Transaction, request: Request, now: float) -> None:
    """Take a request in its order (RFC 3261 section 12.2.2), and answer 400 for one that cannot be read."""
    try:
        dialog = session.dialog_of(request.from_tag)
        if dialog is not None and not dialog.takes(request.cseq.number):
            session.reply(transaction, 500, now)
        elif request.method == "BYE":
            _bye(session, transaction, request, now)
        else:
            _serve(session, transaction, request, now)
    except Malformed as error:
        session.reply(transaction, error.status, now)


def _bye(session: Session, transaction: Transaction, request: Request, now: float) -> None:
    """One of several early dialogs may end; with the last one the call does (section 15)."""
    if session.dialog is None and len(session.early) > 1:
        session.early.end(request.from_tag)
        session.reply(transaction, 200, now)
    else:
        session.step(Input.BYE, now, transaction)


def _serve(session: Session, transaction: Transaction, request: Request, now: float) -> None:
    common = session.common
    refused = refusal(request, common.allow)
    if refused is not None:
        session.reply(transaction, refused.status, now, header_lines(refused.headers) + NO_BODY)
        return
    match request.method:
        case "INVITE":
            _reinvite(session, transaction, request, now)
        case "OPTIONS":
            session.reply(transaction, 200, now, f"Accept: application/sdp\r\n{common.uas_lines}{NO_BODY}")
        case "PRACK":
            _prack(session, transaction, request, now)
        case "UPDATE":
            _update(session, transaction, request, now)
        case "INFO":
            _info(session, transaction, request, now)
        case _:  # REGISTER has no place in a dialog
            session.reply(transaction, 405, now, f"Allow: {', '.join(common.allow)}\r\n{NO_BODY}")


def _reinvite(session: Session, transaction: Transaction, request: Request, now: float) -> None:
    remote_target(request)  # Malformed now, not when the application answers
    later_offers = session.later_offers if session.state is State.CONFIRMED else None
    if later_offers is None or not later_offers.refuses(transaction, request, now):
        session.step(Input.INVITE, now, transaction)


def _prack(session: Session, transaction: Transaction, request: Request, now: float) -> None:
    """RFC 3262 section 3: a PRACK that names nothing which waits for one is 481."""
    provisional = session.provisional
    if provisional is None or not provisional.acknowledges(request):
        session.reply(transaction, 481, now)
    else:
        provisional.acknowledged(transaction, session_description(request), now)


def _update(session: Session, transaction: Transaction, request: Request, now: float) -> None:
    """RFC 3311 section 5.2: without an offer it refreshes, with one it waits for the application."""
    remote_target(request)
    if session.state is State.ENDING:
        session.reply(transaction, 481, now)
        return
    later_offers = session.ensure_later_offers()
    if session_description(request) is not None:
        later_offers.take(transaction, now)
    else:
        later_offers.accept(transaction, request, now, None)
        if not session.is_given_up:
            session.common.report(Refreshed(session.id, None))


def _info(session: Session, transaction: Transaction, request: Request, now: float) -> None:
    status, lines = refuses(request, session.common.info_types)
    session.reply(transaction, status, now, lines + NO_BODY)
    if status == 200 and request.body and not session.is_given_up:
        session.common.report(InfoReceived(session.id, request.content_type or "", request.body))
