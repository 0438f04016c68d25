"""Calls that are refused before they have a flow: what the caller is told, and what the books say."""

from sip import events as sip
from switch.calls.causes import Farewell, farewell
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.ledger import Ledger
from switch.calls.ringing.occupancy import Sides
from switch.exchange import Exchange
from switch.ids import new_id
from switch.peers import Peer, TrunkPeer
from switch.records import LegRecord, LegRole, utc


class NotAdmitted(Exception):
    """The call is refused before it has a flow."""

    def __init__(
        self, reason: Reason, retry_after_s: int | None = None, answer: tuple[int, str] | None = None
    ) -> None:
        """`answer` is the status and phrase where they are not those of the reason."""
        super().__init__(reason.value)
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.answer = answer


def turn_away(
    exchange: Exchange,
    invite: sip.IncomingInvite,
    peer: Peer,
    ledger: Ledger,
    sides: Sides,
    refusal: NotAdmitted,
) -> None:
    """Refuse the INVITE and book it; what it took already is given back."""
    sides.turn_away()
    told = farewell(refusal.reason)
    status, phrase = refusal.answer or (told.status, None)
    headers = [*told.headers, *Farewell(retry_after_s=refusal.retry_after_s).headers]
    exchange.endpoint.reject(invite.session, status, exchange.now(), reason=phrase, headers=headers)
    ended_us = exchange.now_us()
    leg = LegRecord(
        id=new_id(ended_us),
        role=LegRole.CALLER,
        peer=peer.name,
        of_trunk=isinstance(peer, TrunkPeer),
        sip_call_id=invite.request.call_id,
        sip_status=status,
        q850=told.q850,
        invited_at=utc(ledger.started_us),
        ended_at=utc(ended_us),
    )
    exchange.metrics.call_setup((ended_us - ledger.started_us) / 1e6)
    book_refusal(exchange, ledger, refusal.reason, leg)


def book_refusal(exchange: Exchange, ledger: Ledger, reason: Reason, leg: LegRecord) -> None:
    """The call of this one leg is over before it began."""
    ledger.ended_us, ledger.turned_away = exchange.now_us(), leg
    ledger.result, ledger.reason, ledger.ended_by = Result.REJECTED, reason, EndedBy.SWITCH
    exchange.metrics.call_started(ledger.direction)
    exchange.metrics.call_ended(ledger.direction, ledger.result, ledger.reason)
    exchange.booking.book(ledger.record(exchange.now_us()))
