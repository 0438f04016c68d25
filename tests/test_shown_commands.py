"""Whatever command of ours a page, or a remedy of the doctor, shows: it exists, and has the options shown."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from switch.cli.app import app
from tests.peers.switch import ROOT

PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "switch/doctor").glob("*.py")),
]
CODE = re.compile(r"^```.*?^```|^ {4}.*?$|`[^`\n]+`", re.S | re.M)
COMMAND = re.compile(r"(?<!-u )\bcentralita ((?:[a-z]+(?![\w/])[^`#|;\n]*))")
OF_ALL = {"--", "--help"}
COMMANDS: Any = typer.main.get_command(app)


def shown(page: Path) -> Iterator[list[str]]:
    """The words behind our name, wherever a page has it as code."""
    text = page.read_text()
    for piece in CODE.findall(text) if page.suffix == ".md" else [text]:
        for found in COMMAND.findall(piece):
            yield [word.strip(",.:)\"'") for word in found.split("  ")[0].split()]


def options(command: Any) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


def unknown(words: list[str]) -> str | None:
    """The first word that is neither a command nor an option of the one before."""
    command = COMMANDS
    for word in words:
        if word in OF_ALL:
            continue
        if hasattr(command, "commands"):
            if word not in command.commands:
                return word
            command = command.commands[word]
        elif word.startswith("--") and word not in options(command):
            return word
    return None


@pytest.mark.parametrize("page", [page for page in PAGES if any(shown(page))], ids=lambda page: page.name)
def test_every_command_that_is_shown_exists(page: Path) -> None:
    assert [f"{' '.join(words)}: {wrong}" for words in shown(page) if (wrong := unknown(words))] == []


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert unknown(["trace", "--trunk", "carrier"]) == "--trunk"
    assert unknown(["queue", "list"]) == "list"
    assert unknown(["queue", "show", "--watch"]) is None
