"""CSV: RFC 4180 for programs, and what a Spanish Excel opens by a double click."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from switch.language import Language
from switch.reports.sheet import Kind, Sheet, Value
from switch.reports.shown import shown

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula (OWASP, CSV injection)."""
_PLAIN: Final[Mapping[Kind, Callable[[Any], str]]] = {
    Kind.TEXT: str,
    Kind.COUNT: str,
    Kind.SECONDS: lambda value: f"{value:.1f}",
    Kind.DURATION: str,
    Kind.SHARE: lambda value: f"{value:.4f}",
    Kind.SCORE: lambda value: f"{value:.2f}",
    Kind.TIME: lambda value: value.isoformat(),
    Kind.DAY: lambda value: value.isoformat(),
}


def defused(text: str) -> str:
    """A text that no spreadsheet runs: one that looks like a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


class Separated:
    """Commas, points, ISO 8601, seconds and shares as numbers. After an empty line the definitions follow."""

    delimiter = ","
    encoding = "utf-8"

    def __init__(self, path: Path, sheet: Sheet) -> None:
        self._sheet = sheet
        self._file = path.open("w", encoding=self.encoding, newline="")
        self._csv = csv.writer(self._file, delimiter=self.delimiter)
        self._csv.writerow([defused(sheet.heading(column)) for column in sheet.columns])

    def row(self, row: Sequence[Value]) -> None:
        """One line; nothing stands where there is nothing to tell."""
        self._csv.writerow(
            [
                "" if value is None else self._cell(column.kind, value)
                for column, value in zip(self._sheet.columns, row, strict=True)
            ]
        )

    def drop(self) -> None:
        """Nothing more comes of it."""
        self._file.close()

    def close(self) -> None:
        """What the report is of and what its figures mean, each in one cell."""
        self._csv.writerow([])
        self._csv.writerow([f"# {self._sheet.title}"])
        for name, value in self._sheet.lines:
            self._csv.writerow([f"# {name}: {value}"])
        for definition in self._sheet.definitions:
            self._csv.writerow([f"# {definition.formula}: {definition.text}"])
        self._file.close()

    def _cell(self, kind: Kind, value: Value) -> str:
        return defused(str(value)) if kind is Kind.TEXT else self._number(kind, value)

    def _number(self, kind: Kind, value: Value) -> str:
        return _PLAIN[kind](value)


class SpanishExcel(Separated):
    """Semicolons, decimal commas, per cent, dates of the day first, and the mark that says UTF-8."""

    delimiter = ";"
    encoding = "utf-8-sig"

    def _number(self, kind: Kind, value: Value) -> str:
        return shown(kind, value, Language.ES)
