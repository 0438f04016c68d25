"""JSON: what programs read, and what the API answers with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from switch.reports.sheet import Sheet, Value


class Structured:
    """`report`, `title`, `about`, `columns`, `definitions`, then `rows`: objects by the columns' ids."""

    def __init__(self, path: Path, sheet: Sheet) -> None:
        self._ids = [column.id for column in sheet.columns]
        self._encode = msgspec.json.Encoder().encode
        self._file = path.open("wb")
        self._between = b"\n"
        head = self._encode(_head(sheet))
        self._file.write(head[:-1] + b',"rows":[')

    def row(self, row: Sequence[Value]) -> None:
        """One object, on a line of its own."""
        self._file.write(self._between + self._encode(dict(zip(self._ids, row, strict=True))))
        self._between = b",\n"

    def drop(self) -> None:
        """Nothing more comes of it."""
        self._file.close()

    def close(self) -> None:
        """The end of the document."""
        self._file.write(b"\n]}\n")
        self._file.close()


def _head(sheet: Sheet) -> dict[str, Any]:
    return {
        "report": sheet.report,
        "title": sheet.title,
        "about": dict(sheet.lines),
        "columns": [
            {
                "id": column.id,
                "title": sheet.heading(column),
                "kind": column.kind.value,
                "formula": column.formula,
            }
            for column in sheet.columns
        ],
        "definitions": {definition.formula: definition.text for definition in sheet.definitions},
    }
