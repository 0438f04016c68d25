"""How much the log of the running switch tells."""

from enum import StrEnum
from typing import Annotated

import typer

from switch.cli.arguments import ConfigOption, JsonOption
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.outcome import asking, leave
from switch.config.values import duration

LoggerOption = Annotated[str | None, typer.Option(help="Only lines of this logger, such as sip or call.")]
CallOption = Annotated[str | None, typer.Option(help="Only lines of this call.")]


class LevelOrReset(StrEnum):
    """What the log may be told to tell."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    RESET = "reset"


commands = typer.Typer(help="The log.", no_args_is_help=True)


@commands.command("show")
def show(json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Which levels hold, and until when."""
    with asking(config) as client:
        answer = client.ask("GET", "/logs")
    if json:
        print(answer.text)
        return
    _print(answer.json())


@commands.command("level")
def level(
    level: Annotated[LevelOrReset, typer.Argument(help="debug, info, warning or error; or reset.")],
    logger: LoggerOption = None,
    call: CallOption = None,
    for_: Annotated[str, typer.Option("--for", help="How long: 30s, 10m, 2h.")] = "10m",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write more or less for a while. It ends by itself."""
    try:
        for_s = duration(for_)
    except ValueError as error:
        leave(2, f"--for: {error}")
    wanted = {
        "level": None if level is LevelOrReset.RESET else level,
        "logger": logger,
        "call": call,
        "for_s": for_s,
    }
    with asking(config) as client:
        _print(client.ask("PUT", "/logs", json=wanted).json())


def _print(row: dict[str, object]) -> None:
    print(f"{row['level']}")
    levels, changes = row["levels"], row["changes"]
    assert isinstance(levels, dict)
    assert isinstance(changes, list)
    for name, one in levels.items():
        print(f"{one} for {name}")
    for change in changes:
        of = [f"for {change['logger'] or 'all'}"] + ([f"in call {change['call']}"] if change["call"] else [])
        print(f"{change['level']} {' '.join(of)} until {change['until']}")
