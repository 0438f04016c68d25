"""PDF: A4 across, the headings on every page, its number below, the definitions after the last row."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from switch.language import Language
from switch.reports.formats.spool import Spool
from switch.reports.sheet import Kind, Sheet, Value

MOST_ROWS: Final = 100_000
"""Some two thousand pages: nobody prints more, and a PDF keeps its pages in memory until it is written."""
_WIDTH_PT, _HEIGHT_PT = landscape(A4)
_MARGIN_PT: Final = 36.0
_GAP_PT: Final = 6.0
_SIZES_PT: Final = (9.0, 8.0, 7.0, 6.0, 5.5)
_TITLE_PT: Final = 13.0
_LEADING: Final = 1.3
_FONT, _BOLD = "Helvetica", "Helvetica-Bold"
_LEFT: Final = (Kind.TEXT, Kind.TIME, Kind.DAY)
_PAGE: Final = {Language.EN: "Page", Language.ES: "Página"}


class TooLong(ValueError):
    """The format holds no more rows; which one does is said in the message."""


class Document:
    """Rows wait on disk until the widths are known; a text that is too wide for its column is cut."""

    def __init__(self, path: Path, sheet: Sheet, most_rows: int = MOST_ROWS) -> None:
        self._sheet = sheet
        self._path = path
        self._most = most_rows
        self._left = most_rows
        self._spool = Spool(path.parent, sheet, lambda cell: float(stringWidth(cell, _FONT, 1)))

    def row(self, row: Sequence[Value]) -> None:
        """One line, when all are there. Raises TooLong."""
        if self._left == 0:
            raise TooLong(
                f"a PDF holds {self._most:,} rows at most, and this report has more:"
                " ask for xlsx or csv, or for a shorter period"
            )
        self._left -= 1
        self._spool.put([_latin(value) if isinstance(value, str) else value for value in row])

    def drop(self) -> None:
        """Nothing more comes of it."""
        self._spool.close()

    def close(self) -> None:
        """Every page."""
        _Pages(self._path, self._sheet, self._spool).draw()
        self._spool.close()


class _Pages:
    """The pages of one report, from the top of the first to the foot of the last."""

    def __init__(self, path: Path, sheet: Sheet, spool: Spool) -> None:
        self._sheet = sheet
        self._spool = spool
        self._headings = [_latin(sheet.heading(column)).split() for column in sheet.columns]
        self._size, self._widths = self._fitted()
        self._line = self._size * _LEADING
        self._canvas = Canvas(str(path), pagesize=(_WIDTH_PT, _HEIGHT_PT), pageCompression=1, invariant=1)
        self._canvas.setTitle(sheet.title)
        self._number = 0
        self._y = 0.0

    def draw(self) -> None:
        """All of them."""
        self._begin()
        self._head()
        self._heading()
        for cells in self._spool.rows():
            if self._y < _MARGIN_PT + 2 * self._line:
                self._turn()
                self._heading()
            self._cells(cells, self._y)
            self._y -= self._line
        self._foot()
        self._end()
        self._canvas.save()

    def _fitted(self) -> tuple[float, list[float]]:
        """The largest size at which everything fits, and the columns' widths; else texts give way."""
        room = _WIDTH_PT - 2 * _MARGIN_PT - _GAP_PT * (len(self._headings) - 1)
        size, widths = _SIZES_PT[0], [0.0]
        for size in _SIZES_PT:
            widths = [
                max(
                    widest * size,
                    *(stringWidth(word, _BOLD, size) for word in heading),
                )
                for widest, heading in zip(self._spool.widest, self._headings, strict=True)
            ]
            if sum(widths) <= room:
                return size, widths
        over = sum(widths) - room
        texts = [i for i, column in enumerate(self._sheet.columns) if column.kind is Kind.TEXT]
        give = sum(widths[i] for i in texts)
        for i in texts:
            widths[i] -= over * widths[i] / give
        return size, widths

    def _begin(self) -> None:
        self._number += 1
        self._y = _HEIGHT_PT - _MARGIN_PT
        self._canvas.setFont(_FONT, 7)
        foot = f"{_PAGE[self._sheet.language]} {self._number}"
        self._canvas.drawRightString(_WIDTH_PT - _MARGIN_PT, _MARGIN_PT / 2, foot)
        self._canvas.drawString(_MARGIN_PT, _MARGIN_PT / 2, self._sheet.title)
        self._canvas.setFont(_FONT, self._size)

    def _end(self) -> None:
        self._canvas.showPage()

    def _turn(self) -> None:
        self._end()
        self._begin()

    def _head(self) -> None:
        self._canvas.setFont(_BOLD, _TITLE_PT)
        self._y -= _TITLE_PT
        self._canvas.drawString(_MARGIN_PT, self._y, self._sheet.title)
        self._canvas.setFont(_FONT, 9)
        for name, value in self._sheet.lines:
            self._y -= 9 * _LEADING
            self._canvas.drawString(_MARGIN_PT, self._y, _latin(f"{name}: {value}"))
        self._y -= self._line

    def _heading(self) -> None:
        """The columns' titles, a word a line, above a rule."""
        self._canvas.setFont(_BOLD, self._size)
        lines = max(map(len, self._headings))
        for at in range(lines):
            self._y -= self._line
            words = [
                heading[at - lines + len(heading)] if at >= lines - len(heading) else ""
                for heading in self._headings
            ]
            self._cells(words, self._y)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(_MARGIN_PT, self._y - 2, _WIDTH_PT - _MARGIN_PT, self._y - 2)
        self._y -= self._line + 2
        self._canvas.setFont(_FONT, self._size)

    def _cells(self, cells: Sequence[str], y: float) -> None:
        x = _MARGIN_PT
        for column, cell, width in zip(self._sheet.columns, cells, self._widths, strict=True):
            if column.kind in _LEFT:
                self._canvas.drawString(x, y, self._cut(cell, width))
            else:
                self._canvas.drawRightString(x + width, y, cell)
            x += width + _GAP_PT

    def _cut(self, text: str, width: float) -> str:
        if stringWidth(text, _FONT, self._size) <= width + 0.01:
            return text
        while text and stringWidth(f"{text}...", _FONT, self._size) > width:
            text = text[:-1]
        return f"{text}..."

    def _foot(self) -> None:
        """What the figures mean."""
        self._y -= self._line
        self._canvas.setFont(_FONT, 7)
        for definition in self._sheet.definitions:
            for line in _wrapped(_latin(f"{definition.formula}: {definition.text}")):
                if self._y < _MARGIN_PT:
                    self._turn()
                    self._canvas.setFont(_FONT, 7)
                    self._y -= 9
                self._canvas.drawString(_MARGIN_PT, self._y, line)
                self._y -= 9


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and stringWidth(longer, _FONT, 7) > _WIDTH_PT - 2 * _MARGIN_PT:
            yield line
            longer = word
        line = longer
    yield line


def _latin(text: str) -> str:
    """What the fonts of every PDF reader can show."""
    return text.replace("\N{MINUS SIGN}", "-").encode("cp1252", "replace").decode("cp1252")
