"""Asks the API and shows the answer: once or again and again, as a table, as CSV or as the API's own JSON."""

import csv
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from switch.cli.client import Client, WrongUsage
from switch.cli.tables import NOTHING, Column, Row, cells, table

NO_FIGURES: Row = {"counts": {}, "figures": {}}
"""Of a queue or agent of whom nothing is counted today."""
_PAGE = 200
"""Rows that the API gives at once, at most."""
_WIDE = 1000
"""Columns: a table is as wide as it is, and a narrow terminal wraps its lines; nothing is cut off."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask for, and the columns of the answer."""

    columns: Sequence[Column]
    path: str
    params: Mapping[str, str] | None = None
    figures: str | None = None
    """By what today's figures stand beside the rows, in tables and CSV: as `figures` and `counts` of each."""
    last: int | None = None
    """Of a list that goes far back, so many rows; None: all of it."""


class Form(StrEnum):
    """As what."""

    TABLE = "table"
    CSV = "csv"
    """The table's rows and headings (RFC 4180); watched, the headings once."""
    JSON = "json"


def form(json: bool, csv: bool) -> Form:
    """By the options. Raises WrongUsage for both."""
    if json and csv:
        raise WrongUsage("--json or --csv, not both")
    return Form.JSON if json else Form.CSV if csv else Form.TABLE


@dataclass(frozen=True, slots=True)
class Manner:
    """How to show it."""

    form: Form
    watch: bool
    interval_s: float = 1.0
    wait: Callable[[float], None] = time.sleep


def show(client: Client, question: Question, how: Manner) -> None:
    """Show the answer. Watching ends with an interrupt. Raises what the client raises."""
    if how.form is Form.JSON:
        each(how, lambda: print(msgspec.json.encode(_ask(client, question)).decode(), flush=True))
        return
    if how.form is Form.CSV:
        _print_rows([[column.title.lower() for column in question.columns]])
        each(how, lambda: _print_rows(cells(question.columns, _rows(client, question))))
        return
    out = console()
    each(how, lambda: _draw(out, how, _table(client, question)))


def each(how: Manner, turn: Callable[[], None]) -> None:
    """One turn, or one after another until an interrupt."""
    turn()
    while how.watch:
        try:
            how.wait(how.interval_s)
        except KeyboardInterrupt:
            return
        turn()


def _draw(out: Console, how: Manner, made: Table) -> None:
    if how.watch:
        out.clear()  # where it is a terminal
    out.print(made)


def _ask(client: Client, question: Question) -> dict[str, Any]:
    """As the API answers; a list as if it were of one page. That there are more than the last is said where
    nobody reads it as an answer.
    """
    asked, last = dict(question.params or {}), question.last
    if last is not None:
        asked["limit"] = str(min(last, _PAGE))
    pages = client.pages(question.path, asked)
    answer = next(pages)
    while answer.get("next") is not None and (last is None or len(answer["items"]) < last):
        page = next(pages)
        answer = {"items": answer["items"] + page["items"], "next": page["next"]}
    if last is not None and (answer["next"] is not None or len(answer["items"]) > last):
        print(f"there are more than these {last}: --last N", file=sys.stderr)
        answer = {"items": answer["items"][:last], "next": None}
    return answer


def _rows(client: Client, question: Question) -> Sequence[Row]:
    body = _ask(client, question)
    rows: Sequence[Row] = body.get("items", [body])
    if question.figures is None:
        return rows
    told = client.pages("/figures", {"by": question.figures})
    today: dict[str, Row] = {
        each["key"]: {part: each[part] for part in NO_FIGURES} for page in told for each in page["items"]
    }
    return [{**row, **today.get(row["name"], NO_FIGURES)} for row in rows]


def _table(client: Client, question: Question) -> Table:
    return table(question.columns, _rows(client, question))


def _print_rows(rows: Sequence[Sequence[str]]) -> None:
    csv.writer(sys.stdout).writerows(["" if cell == NOTHING else cell for cell in row] for row in rows)
    sys.stdout.flush()


def console() -> Console:
    """Where tables go."""
    return Console(width=_WIDE, highlight=False, markup=False, emoji=False)
