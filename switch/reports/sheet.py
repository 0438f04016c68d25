"""A report before it has a form: a head, typed columns, and the definitions at its foot.

A value is rounded here, once, so that every format shows the same figure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from switch.figures.facts import Fact
from switch.language import Language
from switch.reports.said import Said

Value: TypeAlias = str | int | float | datetime | date | None
"""A cell; None: there is nothing to tell, such as a mean of nothing."""


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    COUNT = "count"
    SECONDS = "seconds"
    """A mean or a single time, to a tenth of a second."""
    DURATION = "duration"
    """A sum of times, in whole seconds; people see hours, minutes and seconds."""
    SHARE = "share"
    """From 0 to 1, to a ten-thousandth; people see per cent."""
    SCORE = "score"
    """A mean opinion score, to a hundredth."""
    TIME = "time"
    """To the second, in the report's zone."""
    DAY = "day"


_SETTLED: Final[Mapping[Kind, Callable[[Any], Value]]] = {
    Kind.TEXT: str,
    Kind.COUNT: int,
    Kind.SECONDS: lambda value: round(float(value), 1),
    Kind.DURATION: lambda value: round(float(value)),
    Kind.SHARE: lambda value: round(float(value), 4),
    Kind.SCORE: lambda value: round(float(value), 2),
    Kind.TIME: lambda value: value.replace(microsecond=0),
    Kind.DAY: lambda value: value,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `formula` names the entry of the registry that its figures come from, if they do."""

    id: str
    title: Said
    kind: Kind
    formula: str | None = None
    fact: Fact | None = None
    """What it counts, where it is the count of one fact."""


@dataclass(frozen=True, slots=True)
class Definition:
    """How a figure is found: the formula's id and version, and the formula in words."""

    formula: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands above, beside and below the rows."""

    report: str
    title: str
    lines: Sequence[tuple[str, str]]
    """Below the title: what the report is of, as a name and a value, such as the period and each filter."""
    columns: Sequence[Column]
    definitions: Sequence[Definition]
    language: Language

    def heading(self, column: Column) -> str:
        """The title of a column, in the report's language."""
        return column.title.in_(self.language)


def settle(columns: Sequence[Column], row: Sequence[Value]) -> list[Value]:
    """The row as every format shows it."""
    return [
        None if value is None else _SETTLED[column.kind](value)
        for column, value in zip(columns, row, strict=True)
    ]
