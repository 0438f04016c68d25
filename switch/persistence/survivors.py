"""What a crash left behind and does not return: dialogs to end on the wire, and calls to book."""

import dataclasses
from collections.abc import Callable, Collection, Iterable
from datetime import datetime

import structlog
from msgspec.structs import replace

from sip.dialogs.dialog import Dialog
from sip.dialogs.ringing import RingingInvite
from sip.dialogs.unanswered import UnansweredInvite
from switch.calls.causes import Farewell
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.handling import handled
from switch.exchange import Exchange
from switch.metrics.metrics import RepairKind
from switch.persistence.logbook import Survivor
from switch.records import (
    HOLDS,
    TALKS,
    CallRecord,
    LegRole,
    SegmentKind,
    SegmentRecord,
    VisitRecord,
    to_us,
    utc,
)

_TOLD = Farewell(q850=41)
"""Temporary failure (Q.850 cause 41)."""


def end_survivors(
    exchange: Exchange,
    survivors: Collection[Survivor] | None = None,
    returning: Collection[str] = (),
    returns: Callable[[str], bool] = lambda leg: False,
) -> tuple[CallRecord, ...]:
    """End dialogs of the former run with BYE, book its calls as `switch_restarted`; not those that are
    `returning`, nor of these the legs of which `returns` says that they do. `survivors` are all of the
    logbook's where none are named.

    Returned are those that were recorded: they are booked when their files are mended (`mending`).
    """
    exchange.booking.again()
    recorded = []
    ended = 0
    for survivor in exchange.logbook.survivors() if survivors is None else survivors:
        peers = {leg.id: leg.peer for leg in survivor.call.legs}
        for leg, dialog in survivor.dialogs.items():
            if returns(leg):
                continue
            hang_up(exchange, dialog)
            exchange.logbook.dialog_closed(leg)
            if (note := survivor.notes.get(leg)) is not None and note.of_phone and leg in peers:
                tell_later(exchange, peers[leg], dialog)
            exchange.metrics.repaired(RepairKind.LEG)
        if survivor.call.id in returning:
            continue
        ended += 1
        record = _closed(exchange, survivor.call)
        if record.recording is None:
            exchange.booking.book(record)
        else:
            recorded.append(record)
    if ended:
        structlog.get_logger("server").warning("ended what the former run left", calls=ended)
    return tuple(recorded)


def hang_up(exchange: Exchange, dialog: Dialog) -> None:
    """End a dialog of the former run with BYE."""
    endpoint, now = exchange.sip(), exchange.now()
    endpoint.hangup(endpoint.restore(dialog, now), now, headers=_TOLD.headers)


def tell_later(exchange: Exchange, phone: str, dialog: Dialog) -> None:
    """The dialog is over. Where the phone's connection died with the former run no BYE may find it: it gets
    another when it has connected again.
    """
    if dialog.flow.reliable:
        exchange.untold.setdefault(phone, []).append(dialog)


def tell_now(exchange: Exchange, phone: str) -> None:
    """The phone has another contact, or is at another address: where only one is connected, it is there by
    that. What it has forgotten it answers with 481.
    """
    if phone not in exchange.untold:
        return
    flows = [contact.flow for contact in exchange.registrations.bindings(phone) if contact.flow.connection]
    if len(flows) == 1:
        for dialog in exchange.untold.pop(phone):
            hang_up(exchange, dataclasses.replace(dialog, flow=flows[0], natted=True))


def stop_ringing(exchange: Exchange, left: Iterable[RingingInvite | UnansweredInvite]) -> None:
    """Stop every phone that the former run left ringing: who still waits is offered anew. Refuse who has had
    no final response: his carrier may try another way.
    """
    endpoint, now = exchange.sip(), exchange.now()
    for invite in left:
        if isinstance(invite, RingingInvite):
            endpoint.stop_ringing(invite, now, headers=_TOLD.headers)
        else:
            endpoint.refuse_left(invite, 503, now, headers=_TOLD.headers)
        exchange.metrics.repaired(RepairKind.LEG)


def _closed(exchange: Exchange, call: CallRecord) -> CallRecord:
    """The record as last noted, ended when the former run was last seen alive."""
    died = utc(max(exchange.logbook.last_beat_us, to_us(call.started_at)))
    segments = tuple(replace(segment, to=segment.to or max(died, segment.from_)) for segment in call.segments)
    agents = {leg.id for leg in call.legs if leg.role is LegRole.AGENT}
    visits = [visit if visit.left_at is not None else _left(visit, died) for visit in call.visits]
    answered = bool(call.visits) and None not in (call.connected_at, call.answered_at)
    return replace(
        call,
        ended_at=died,
        talk_s=_seconds(segments, TALKS),
        hold_s=_seconds(segments, HOLDS),
        result=Result.ANSWERED if answered else Result.FAILED,
        reason=Reason.SWITCH_RESTARTED,
        ended_by=EndedBy.SWITCH,
        visits=handled(visits, segments, agents),
        segments=segments,
    )


def _left(visit: VisitRecord, died: datetime) -> VisitRecord:
    left_at = max(died, visit.entered_at)
    wait_s = (left_at - visit.entered_at).total_seconds()
    return replace(
        visit, left_at=left_at, wait_s=wait_s, result=Result.FAILED, reason=Reason.SWITCH_RESTARTED
    )


def _seconds(segments: Iterable[SegmentRecord], kinds: Collection[SegmentKind]) -> float:
    spans = [
        (each.to - each.from_).total_seconds()
        for each in segments
        if each.kind in kinds and each.to is not None
    ]
    return round(sum(spans), 6)
