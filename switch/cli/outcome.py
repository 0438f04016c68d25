"""How every command ends: 0 done, 1 the answer is no, 2 wrong usage, 3 no switch answers."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

from switch.cli.client import Client, NoSwitch, Refusal, WrongUsage, place


@contextmanager
def asking(config: Path) -> Iterator[Client]:
    """A client of the running switch; what goes wrong ends the command with its words and its code."""
    try:
        client = Client(place(config))
        try:
            yield client
        finally:
            client.close()
    except Refusal as error:
        leave(1, str(error))
    except WrongUsage as error:
        leave(2, str(error))
    except NoSwitch as error:
        leave(3, str(error))


def leave(code: int, why: str) -> NoReturn:
    """End the command."""
    print(why, file=sys.stderr)
    raise typer.Exit(code)
