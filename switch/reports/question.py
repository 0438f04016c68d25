"""What somebody wants to know: which report, of which time, of whom, and how it is told."""

from datetime import datetime
from enum import StrEnum

import msgspec

from switch.figures.facts import Fact
from switch.language import Language


class Name(StrEnum):
    """The reports."""

    QUEUES = "queues"
    INTERVALS = "intervals"
    HOURS = "hours"
    ABANDONS = "abandons"
    AGENTS = "agents"
    PAUSES = "pauses"
    CALLS = "calls"
    DAYS = "days"


class Format(StrEnum):
    """What a report can be written as."""

    TABLE = "table"
    CSV = "csv"
    CSV_ES = "csv-es"
    XLSX = "xlsx"
    PDF = "pdf"
    JSON = "json"


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Only what concerns these; None leaves nothing out."""

    queue: str | None = None
    agent: str | None = None
    skill: str | None = None
    number: str | None = None
    """The number that was called."""
    caller: str | None = None
    fact: Fact | None = None
    """Only calls that this fact counts, once for each time it does: what stands behind a figure."""


class Scope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Only what is of one of these: all that whoever asks may see."""

    queues: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A report, from `start` up to `end`, told in the time of `zone` and by intervals of so many minutes."""

    report: Name
    start: datetime
    end: datetime
    zone: str
    language: Language
    interval_min: int = 30
    filters: Filters = Filters()
    scope: Scope | None = None
    """None: the whole centre."""
