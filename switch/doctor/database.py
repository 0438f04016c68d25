"""The history's database: does it answer, has it our tables, what time is it there?"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from switch.doctor.findings import Finding, bad, doubt, good
from switch.doctor.patient import Patient
from switch.history.database import Away, Known, connect, reach
from switch.history.schema import Standing, standing

_PATIENCE_S: Final = 5.0
_APART_S: Final = 2.0


def examine(patient: Patient) -> Iterator[Finding]:
    """Asks it as the switch does, and writes nothing. The spool keeps what happens while it is away."""
    url = make_url(patient.config.database.url)
    name = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not (patient.data_dir / (url.database or "")).exists():
        yield good(f"{name} is made at the first start")
        return
    try:
        yield from asyncio.run(_ask(patient, name))
    except Away as error:
        yield _away(patient, f"{name} does not answer: {error}", _remedy(url))
    except (OSError, TimeoutError, SQLAlchemyError, ValueError) as error:
        yield bad(f"{name} cannot be used: {_why(error)}", _remedy(url))


async def _ask(patient: Patient, name: str) -> list[Finding]:
    engine = connect(patient.config.database.url, patient.data_dir)
    try:
        await reach(engine, _PATIENCE_S)
        async with asyncio.timeout(_PATIENCE_S), engine.connect() as connection:
            found = [_schema(name, await connection.run_sync(standing))]
            if engine.dialect.name == "postgresql":
                found.append(await _clock(connection, patient.now))
            return found
    finally:
        await engine.dispose()


def _away(patient: Patient, said: str, remedy: str) -> Finding:
    """One that was there may be away for a while, for a switch that starts as for one that runs."""
    if Known(patient.config.database.url, patient.data_dir):
        return doubt(said, f"{remedy}. Until then calls are taken, and their records wait in data_dir")
    return bad(f"{said}; it never has, so no switch starts with it", remedy)


def _schema(name: str, about: Standing) -> Finding:
    if about.has == about.wanted:
        return good(f"{name} answers and has our tables ({about.has})")
    if about.has is None:
        return good(f"{name} answers; the first start makes our tables")
    if not about.is_newer:
        return doubt(
            f"{name} has the tables of a former version ({about.has})",
            "the next start brings them up to date",
        )
    return bad(
        f"{name} has the tables of a later version ({about.has})",
        f"start that version, or have it run `centralita history downgrade {about.wanted}`",
    )


async def _clock(connection: AsyncConnection, now: Callable[[], datetime]) -> Finding:
    """How far ours and its clock are apart, the time that asking takes left out."""
    before = now()
    theirs = (await connection.execute(text("select clock_timestamp()"))).scalar_one()
    after = now()
    apart_s = (before + (after - before) / 2 - theirs).total_seconds()
    if abs(apart_s) <= _APART_S:
        return good("its clock and ours agree")
    ahead = "ahead of" if apart_s > 0 else "behind"
    return bad(
        f"this machine's clock is {abs(apart_s):,.0f} s {ahead} the database's",
        "timedatectl on both machines: set the wrong one right (timedatectl set-ntp true)",
    )


def _why(error: BaseException) -> str:
    """The driver's own words, which SQLAlchemy wraps."""
    if isinstance(error, TimeoutError):
        return f"no answer within {_PATIENCE_S:g} s"
    inner = getattr(error, "orig", None) or error
    return str(inner).splitlines()[0] if str(inner) else type(inner).__name__


def _remedy(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"is database.url right? If so: sqlite3 {url.database} 'pragma quick_check'"
    host = url.host or url.query.get("host", "localhost")
    return f"pg_isready -h {host} -p {url.port or 5432}; start PostgreSQL, or set database.url right"
