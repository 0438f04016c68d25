"""What commands are told, alike for all: options, and names that shells complete by what the switch knows."""

import getpass
import os
from pathlib import Path
from typing import Annotated, Final

import typer

from switch.cli.completion import names

CONFIG_VARIABLE: Final = "CENTRALITA_CONFIG"
"""Of the environment: where the configuration is when no --config is given."""
_ONE: Final = "Only this one."
_ACTIVE: Final = names("calls?state=active", "id")
_ANY: Final = names("calls", "id")

AgentArgument = Annotated[str, typer.Argument(autocompletion=names("agents"))]
PhoneArgument = Annotated[str, typer.Argument(autocompletion=names("phones"))]
CallArgument = Annotated[str, typer.Argument(autocompletion=_ACTIVE)]
PastCallArgument = Annotated[str, typer.Argument(autocompletion=_ANY)]
QueueOrAll = Annotated[str | None, typer.Argument(help=_ONE, autocompletion=names("queues"))]
AgentOrAll = Annotated[str | None, typer.Argument(help=_ONE, autocompletion=names("agents"))]
CallOrAll = Annotated[str | None, typer.Argument(help=_ONE, autocompletion=_ANY)]
AddressArgument = Annotated[str, typer.Argument(autocompletion=names("bans", "address"))]
WebhookArgument = Annotated[str, typer.Argument(autocompletion=names("webhooks"))]
TokenArgument = Annotated[str, typer.Argument(autocompletion=names("tokens"))]
HoldArgument = Annotated[
    str, typer.Argument(help="Its id, as `show` shows it.", autocompletion=names("holds", "id"))
]

ConfigOption = Annotated[
    Path, typer.Option("--config", envvar=CONFIG_VARIABLE, help="The switch's configuration.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="The API's JSON instead.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="CSV instead of a table.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Show it again each second, until interrupted.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who wants it; else who is logged in here.")]
LastOption = Annotated[int, typer.Option("--last", min=1, help="How many of what is past, the newest first.")]
SinceOption = Annotated[str | None, typer.Option("--since", help="Not older than this time (RFC 3339).")]
QueueOption = Annotated[
    str | None, typer.Option("--queue", help="Only what concerns it.", autocompletion=names("queues"))
]
AgentOption = Annotated[
    str | None, typer.Option("--agent", help="Only what concerns him.", autocompletion=names("agents"))
]


def wanted_by(said: str | None) -> str:
    """By `--by`, else who is logged in here; in a container he may have no more than a number."""
    try:
        return said or getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
