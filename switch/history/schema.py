"""The tables' schema: which migrations a database has had, and the way to today's or back."""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Standing:
    """Which of our migrations a database has had."""

    has: str | None
    """The last one's revision; None where none of our tables are."""
    known: tuple[str, ...]
    """Every revision that this version has, oldest first."""

    @property
    def wanted(self) -> str:
        """The revision that this version works with."""
        return self.known[-1]

    @property
    def is_newer(self) -> bool:
        """Whether a later version of ours has made it what it is."""
        return self.has is not None and self.has not in self.known


class NewerSchema(Exception):
    """The database has the tables of a later version: this one would not know what it writes."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(
            f"has the tables of a later version (revision {standing.has}, this one knows {standing.wanted}): "
            f"start that version, or have it run `centralita history downgrade {standing.wanted}`"
        )


def standing(connection: Connection) -> Standing:
    """Looks, and writes nothing."""
    script = ScriptDirectory(str(MIGRATIONS))
    known = tuple(reversed([each.revision for each in script.walk_revisions()]))
    return Standing(MigrationContext.configure(connection).get_current_revision(), known)


async def migrate(engine: AsyncEngine) -> None:
    """Run the migrations that the database has not had. Raises NewerSchema."""
    await move(engine, None)


async def move(engine: AsyncEngine, revision: str | None) -> None:
    """Bring the tables forward or back to a revision; None is today's, `base` is before the first.

    What a later revision holds that an earlier one has no place for is gone. Raises NewerSchema, and
    ValueError for a revision that this version does not know.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_move, revision)


def _move(connection: Connection, revision: str | None) -> None:
    about = standing(connection)
    if about.is_newer:
        raise NewerSchema(about)
    wanted = revision or about.wanted
    if wanted not in ("base", *about.known):
        raise ValueError(f"no revision {wanted}; known are {', '.join(about.known)}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    places = ("base", *about.known)
    back = places.index(wanted) < places.index(about.has or "base")
    (command.downgrade if back else command.upgrade)(config, wanted)
