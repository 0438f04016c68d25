"""`centralita doctor`: findings line by line, as they are made."""

import json as encoding
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from switch.cli.arguments import ConfigOption
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.show import console
from switch.doctor.findings import Finding, Verdict

_STYLES = {Verdict.GOOD: "green", Verdict.DOUBT: "yellow", Verdict.BAD: "bold red"}


def doctor(
    config: ConfigOption = DEFAULT_CONFIG,
    json: Annotated[bool, typer.Option("--json", help="A line of JSON for each finding.")] = False,
) -> None:
    """Examine an installation, whether its switch runs or not: what is wrong, and the remedy.

    Nothing is changed. Exit code 1 if anything is bad; doubts alone are no reason.
    """
    from switch.doctor.checks import examine  # slow to import, as other commands do not need it

    out, worst = console(), 0
    for name, finding in examine(config):
        worst |= finding.verdict is Verdict.BAD
        if json:
            row = {"check": name, "verdict": finding.verdict, "said": finding.said, "remedy": finding.remedy}
            print(encoding.dumps(row, ensure_ascii=False), flush=True)
        else:
            _tell(out, name, finding)
    raise typer.Exit(worst)


def _tell(out: Console, name: str, finding: Finding) -> None:
    line = Text(f"{finding.verdict:<6}", style=_STYLES[finding.verdict])
    out.print(line.append(f"{name:<14}{finding.said}", style="default"), soft_wrap=True)
    if finding.remedy:
        out.print(f"{'':<20}-> {finding.remedy}", soft_wrap=True)
