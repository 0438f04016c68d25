"""Reads back what the reports were written as: every format into the same rows of plain values."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pdfplumber

from switch.language import Language
from switch.reports.question import Format
from switch.reports.sheet import Kind, Sheet

Rows = list[list[Any]]


def read(form: Format, path: Path, sheet: Sheet) -> Rows:
    """The rows as `comparable` makes them."""
    return _READERS[form](path, sheet)


def notes(form: Format, path: Path) -> str:
    """All the text of a file, for what stands around the rows."""
    if form is Format.XLSX:
        lines = (row for page in openpyxl.load_workbook(path) for row in page.iter_rows(values_only=True))
        return "\n".join(str(cell) for line in lines for cell in line)
    if form is Format.PDF:
        with pdfplumber.open(path) as pdf:
            return "\n".join(page.extract_text() for page in pdf.pages)
    return path.read_text(encoding="utf-8-sig")


def comparable(sheet: Sheet, rows: Sequence[Sequence[Any]]) -> Rows:
    """Settled rows, with times as their local texts: what every format can say."""
    return [
        [
            _moment(value) if column.kind is Kind.TIME and value is not None else value
            for column, value in zip(sheet.columns, row, strict=True)
        ]
        for row in rows
    ]


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S")


def _json(path: Path, sheet: Sheet) -> Rows:
    body = json.loads(path.read_text(encoding="utf-8"))
    assert [column["id"] for column in body["columns"]] == [column.id for column in sheet.columns]
    return [[_plain(column.kind, row[column.id]) for column in sheet.columns] for row in body["rows"]]


def _plain(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind is Kind.TIME:
        return _moment(datetime.fromisoformat(value))
    return date.fromisoformat(value) if kind is Kind.DAY else value


def _csv(path: Path, sheet: Sheet) -> Rows:
    lines = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    assert lines[0] == [sheet.heading(column) for column in sheet.columns]
    return [
        [
            _plain(column.kind, _number(column.kind, cell))
            for column, cell in zip(sheet.columns, line, strict=True)
        ]
        for line in lines[1 : lines.index([])]
    ]


def _number(kind: Kind, cell: str) -> Any:
    if cell == "":
        return None
    if kind in (Kind.COUNT, Kind.DURATION):
        return int(cell)
    if kind in (Kind.SECONDS, Kind.SHARE, Kind.SCORE):
        return float(cell)
    return cell.removeprefix("'")


def _csv_es(path: Path, sheet: Sheet) -> Rows:
    octets = path.read_bytes()
    assert octets.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline=""), delimiter=";"))
    return [
        [
            None if cell == "" else shown(column.kind, cell.removeprefix("'"), Language.ES)
            for column, cell in zip(sheet.columns, line, strict=True)
        ]
        for line in lines[1 : lines.index([])]
    ]


def shown(kind: Kind, cell: str, language: Language) -> Any:
    """A cell as people read it, back as a value."""
    if cell == "-":
        return None
    spanish = language is Language.ES
    point = cell.replace(",", ".") if spanish else cell
    match kind:
        case Kind.COUNT:
            return int(cell)
        case Kind.SECONDS | Kind.SCORE:
            return float(point)
        case Kind.SHARE:
            return round(float(point.removesuffix("%")) / 100, 4)
        case Kind.DURATION:
            hours, minutes, seconds = map(int, cell.split(":"))
            return hours * 3600 + minutes * 60 + seconds
        case Kind.TIME:
            return _moment(datetime.strptime(cell, f"{'%d/%m/%Y' if spanish else '%Y-%m-%d'} %H:%M:%S"))
        case Kind.DAY:
            return datetime.strptime(cell, "%d/%m/%Y" if spanish else "%Y-%m-%d").date()
        case Kind.TEXT:
            return cell


def _xlsx(path: Path, sheet: Sheet) -> Rows:
    rows: Rows = []
    for page in openpyxl.load_workbook(path):
        lines = [list(row) for row in page.iter_rows(values_only=True)]
        for line in lines[len(sheet.lines) + 3 :]:
            if not any(cell is not None for cell in line):
                break
            cells = line + [None] * (len(sheet.columns) - len(line))
            rows.append([_cell(column.kind, cell) for column, cell in zip(sheet.columns, cells, strict=True)])
    return rows


def _cell(kind: Kind, cell: Any) -> Any:
    if cell is None:
        return None
    if kind is Kind.DURATION:  # openpyxl reads a part of a day as a time, a longer one as a timedelta
        if isinstance(cell, time):
            return cell.hour * 3600 + cell.minute * 60 + round(cell.second + cell.microsecond / 1e6)
        return round(cell.total_seconds()) if isinstance(cell, timedelta) else round(cell * 86400)
    if kind is Kind.TIME:
        return _moment(cell)
    return cell.date() if kind is Kind.DAY else cell


def _table(path: Path, sheet: Sheet) -> Rows:
    lines = path.read_text(encoding="utf-8").splitlines()
    at = lines.index("") + 1
    end = lines.index("", at) if "" in lines[at:] else len(lines)
    spans = _spans(lines[at:end], len(sheet.columns))
    return [
        [
            shown(column.kind, line[begin:stop].strip(), sheet.language)
            for column, (begin, stop) in zip(sheet.columns, spans, strict=True)
        ]
        for line in lines[at + 1 : end]
    ]


def _spans(lines: Sequence[str], columns: int) -> list[tuple[int, int]]:
    """Columns are what two spaces part, in every line."""
    width = max(map(len, lines))
    padded = [line.ljust(width) for line in lines]
    filled = "".join(" " if all(line[i] == " " for line in padded) else "x" for i in range(width))
    spans = [match.span() for match in re.finditer(r"x+(?: x+)*", filled)]
    assert len(spans) == columns, spans
    return spans


def _pdf(path: Path, sheet: Sheet) -> Rows:
    """Below the rule of each page, until a line has not as many words as there are columns."""
    rows: Rows = []
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            if not page.lines:
                continue
            rule = page.lines[0]["top"]
            by_line: dict[float, list[str]] = {}
            for word in page.extract_words(x_tolerance=1.5, keep_blank_chars=True):
                if word["top"] > rule:
                    by_line.setdefault(round(word["bottom"], 1), []).append(word["text"])
            for cells in by_line.values():
                if len(cells) != len(sheet.columns):
                    break
                rows.append(
                    [
                        shown(column.kind, cell, sheet.language)
                        for column, cell in zip(sheet.columns, cells, strict=True)
                    ]
                )
    return rows


_READERS: Mapping[Format, Callable[[Path, Sheet], Rows]] = {
    Format.JSON: _json,
    Format.CSV: _csv,
    Format.CSV_ES: _csv_es,
    Format.XLSX: _xlsx,
    Format.TABLE: _table,
    Format.PDF: _pdf,
}
