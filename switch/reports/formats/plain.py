"""A table of text, for terminals and for mails that are read there."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from switch.reports.formats.spool import Spool
from switch.reports.sheet import Kind, Sheet, Value

_GAP: Final = "  "
_LINE: Final = 100
"""Columns of a definition."""
_LEFT: Final = (Kind.TEXT, Kind.TIME, Kind.DAY)


class Plain:
    """Columns without borders, numbers to the right."""

    def __init__(self, path: Path, sheet: Sheet) -> None:
        self._sheet = sheet
        self._file = path.open("w", encoding="utf-8")
        self._spool = Spool(path.parent, sheet)

    def row(self, row: Sequence[Value]) -> None:
        """One line, when all are there."""
        self._spool.put(row)

    def drop(self) -> None:
        """Nothing more comes of it."""
        self._spool.close()
        self._file.close()

    def close(self) -> None:
        """The whole table."""
        sheet = self._sheet
        self._tell(sheet.title, *(f"{name}: {value}" for name, value in sheet.lines), "")
        headings = [sheet.heading(column) for column in sheet.columns]
        widths = [
            max(len(heading), int(widest))
            for heading, widest in zip(headings, self._spool.widest, strict=True)
        ]
        self._tell(self._aligned(headings, widths))
        for cells in self._spool.rows():
            self._tell(self._aligned([_one_line(cell) for cell in cells], widths))
        if sheet.definitions:
            self._tell("")
        for definition in sheet.definitions:
            told = f"{definition.formula}: {definition.text}"
            self._tell(*textwrap.wrap(told, _LINE, subsequent_indent="  "))
        self._spool.close()
        self._file.close()

    def _aligned(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        aligned = [
            cell.ljust(width) if column.kind in _LEFT else cell.rjust(width)
            for column, cell, width in zip(self._sheet.columns, cells, widths, strict=True)
        ]
        return _GAP.join(aligned).rstrip()

    def _tell(self, *lines: str) -> None:
        self._file.writelines(f"{line}\n" for line in lines)


def _one_line(text: str) -> str:
    """Without what would move a terminal's cursor or colour the rest: a caller may have written it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
