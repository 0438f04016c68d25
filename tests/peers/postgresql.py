"""A PostgreSQL of the tests' own: a fresh cluster in a folder, reached by its socket alone."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACES = (Path("/usr/lib/postgresql"), Path("/usr/local/pgsql"))


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of its database, as the configuration has it; it lives as long as the context."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user = _user()
    shutil.chown(folder, user)
    try:
        _run(
            user,
            "initdb",
            "-D",
            folder / "db",
            "-A",
            "trust",
            "-U",
            "centralita",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
        )
        _run(
            user,
            "pg_ctl",
            "-D",
            folder / "db",
            "-l",
            folder / "log",
            "-w",
            "-o",
            f"-k {folder} -h '' -F",
            "start",
        )
        try:
            yield f"postgresql://centralita@/postgres?host={folder}"
        finally:
            _run(user, "pg_ctl", "-D", folder / "db", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _user() -> str:
    """Who may run it: root must not."""
    return "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name


def _run(user: str, program: str, *arguments: str | Path) -> None:
    subprocess.run(
        [_program(program), *arguments],
        user=user if os.getuid() == 0 else None,
        cwd="/tmp",
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )


def _program(name: str) -> Path:
    """The newest version's; Debian keeps them out of PATH."""
    found = sorted(path for place in _PLACES for path in place.glob(f"*/bin/{name}"))
    return found[-1] if found else Path(shutil.which(name) or name)
