"""The audit log."""

from typing import Annotated

import typer

from switch.cli.arguments import ConfigOption, CsvOption, JsonOption, LastOption, SinceOption
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.completion import names
from switch.cli.outcome import asking
from switch.cli.show import Manner, Question, form, show
from switch.cli.tables import AUDIT


def show_audit(
    who: Annotated[
        str | None, typer.Option(help="Only what this token's holder did.", autocompletion=names("tokens"))
    ] = None,
    since: SinceOption = None,
    last: LastOption = 50,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Who did what over the API, on what, from where, and what came of it."""
    asked = {"who": who, "since": since}
    params = {key: value for key, value in asked.items() if value is not None}
    with asking(config) as client:
        show(client, Question(AUDIT, "/audit", params, last=last), Manner(form(json, csv), watch=False))
