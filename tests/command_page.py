"""Writes the pages of the commands and of how calls end: `python -m tests.command_page`."""

import ast
import inspect
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from typer.main import get_command

from switch.calls import ending
from switch.calls.ending import EndedBy, Reason, Result
from switch.cli.app import app

REFERENCE: Final = Path(__file__).parent.parent / "docs" / "reference"
COMMANDS: Final = REFERENCE / "commands.md"
ENDINGS: Final = REFERENCE / "endings.md"

_COMMANDS = """# Commands

Written from the command line itself by `python -m tests.command_page`; a test fails when this page is older.
What asks the running switch finds it, and its token, by `--config` (default `var/centralita.yaml`).
`--json` prints the API's answer, `--csv` a table for a spreadsheet, `--watch` shows it again each second.
`centralita completion bash|zsh|fish` completes commands, options and the names that the switch knows.

Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 no switch answers.
"""
_ENDINGS = """# How calls end

Written from `switch/calls/ending.py` by `python -m tests.command_page`; a test fails when this page is older.
Every call ends once, with one result, one reason and who ended it. Records, events, metrics and logs have the
same words.
"""
_COMMON = frozenset({"config", "json", "csv", "watch", "help"})
"""Options that the head of the page explains."""


def commands_page() -> str:
    """Every command with its arguments and options."""
    return _COMMANDS + "".join(_described("centralita", get_command(app)))


def endings_page() -> str:
    """Results, reasons and who ends a call, each with what its source says."""
    parts = []
    for title, kind in (("Results", Result), ("Reasons", Reason), ("Ended by", EndedBy)):
        notes = dict(_notes(kind))
        rows = "".join(f"| `{one.value}` | {notes.get(one.name, '')} |\n" for one in kind)
        parts.append(f"\n## {title}\n\n{inspect.getdoc(kind)}\n\n| | |\n|---|---|\n{rows}")
    return _ENDINGS + "".join(parts)


def _described(name: str, command: Any) -> Iterator[str]:
    listed = getattr(command, "commands", None)
    if listed is not None:
        if name != "centralita":
            yield f"\n## {name}\n\n{command.help}\n"
        for one in sorted(listed, key=lambda key: (hasattr(listed[key], "commands"), key)):
            yield from _described(f"{name} {one}", listed[one])
        return
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    shown = "".join(f" {_argument(one)}" for one in arguments)
    level = "##" if name.count(" ") == 1 else "###"
    yield f"\n{level} `{name}{shown}`\n\n{inspect.cleandoc(command.help or '')}\n"
    rows = [_row(one) for one in command.params if one.name not in _COMMON]
    if any(rows):
        yield "\n| | |\n|---|---|\n" + "".join(rows)


def _argument(one: Any) -> str:
    name = one.name.upper()
    return name if one.required else f"[{name}]"


def _row(one: Any) -> str:
    said = one.help or ""
    if one.param_type_name == "argument":
        return f"| {one.name.upper()} | {said} |\n" if said else ""
    options = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    kind = one.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        said = f"{said} One of {', '.join(f'`{choice.value}`' for choice in kind)}."
    return f"| {options} | {said.strip()} |\n"


def _notes(kind: type[StrEnum]) -> Iterator[tuple[str, str]]:
    """The text that stands under a member in its source."""
    tree = ast.parse(inspect.getsource(ending))
    (body,) = (
        node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    for member, note in pairwise(body):
        if not (isinstance(member, ast.Assign) and isinstance(note, ast.Expr)):
            continue
        target, value = member.targets[0], note.value
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield target.id, " ".join(value.value.split())


if __name__ == "__main__":
    COMMANDS.write_text(commands_page(), encoding="utf-8")
    ENDINGS.write_text(endings_page(), encoding="utf-8")
