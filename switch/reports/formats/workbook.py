"""XLSX: numbers as numbers, times as times, texts never as formulas."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from switch.language import Language
from switch.reports.sheet import Kind, Sheet, Value

MOST_ROWS: Final = 1_000_000
"""Of one worksheet, whose limit is 1,048,576; the rest goes on in the next."""
_DAY_S: Final = 86_400
_DAYS: Final = {Language.EN: "yyyy-mm-dd", Language.ES: "dd/mm/yyyy"}
_WIDTHS: Final = {Kind.TEXT: 22, Kind.TIME: 19}
_WIDTH: Final = 12


class Workbook:
    """One worksheet, or several where a million rows do not do; the definitions below the last row."""

    def __init__(self, path: Path, sheet: Sheet, most_rows: int = MOST_ROWS) -> None:
        self._sheet = sheet
        self._most = most_rows
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), options | {"tmpdir": str(path.parent)})
        self._book.set_calc_mode("manual")
        self._bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._forms = {kind: self._book.add_format(form) for kind, form in _forms(sheet.language).items()}
        self._number = 0
        self._page = self._next_page()

    def row(self, row: Sequence[Value]) -> None:
        """One row."""
        if self._filled == self._most:
            self._page = self._next_page()
        for i, (column, value) in enumerate(zip(self._sheet.columns, row, strict=True)):
            if value is not None:
                self._put(i, column.kind, value)
        self._at += 1
        self._filled += 1

    def drop(self) -> None:
        """Nothing more comes of it."""
        for page in self._book.worksheets():
            page.row_data_fh.close()

    def close(self) -> None:
        """What the figures mean; then the file is made."""
        self._at += 1
        for definition in self._sheet.definitions:
            self._page.write_string(self._at, 0, f"{definition.formula}: {definition.text}")
            self._at += 1
        self._book.close()

    def _next_page(self) -> Worksheet:
        self._number += 1
        sheet = self._sheet
        page = self._book.add_worksheet(
            f"{sheet.report} {self._number}" if self._number > 1 else sheet.report
        )
        for i, column in enumerate(sheet.columns):
            page.set_column(i, i, _WIDTHS.get(column.kind, _WIDTH))
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.write_string(0, 0, sheet.title, self._bold)
        for at, (name, value) in enumerate(sheet.lines, 1):
            page.write_string(at, 0, f"{name}: {value}")
        heading = len(sheet.lines) + 2
        page.freeze_panes(heading + 1, 0)
        page.repeat_rows(heading)
        for i, column in enumerate(sheet.columns):
            page.write_string(heading, i, sheet.heading(column), self._bold)
        self._at, self._filled = heading + 1, 0
        return page

    def _put(self, i: int, kind: Kind, value: Any) -> None:
        form = self._forms.get(kind)
        if kind is Kind.TEXT:
            self._page.write_string(self._at, i, value)
        elif isinstance(value, datetime):  # a worksheet knows no zones
            self._page.write_datetime(self._at, i, value.replace(tzinfo=None), form)
        elif isinstance(value, date):
            self._page.write_datetime(self._at, i, value, form)
        elif kind is Kind.DURATION:
            self._page.write_number(self._at, i, value / _DAY_S, form)
        else:
            self._page.write_number(self._at, i, value, form)


def _forms(language: Language) -> Mapping[Kind, dict[str, str]]:
    """How cells are shown; the decimal sign is that of who opens the file."""
    codes = {
        Kind.COUNT: "0",
        Kind.SECONDS: "0.0",
        Kind.DURATION: "[h]:mm:ss",
        Kind.SHARE: "0.00%",
        Kind.SCORE: "0.00",
        Kind.TIME: f"{_DAYS[language]} hh:mm:ss",
        Kind.DAY: _DAYS[language],
    }
    return {kind: {"num_format": code} for kind, code in codes.items()}
