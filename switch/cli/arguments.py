"""Names as arguments of commands; a shell completes them by what the running switch knows."""

from typing import Annotated

import typer

from switch.cli.completion import names

_ONE = "Only this one."

AgentArgument = Annotated[str, typer.Argument(autocompletion=names("agents"))]
PhoneArgument = Annotated[str, typer.Argument(autocompletion=names("phones"))]
CallArgument = Annotated[str, typer.Argument(autocompletion=names("calls?state=active", "id"))]
QueueOrAll = Annotated[str | None, typer.Argument(help=_ONE, autocompletion=names("queues"))]
AgentOrAll = Annotated[str | None, typer.Argument(help=_ONE, autocompletion=names("agents"))]
CallOrAll = Annotated[str | None, typer.Argument(help=_ONE, autocompletion=names("calls?state=active", "id"))]
AddressArgument = Annotated[str, typer.Argument(autocompletion=names("bans", "address"))]
