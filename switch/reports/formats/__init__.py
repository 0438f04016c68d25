"""The forms that a report can have, and what its file is called and served as."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from switch.reports.question import Format


class Form(NamedTuple):
    """Of a file."""

    suffix: str
    media_type: str


_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMS: Final[Mapping[Format, Form]] = {
    Format.TABLE: Form(".txt", "text/plain; charset=utf-8"),
    Format.CSV: Form(".csv", "text/csv; charset=utf-8"),
    Format.CSV_ES: Form(".csv", "text/csv; charset=utf-8"),
    Format.XLSX: Form(".xlsx", _SHEET),
    Format.PDF: Form(".pdf", "application/pdf"),
    Format.JSON: Form(".json", "application/json"),
}
