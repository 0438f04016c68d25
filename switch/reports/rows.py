"""Reports as the API tells of them."""

from datetime import datetime
from enum import StrEnum

import msgspec

from switch.figures.facts import Fact
from switch.reports.question import Format, Name
from switch.reports.sheet import Kind


class JobState(StrEnum):
    """What has become of a report that was asked for."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was asked for. Its result is kept for an hour."""

    id: str
    report: Name
    format: Format
    state: JobState
    asked_at: datetime
    ended_at: datetime | None = None
    rows: int = 0
    share: float | None = None
    """How much of the work is done, from 0 to 1; null while nobody knows."""
    why: str | None = None
    """Why it failed."""
    result: str | None = None
    """The path of the result, once there is one."""


class ColumnRow(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a report. `formula`, its `version` and `definition` tell how its figure is found; `facts`
    what it counts: the call list of the same period, queue and fact has the calls behind it."""

    id: str
    title: str
    kind: Kind
    formula: str | None = None
    version: int | None = None
    definition: str | None = None
    facts: tuple[Fact, ...] = ()


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A report, its columns, and by what it may be narrowed down."""

    name: Name
    title: str
    about: str
    columns: tuple[ColumnRow, ...]
    filters: tuple[str, ...]
    formats: tuple[Format, ...] = tuple(Format)
