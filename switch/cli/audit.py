"""The audit log."""

from pathlib import Path
from typing import Annotated

import typer

from switch.cli.client import DEFAULT_CONFIG
from switch.cli.outcome import asking
from switch.cli.show import Manner, Question, form, show
from switch.cli.tables import AUDIT

ConfigOption = Annotated[Path, typer.Option("--config", help="The running switch's configuration.")]


def show_audit(
    who: Annotated[str | None, typer.Option(help="Only what this token's holder did.")] = None,
    since: Annotated[str | None, typer.Option(help="Not older than this time (RFC 3339).")] = None,
    last: Annotated[int, typer.Option(min=1, max=200, help="How many, the newest first.")] = 50,
    config: ConfigOption = DEFAULT_CONFIG,
    json: Annotated[bool, typer.Option("--json", help="The API's JSON instead of a table.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV instead of a table.")] = False,
) -> None:
    """Who did what over the API, on what, from where, and what came of it."""
    asked = {"who": who, "since": since, "limit": str(last)}
    params = {key: value for key, value in asked.items() if value is not None}
    with asking(config) as client:
        show(client, Question(AUDIT, "/audit", params, newest=True), Manner(form(json, csv), watch=False))
