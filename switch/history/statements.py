"""A batch of entries as the statements that write it, the same ones for SQLite and PostgreSQL.

Each can be run twice with the effect of once: a record's rows are inserted unless they are there, what came
late replaces what is there, and of several changes of one binding the last counts.

Drivers get them as they take them: SQLAlchemy, asked anew for each batch, has twice the cost of a call.
"""

from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Any, TypeAlias, assert_never

import msgspec
from msgspec.structs import asdict
from sqlalchemy import ClauseElement, Dialect, String, Table, bindparam, func, literal_column, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from switch.history import tables
from switch.history.entries import (
    AgentChanged,
    Audited,
    BindingPut,
    BindingRemoved,
    CallEnded,
    Decided,
    Entry,
    OfferEnded,
    WrapUpEnded,
)
from switch.records import CallRecord, RecordingRecord

Row: TypeAlias = dict[str, Any]

_INSERTS: dict[str, type[sqlite.Insert] | type[postgresql.Insert]] = {
    "sqlite": sqlite.Insert,
    "postgresql": postgresql.Insert,
}
_NOT_COLUMNS = ("visits", "segments", "recording", "legs")


class _Step(Enum):
    """The steps of a batch, in the order in which they run."""

    ADD_CALL = auto()
    ADD_LEG = auto()
    ADD_VISIT = auto()
    ADD_SEGMENT = auto()
    ADD_TRANSFER = auto()
    ADD_OFFER = auto()
    PUT_OFFER = auto()
    ADD_DECISION = auto()
    SET_WRAP_UP = auto()
    SET_VISITS_WRAP_UP = auto()
    PUT_AGENT_STATE = auto()
    PUT_BINDING = auto()
    DELETE_BINDING = auto()
    ADD_AUDIT = auto()


_ADDS = {
    _Step.ADD_CALL: tables.calls,
    _Step.ADD_LEG: tables.legs,
    _Step.ADD_VISIT: tables.queue_visits,
    _Step.ADD_SEGMENT: tables.segments,
    _Step.ADD_TRANSFER: tables.transfers,
    _Step.ADD_OFFER: tables.offers,
    _Step.ADD_DECISION: tables.decisions,
    _Step.ADD_AUDIT: tables.audit,
}
_PUTS = {
    _Step.PUT_OFFER: tables.offers,
    _Step.PUT_AGENT_STATE: tables.agent_states,
    _Step.PUT_BINDING: tables.bindings,
}


