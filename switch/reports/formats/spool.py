"""Rows that wait on disk until it is known how wide their columns are."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from switch.reports.sheet import Sheet, Value
from switch.reports.shown import shown


class Spool:
    """The cells of a report as people read them, and the widest text of each column, as `width` measures."""

    def __init__(self, folder: Path, sheet: Sheet, width: Callable[[str], float] = len) -> None:
        self._sheet = sheet
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - `close` ends it
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(list[str]).decode
        self._width = width
        self.widest = [0.0] * len(sheet.columns)

    def put(self, row: Sequence[Value]) -> None:
        """Keep one row."""
        language = self._sheet.language
        cells = [
            shown(column.kind, value, language)
            for column, value in zip(self._sheet.columns, row, strict=True)
        ]
        for i, cell in enumerate(cells):
            self.widest[i] = max(self.widest[i], self._width(cell))
        self._file.write(self._encode(cells) + b"\n")

    def rows(self) -> Iterator[list[str]]:
        """All of them, in their order."""
        self._file.seek(0)
        yield from map(self._decode, self._file)

    def close(self) -> None:
        """They are needed no longer."""
        self._file.close()
