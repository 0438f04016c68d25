"""Every command that a page names is one of ours, with the options that it is given there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from switch.cli.app import app

DOCS = Path(__file__).parent.parent / "docs"
COMMAND = re.compile(r"(?:^|[`(])(?:\.venv/bin/)?(centralita [a-z][^`|#\n)]*)", re.MULTILINE)


def commands() -> Iterator[tuple[str, str]]:
    for page in sorted(DOCS.rglob("*.md")):
        for found in COMMAND.findall(page.read_text(encoding="utf-8")):
            yield str(page.relative_to(DOCS)), found.strip()


FOUND = sorted(set(commands()))


def test_there_are_many() -> None:
    assert len(FOUND) > 60


@pytest.mark.parametrize(("page", "line"), FOUND)
def test_it_is_a_command_of_ours(page: str, line: str) -> None:
    group = get_command(app)
    for word in shlex.split(line)[1:]:
        listed = getattr(group, "commands", None)
        if listed is not None and word != "--help":
            alternatives = word.rstrip(",.;:").split("|")
            assert all(one in listed for one in alternatives), f"{page}: {line}"
            group = listed[alternatives[0]]
        elif word.startswith("--") and word != "--":
            known = {"--help", *(name for parameter in group.params for name in parameter.opts)}
            assert word.split("=")[0].rstrip(",.;:") in known, f"{page}: {line}"
