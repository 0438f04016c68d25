"""`centralita convert`: another switch's configuration as ours."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from switch.cli.outcome import leave


def convert(
    queues: Annotated[Path, typer.Argument(help="Asterisk's queues.conf.")],
    output: Annotated[Path | None, typer.Option(help="Where to write it; default: standard output.")] = None,
) -> None:
    """Make phones, agents and queues of Asterisk's queues.conf.

    What could not be carried over is said on standard error, line by line.
    """
    from switch.asterisk.conf import ConfError
    from switch.asterisk.convert import convert as converted

    try:
        made = converted(queues)
        text = made.text(queues.name)
        if output is None:
            print(text, end="")
        else:
            with output.open("x", encoding="utf-8") as file:
                file.write(text)
    except ConfError as error:
        leave(1, str(error))
    except FileExistsError:
        leave(2, f"{output} exists: it is not overwritten")
    except OSError as error:
        leave(2, f"{error.filename}: {error.strerror}")
    for warning in made.warnings:
        print(warning, file=sys.stderr)
