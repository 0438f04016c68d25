"""`centralita history`: the history's tables, brought forward and back. The switch must not run meanwhile."""

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from switch.cli.arguments import ConfigOption
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.outcome import leave

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from switch.config.schema import Config
    from switch.history.schema import Standing

RevisionArgument = Annotated[str, typer.Argument(help="As `status` lists them; `base`: no tables at all.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

commands = typer.Typer(help="The history's tables.", no_args_is_help=True)


@commands.command()
def status(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Which tables the database has, and which this version wants. Exit code 1 if it is not the same."""
    about = _stand(_read(config))
    print(f"{about.has or 'none'}, this version wants {about.wanted}; known are {', '.join(about.known)}")
    raise typer.Exit(about.has != about.wanted)


@commands.command()
def upgrade(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Bring the tables to what this version wants. A start of the switch does it, too."""
    _go(_read(config), None)


@commands.command()
def downgrade(
    revision: RevisionArgument, config: ConfigOption = DEFAULT_CONFIG, yes: YesOption = False
) -> None:
    """Bring the tables back to what a former version wants, before that version is started again.

    What only later versions know is gone then. Make a copy of the database first.
    """
    read = _read(config)
    warning = f"From {_stand(read).has} back to {revision}: what only later versions know goes. Do it?"
    if not yes and not typer.confirm(warning):
        leave(1, "nothing was changed")
    _go(read, revision)


def _read(path: Path) -> "Config":
    from switch.config.errors import ConfigErrors  # slow, as all below: only who asks waits for it
    from switch.config.load import load

    try:
        return load(path)
    except ConfigErrors as errors:
        leave(2, str(errors))


def _stand(config: "Config") -> "Standing":
    from switch.history.schema import Standing, standing

    async def ask() -> Standing:
        engine = _engine(config)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(standing)
        finally:
            await engine.dispose()

    with _told():
        return asyncio.run(ask())


def _go(config: "Config", revision: str | None) -> None:
    from switch.history.schema import move

    async def go() -> None:
        engine = _engine(config)
        try:
            await move(engine, revision)
        finally:
            await engine.dispose()

    before = _stand(config).has
    with _alone(config.server.data_dir), _told():
        asyncio.run(go())
    print(f"from {before or 'none'} to {_stand(config).has or 'none'}")


def _engine(config: "Config") -> "AsyncEngine":
    from switch.history.database import connect

    return connect(config.database.url, config.server.data_dir)


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong, in words."""
    from sqlalchemy.exc import SQLAlchemyError

    from switch.history.schema import NewerSchema

    try:
        yield
    except (NewerSchema, ValueError) as error:
        leave(1, f"database.url: {error}")
    except (SQLAlchemyError, OSError) as error:
        leave(1, f"database.url: cannot be used: {getattr(error, 'orig', None) or error}")


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """While no switch runs there, and none can be started."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            leave(1, f"a switch runs on {data_dir}: stop it first (centralita drain)")
        yield
