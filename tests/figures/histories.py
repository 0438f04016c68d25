"""Any history at all, as rows of the tables: what happens on the edge of an interval, what takes no time,
what nobody noted. Not what a switch would write, but whatever figures may be asked of."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st
from sqlalchemy import Table

from switch.calls.ending import Result
from switch.figures import Interval, Span
from switch.history.tables import agent_states, calls, legs, offers, queue_visits, transfers
from switch.records import AgentState, LegRole, OfferResult, TransferKind

Rows = Mapping[Table, list[dict[str, Any]]]

BEGINS: Final = (datetime(2026, 3, 28, 18, tzinfo=UTC), datetime(2026, 10, 24, 18, tzinfo=UTC))
"""The evenings before a day of 23 hours in Madrid, and before one of 25."""
_HOURS: Final = 36
_ORIGIN: Final = {"tenant": "default", "node": "test"}
_MICRO: Final = timedelta(microseconds=1)

_queues = st.sampled_from(("support", "sales"))
_agents = st.sampled_from(("ana", "luis"))
_lengths = st.one_of(
    st.sampled_from([0.0, 4.999999, 5.0, 5.000001, 20.0, 20.000001, 0.1, 0.100001]),
    st.floats(0, 4000).map(lambda s: round(s, 6)),
)
"""Seconds: around the thresholds and tenths, and any."""
_some = st.none() | _lengths


class History(NamedTuple):
    """Rows, and of which span and by which interval they are asked for."""

    rows: Rows
    span: Span
    interval: Interval


def _moments(begin: datetime) -> st.SearchStrategy[datetime]:
    """On a quarter of an hour, just beside it, or anywhere."""
    quarters = st.integers(0, _HOURS * 4).map(lambda n: begin + n * timedelta(minutes=15))
    beside = st.tuples(quarters, st.sampled_from([-1, 0, 0, 1])).map(lambda at: at[0] + at[1] * _MICRO)
    return beside | st.integers(0, _HOURS * 3600 * 10**6).map(lambda us: begin + us * _MICRO)


def _later(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A few calls with all that belongs to them, and two agents, around a day whose clock is changed."""
    begin = draw(st.sampled_from(BEGINS))
    rows: dict[Table, list[dict[str, Any]]] = {
        table: [] for table in (calls, queue_visits, offers, transfers, legs, agent_states)
    }
    for n in range(draw(st.integers(0, 6))):
        _call(draw, f"call-{n}", begin, rows)
    for agent in ("ana", "luis"):
        for since in draw(st.lists(_moments(begin), max_size=6, unique=True)):
            state = draw(st.sampled_from(AgentState))
            reason = draw(st.sampled_from([None, "lunch", "break"]))
            row = {"agent": agent, "since": since, "state": state.value, "reason": reason}
            rows[agent_states].append(row | _ORIGIN)
    minutes = draw(st.lists(st.integers(0, _HOURS * 60), min_size=2, max_size=2, unique=True).map(sorted))
    span = Span.of(*(begin + timedelta(minutes=each) for each in minutes))
    return History(rows, span, draw(st.sampled_from(Interval)))


def _call(draw: st.DrawFn, id: str, begin: datetime, rows: dict[Table, list[dict[str, Any]]]) -> None:
    started, trunk = draw(_moments(begin)), draw(st.sampled_from([None, "carrier"]))
    call: dict[str, Any] = {"id": id, "direction": "inbound", "trunk": trunk, "from": "+34600000001"}
    call |= {"to": draw(st.sampled_from(["+34911", "+34912"])), "talk_s": 0.0, "hold_s": 0.0}
    call |= {
        "started_at": started,
        "ended_at": _later(started, 86400),
        "result": "answered",
        "reason": "busy",
    }
    rows[calls].append(call | _ORIGIN)
    for n in range(draw(st.integers(0, 2))):
        rows[queue_visits].append(_visit(draw, begin) | {"call": id, "n": n} | _ORIGIN)
    for n in range(draw(st.integers(0, 2))):
        at = draw(_moments(begin))
        row = {"id": f"{id}-{n}", "queue": draw(_queues), "agent": draw(_agents), "offered_at": at}
        row |= {"ended_at": _later(at, draw(_lengths)), "result": draw(st.sampled_from(OfferResult)).value}
        rows[offers].append(row | {"call": id} | _ORIGIN)
    for n in range(draw(st.integers(0, 1))):
        kind = draw(st.sampled_from(TransferKind)).value
        row = {"n": n, "at": draw(_moments(begin)), "queue": draw(_queues), "agent": draw(_agents)}
        rows[transfers].append(row | {"kind": kind, "to": "1002", "call": id} | _ORIGIN)
    for n in range(draw(st.integers(0, 2))):
        rows[legs].append(_leg(draw, begin) | {"id": f"{id}-{n}", "call": id} | _ORIGIN)


def _visit(draw: st.DrawFn, begin: datetime) -> dict[str, Any]:
    entered, result = draw(_moments(begin)), draw(st.sampled_from(Result))
    skills = draw(st.lists(st.sampled_from(["english", "support"]), max_size=2, unique=True))
    return {
        "queue": draw(_queues),
        "entered_at": entered,
        "left_at": _later(entered, draw(_lengths)),
        "result": result.value,
        "agent": draw(_agents) if result is Result.ANSWERED else None,
        "skills": " ".join(skills),
    } | {name: draw(_some) for name in ("within_s", "short_abandon_s", "talk_s", "hold_s", "wrap_up_s")}


def _leg(draw: st.DrawFn, begin: datetime) -> dict[str, Any]:
    invited = draw(_moments(begin))
    moments = [_later(invited, each) for each in sorted(draw(st.tuples(_lengths, _lengths, _lengths)))]
    return {
        "role": draw(st.sampled_from(LegRole)).value,
        "peer": draw(st.sampled_from(["carrier", "other"])),
        "of_trunk": draw(st.booleans()),
        "sip_call_id": "x",
        "sip_status": draw(st.sampled_from([None, 200, 408, 480, 486, 503, 600])),
        "invited_at": invited,
        "ringing_at": draw(st.sampled_from([None, moments[0]])),
        "answered_at": draw(st.sampled_from([None, moments[1]])),
        "ended_at": moments[2],
        "mos": draw(st.none() | st.floats(1, 4.5)),
    }
