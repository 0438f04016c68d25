"""Asks the API and shows the answer: once or again and again, as a table or as the API's own JSON."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.live import Live

from switch.cli.client import Client
from switch.cli.tables import Column, table

_PIPE_WIDTH = 1000
"""Columns on what is no terminal: nothing is cut off for the program that reads it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask for, and the columns of the answer."""

    columns: Sequence[Column]
    path: str
    params: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How to show it."""

    as_json: bool
    watch: bool
    interval_s: float = 1.0
    wait: Callable[[float], None] = time.sleep


def show(client: Client, question: Question, how: Manner) -> None:
    """Show the answer. Watching ends with an interrupt. Raises what the client raises."""
    if how.as_json:
        each(how, lambda: print(_ask(client, question).text, flush=True))
        return
    out = console()
    if not how.watch or not out.is_terminal:
        each(how, lambda: out.print(_table(client, question)))
        return
    with Live(_table(client, question), console=out, screen=True, auto_refresh=False) as live:
        each(how, lambda: live.update(_table(client, question), refresh=True))


def each(how: Manner, turn: Callable[[], None]) -> None:
    """One turn, or one after another until an interrupt."""
    turn()
    while how.watch:
        try:
            how.wait(how.interval_s)
        except KeyboardInterrupt:
            return
        turn()


def _ask(client: Client, question: Question) -> Any:
    return client.ask("GET", question.path, params=question.params)


def _table(client: Client, question: Question) -> Any:
    body = _ask(client, question).json()
    return table(question.columns, body.get("items", [body]))


def console() -> Console:
    """Where tables go: as wide as they are where nobody looks at it."""
    out = Console(highlight=False, markup=False, emoji=False)
    if not out.is_terminal:
        out.width = _PIPE_WIDTH
    return out
