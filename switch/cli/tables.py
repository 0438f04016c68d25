"""Rows of the API as tables without borders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from rich.table import Table

Row: TypeAlias = Mapping[str, Any]

NOTHING: Final = "-"
"""A cell where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and how a row's cell is made; numbers stand at the right."""

    title: str
    cell: Callable[[Row], str]
    right: bool = False


def _text(key: str) -> Callable[[Row], str]:
    return lambda row: NOTHING if row[key] is None else str(row[key])


def _yes(key: str) -> Callable[[Row], str]:
    return lambda row: "yes" if row[key] else "no"


def _seconds(key: str) -> Callable[[Row], str]:
    return lambda row: NOTHING if row[key] is None else f"{row[key]:.1f}"


def _time(key: str) -> Callable[[Row], str]:
    """By the clock of this machine, which is what the people at it go by."""
    return lambda row: (
        NOTHING
        if row[key] is None
        else datetime.fromisoformat(row[key]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    )


def _state(state: str) -> Callable[[Row], str]:
    return lambda row: str(row["agents"][state])


def _figure(id: str) -> Callable[[Row], Row | None]:
    return lambda row: row["figures"].get(id)


def _mean(id: str) -> Callable[[Row], str]:
    """Of seconds, today."""
    return lambda row: NOTHING if (told := _figure(id)(row)) is None else f"{told['value']:.1f}"


def _share(id: str) -> Callable[[Row], str]:
    """Of all, today."""
    return lambda row: NOTHING if (told := _figure(id)(row)) is None else f"{told['value']:.0%}"


def _contacts(row: Row) -> str:
    return ", ".join(map(_contact, row["contacts"])) or NOTHING


def _contact(contact: Row) -> str:
    return f"{contact['transport']}:{contact['source']}{'' if contact['reachable'] else ' (unreachable)'}"


def _targets(row: Row) -> str:
    targets = [f"{target['place']} {target['health']}" for target in row["targets"]]
    return ", ".join(targets) or row["proxy"] or NOTHING


def _registration(row: Row) -> str:
    registration = row["registration"]
    if registration is None:
        return NOTHING
    status = "" if registration["status"] is None else f" ({registration['status']})"
    return "yes" if registration["registered"] else f"no: {registration['state']}{status}"


QUEUES = (
    Column("QUEUE", _text("name")),
    Column("CLOSED", _text("closed")),
    Column("WAITING", _text("waiting"), right=True),
    Column("LONGEST", _seconds("longest_wait_s"), right=True),
    Column("READY", _state("ready"), right=True),
    Column("RINGING", _state("ringing"), right=True),
    Column("ON_CALL", _state("on_call"), right=True),
    Column("PAUSED", _state("paused"), right=True),
    Column("OFFERED", _text("offered"), right=True),
    Column("ANSWERED", _text("answered"), right=True),
    Column("ABANDONED", _text("abandoned"), right=True),
    Column(
        "LEVEL",
        lambda row: NOTHING if row["service_level"] is None else f"{row['service_level']:.0%}",
        right=True,
    ),
    Column("ASA", _mean("speed_of_answer"), right=True),
    Column("P90", _mean("speed_of_answer.p90"), right=True),
    Column("AHT", _mean("handle_time"), right=True),
    Column("ABANDON", _share("abandon_rate"), right=True),
)
AGENTS = (
    Column("AGENT", _text("name")),
    Column("PHONE", _text("phone")),
    Column("STATE", _text("state")),
    Column("REASON", _text("reason")),
    Column("SINCE", _time("since")),
    Column("CALL", _text("call")),
    Column("HANDLED", lambda row: str(row["counts"].get("answered", 0)), right=True),
    Column("AHT", _mean("handle_time"), right=True),
    Column("OCCUPANCY", _share("occupancy"), right=True),
    Column(
        "SKILLS",
        lambda row: " ".join(f"{skill}={level}" for skill, level in row["skills"].items()) or NOTHING,
    ),
)
CALLS = (
    Column("CALL", _text("id")),
    Column("DIRECTION", _text("direction")),
    Column("FROM", _text("from")),
    Column("TO", _text("to")),
    Column("QUEUE", _text("queue")),
    Column("AGENT", _text("agent")),
    Column("STARTED", _time("started_at")),
    Column("WAIT", _seconds("wait_s"), right=True),
    Column("TALK", _seconds("talk_s"), right=True),
    Column("RESULT", _text("result")),
    Column("REASON", _text("reason")),
)
PHONES = (
    Column("PHONE", _text("name")),
    Column("AGENT", _text("agent")),
    Column("REGISTERED", _yes("registered")),
    Column("CONTACTS", _contacts),
)
TRUNKS = (
    Column("TRUNK", _text("name")),
    Column("UP", _yes("up")),
    Column("CALLS", _text("calls"), right=True),
    Column("MAX", _text("max_calls"), right=True),
    Column("TARGETS", _targets),
    Column("REGISTERED", _registration),
    Column("LEAVING", _yes("leaving")),
)
TOKENS = (
    Column("NAME", _text("name")),
    Column("ROLE", _text("role")),
    Column("SCOPE", lambda row: " ".join([*row["queues"], *row["agents"]]) or NOTHING),
    Column("CREATED", _time("created_at")),
    Column("BY", _text("created_by")),
    Column("EXPIRES", _time("expires_at")),
    Column("REVOKED", _time("revoked_at")),
    Column("USED", _time("last_used_at")),
)
AUDIT = (
    Column("TIME", _time("at")),
    Column("WHO", _text("who")),
    Column("ROLE", _text("role")),
    Column("FROM", _text("address")),
    Column("STATUS", _text("status"), right=True),
    Column("WHAT", lambda row: f"{row['method']} {row['path']}"),
    Column("DETAIL", _text("detail")),
)
BANS = (
    Column("ADDRESS", _text("address")),
    Column("USER", _text("user")),
    Column("FAILURES", _text("failures"), right=True),
    Column("SINCE", _time("since")),
    Column("UNTIL", _time("until")),
)
ALARMS = (
    Column("ALARM", _text("alarm")),
    Column("SUBJECT", _text("subject")),
    Column("SINCE", _time("since")),
    Column("DETAIL", _text("detail")),
)
WEBHOOKS = (
    Column("WEBHOOK", _text("name")),
    Column("URL", _text("url")),
    Column("STATE", _text("state")),
    Column("WAITING", _text("waiting"), right=True),
    Column("TAKEN", _text("taken"), right=True),
    Column("DROPPED", _text("dropped"), right=True),
    Column("LAST", _text("last_outcome")),
    Column("ERROR", _text("last_error")),
)
HOLDS = (
    Column("HOLD", _text("id")),
    Column("CALL", _text("call")),
    Column("NUMBER", _text("number")),
    Column("QUEUE", _text("queue")),
    Column("FROM", _text("from")),
    Column("TO", _text("to")),
    Column("BY", _text("by")),
    Column("SINCE", _time("since")),
    Column("WHY", _text("why")),
)


def cells(columns: Sequence[Column], rows: Sequence[Row]) -> list[list[str]]:
    """The rows as text."""
    return [[column.cell(row) for column in columns] for row in rows]


def table(columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    """The rows under their headings."""
    made = Table(box=None, pad_edge=False, show_edge=False)
    for column in columns:
        made.add_column(column.title, justify="right" if column.right else "left", no_wrap=True)
    for row in cells(columns, rows):
        made.add_row(*row)
    return made
