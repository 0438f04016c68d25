"""What writes each form, row by row, in memory that does not grow with them; the child alone imports it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from switch.reports.formats.document import Document
from switch.reports.formats.plain import Plain
from switch.reports.formats.separated import Separated, SpanishExcel
from switch.reports.formats.structured import Structured
from switch.reports.formats.workbook import Workbook
from switch.reports.question import Format
from switch.reports.sheet import Sheet, Value


class Writer(Protocol):
    """Writes one report into a file that is there when it is closed."""

    def row(self, row: Sequence[Value]) -> None:
        """The next row, settled. Raises `TooLong` where the format holds no more."""

    def drop(self) -> None:
        """Nothing more comes of it; what there is of the file is of no use."""

    def close(self) -> None:
        """The definitions, and the end."""


WRITERS: Final[Mapping[Format, Callable[[Path, Sheet], Writer]]] = {
    Format.TABLE: Plain,
    Format.CSV: Separated,
    Format.CSV_ES: SpanishExcel,
    Format.XLSX: Workbook,
    Format.PDF: Document,
    Format.JSON: Structured,
}