class _Statement:
    """A statement in the words of one dialect, and its values in the order in which the driver takes them."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self.text = compiled.string
        self._values: list[tuple[str, Callable[[Any], Any] | None]] = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]

    def values(self, row: Row) -> tuple[object, ...]:
        """Of one row."""
        return tuple([row[name] if write is None else write(row[name]) for name, write in self._values])


class Statements:
    """Writes batches for one dialect and in the name of one node. The statements are built once."""

    def __init__(self, dialect: Dialect, node: str) -> None:
        insert = _INSERTS[dialect.name]
        self._node = node
        statements: dict[_Step, ClauseElement] = {
            step: insert(table).on_conflict_do_nothing() for step, table in _ADDS.items()
        }
        for step, table in _PUTS.items():
            new = insert(table)
            own = {column.name: new.excluded[column.name] for column in table.c if not column.primary_key}
            statements[step] = new.on_conflict_do_update(index_elements=list(table.primary_key), set_=own)
        statements |= {
            _Step.SET_WRAP_UP: _set_wrap_up(),
            _Step.SET_VISITS_WRAP_UP: _set_visits_wrap_up(),
            _Step.DELETE_BINDING: _delete(tables.bindings, "tenant", "phone", "contact"),
        }
        self._statements = {step: _Statement(each, dialect) for step, each in statements.items()}

    def of(self, batch: Iterable[Entry]) -> list[tuple[str, list[tuple[object, ...]]]]:
        """Statements with the values of their rows, to be run in this order and in one transaction."""
        steps: dict[_Step, dict[object, Row]] = {step: {} for step in _Step}
        for entry in batch:
            self._plan(entry, steps)
        written = [(self._statements[step], rows.values()) for step, rows in steps.items() if rows]
        return [(statement.text, list(map(statement.values, rows))) for statement, rows in written]

    def _plan(self, entry: Entry, steps: dict[_Step, dict[object, Row]]) -> None:
        origin = {"tenant": entry.tenant, "node": self._node}
        match entry:
            case CallEnded():
                self._plan_call(entry, origin, steps)
            case OfferEnded(call=call, offer=offer):
                steps[_Step.PUT_OFFER][call, offer.id] = asdict(offer) | origin | {"call": call}
            case Decided(seal=seal):
                steps[_Step.ADD_DECISION][seal] = asdict(entry) | origin
            case WrapUpEnded(call=call, wrap_up_s=wrap_up_s, agent=agent):
                row = {"of": call, "by": agent, "wrap_up_s": wrap_up_s}
                steps[_Step.SET_WRAP_UP][call, agent] = row
                steps[_Step.SET_VISITS_WRAP_UP][call, agent] = row
            case AgentChanged(change=change):
                key = (entry.tenant, change.agent, change.since)
                steps[_Step.PUT_AGENT_STATE][key] = asdict(change) | origin
            case Audited(id=id):
                steps[_Step.ADD_AUDIT][id] = asdict(entry) | origin
            case BindingPut() | BindingRemoved():
                _plan_binding(entry, origin, steps)
            case _:
                assert_never(entry)

    def _plan_call(self, entry: CallEnded, origin: Row, steps: dict[_Step, dict[object, Row]]) -> None:
        call = entry.call
        key = origin | {"call": call.id}
        steps[_Step.ADD_CALL][call.id] = _call(call) | origin
        for leg in call.legs:
            steps[_Step.ADD_LEG][call.id, leg.id] = asdict(leg) | key
        for n, visit in enumerate(call.visits):
            row = asdict(visit) | {"skills": " ".join(visit.skills), "call_ended_at": call.ended_at}
            steps[_Step.ADD_VISIT][call.id, n] = row | key | {"n": n}
        for n, segment in enumerate(call.segments):
            row = _renamed(asdict(segment)) | {"legs": " ".join(segment.legs)}
            steps[_Step.ADD_SEGMENT][call.id, n] = row | key | {"n": n}
        for n, transfer in enumerate(entry.transfers):
            steps[_Step.ADD_TRANSFER][call.id, n] = asdict(transfer) | key | {"n": n}
        for offer in entry.offers:
            steps[_Step.ADD_OFFER][call.id, offer.id] = asdict(offer) | key


def _plan_binding(
    entry: BindingPut | BindingRemoved, origin: Row, steps: dict[_Step, dict[object, Row]]
) -> None:
    key = {"tenant": entry.tenant, "phone": entry.phone, "contact": entry.contact}
    name = tuple(key.values())
    if isinstance(entry, BindingPut):
        steps[_Step.DELETE_BINDING].pop(name, None)
        steps[_Step.PUT_BINDING][name] = key | origin | {"expires_at": entry.expires_at, "state": entry.state}
    else:
        steps[_Step.PUT_BINDING].pop(name, None)
        steps[_Step.DELETE_BINDING][name] = {f"of_{column}": value for column, value in key.items()}


def _call(call: CallRecord) -> Row:
    row = {name: value for name, value in asdict(call).items() if name not in _NOT_COLUMNS}
    row["variables"] = msgspec.json.encode(call.variables).decode() if call.variables else ""
    return _renamed(row) | _recording(call.recording)


def _renamed(row: Row) -> Row:
    row["from"] = row.pop("from_")
    return row


def _recording(recording: RecordingRecord | None) -> Row:
    return {
        "recording_path": recording and recording.path,
        "recording_duration_s": recording and recording.duration_s,
        "recording_sha256": recording and recording.sha256,
    }


def _set_wrap_up() -> ClauseElement:
    calls, agent = tables.calls, bindparam("by", type_=String)
    its_agent = or_(agent == literal_column("''"), calls.c.agent == agent)
    return (
        calls.update()
        .where(calls.c.id == bindparam("of"), its_agent)
        .values(wrap_up_s=bindparam("wrap_up_s"))
    )


def _set_visits_wrap_up() -> ClauseElement:
    """Of the agent's last visit in the call; of the last answered one where none is named."""
    visits, of = tables.queue_visits, bindparam("of", type_=String)
    agent = bindparam("by", type_=String)
    each = visits.alias()
    answered = (each.c.call == of, each.c.result == literal_column("'answered'"))
    last = select(func.max(each.c.n)).where(
        *answered, or_(agent == literal_column("''"), each.c.agent == agent)
    )
    set_ = visits.update().values(wrap_up_s=bindparam("wrap_up_s"))
    return set_.where(visits.c.call == of, visits.c.n == last.scalar_subquery())


def _delete(table: Table, *keys: str) -> ClauseElement:
    return table.delete().where(*(table.c[key] == bindparam(f"of_{key}") for key in keys))
