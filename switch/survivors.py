"""What a crash left behind: dialogs to end on the wire, calls to book, half-written recordings to name."""

import structlog

from switch.calls.causes import Farewell
from switch.calls.ending import EndedBy, Reason, Result
from switch.exchange import Exchange
from switch.logbook import Survivor
from switch.metrics import RepairKind
from switch.records import CallRecord, RecordingRecord, SegmentRecord, VisitRecord, utc

_TOLD = Farewell(q850=41)
"""Temporary failure (Q.850 cause 41)."""


def end_survivors(exchange: Exchange) -> int:
    """End every dialog of the former run with BYE, book its call as `switch_restarted`; how many calls."""
    exchange.booking.again()
    survivors = exchange.logbook.survivors()
    for survivor in survivors:
        for leg, dialog in survivor.dialogs.items():
            endpoint = exchange.sip()
            endpoint.hangup(endpoint.restore(dialog, exchange.now()), exchange.now(), headers=_TOLD.headers)
            exchange.logbook.dialog_closed(leg)
            exchange.metrics.repaired(RepairKind.LEG)
        exchange.booking.book(_closed(exchange, survivor))
    if survivors:
        structlog.get_logger("server").warning("ended what the former run left", calls=len(survivors))
    return len(survivors)


def _closed(exchange: Exchange, survivor: Survivor) -> CallRecord:
    """The record as last noted, ended now: when exactly the former run died nobody saw."""
    call, now = survivor.call, utc(exchange.now_us())
    answered = call.answered_at is not None
    result = Result.ANSWERED if answered and call.visits else Result.FAILED
    visits = tuple(visit if visit.left_at is not None else _left(visit, call) for visit in call.visits)
    segments = tuple(s if s.to is not None else _cut(s) for s in call.segments)
    fields = {name: getattr(call, name) for name in call.__struct_fields__}
    fields |= {
        "ended_at": now,
        "result": result,
        "reason": Reason.SWITCH_RESTARTED,
        "ended_by": EndedBy.SWITCH,
        "visits": visits,
        "segments": segments,
        "recording": _recording(exchange, call),
    }
    return CallRecord(**fields)


def _left(visit: VisitRecord, call: CallRecord) -> VisitRecord:
    return VisitRecord(
        queue=visit.queue,
        entered_at=visit.entered_at,
        result=Result.FAILED,
        reason=Reason.SWITCH_RESTARTED,
        agent=visit.agent,
    )


def _cut(segment: SegmentRecord) -> SegmentRecord:
    return SegmentRecord(kind=segment.kind, from_=segment.from_, to=segment.from_, legs=segment.legs)


def _recording(exchange: Exchange, call: CallRecord) -> RecordingRecord | None:
    """The file as the crash left it: `.part`, or complete if it was renamed just in time."""
    if call.recording is None:
        return None
    whole = call.recording.path.removesuffix(".part")
    data_dir = exchange.config.server.data_dir
    found = next((name for name in (f"{whole}.part", whole) if (data_dir / name).exists()), None)
    return RecordingRecord(path=found) if found is not None else None
