"""What somebody wants to know: which report, of which time, of whom, and how it is told."""

from datetime import datetime
from enum import StrEnum

import msgspec

from switch.language import Language


class Name(StrEnum):
    """The reports."""

    ABANDONS = "abandons"
    CALLS = "calls"


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
    """The caller's."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A report, from `start` up to `end`, told in the time of `zone` and by intervals of so many minutes."""

    report: Name
    start: datetime
    end: datetime
    zone: str
    language: Language
    interval_min: int = 30
    filters: Filters = Filters()
