"""A PostgreSQL of the tests' own: a fresh cluster in a folder, reached by its socket alone."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

_PLACES = (Path("/usr/lib/postgresql"), Path("/usr/local/pgsql"))


class Postgresql:
    """A cluster that can be stopped and started again; `url` is its database, as the configuration has it."""

    def __init__(self, folder: Path) -> None:
        self.url = f"postgresql://centralita@/postgres?host={folder}"
        self._folder = folder
        self._user = _user()
        self._up = False

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """It lives as long as the context."""
        folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        try:
            cluster = cls(folder)
            shutil.chown(folder, cluster._user)
            own = ("-A", "trust", "-U", "centralita", "-N", "-E", "UTF8", "--locale=C")
            cluster._run("initdb", *own)
            cluster.start()
            try:
                yield cluster
            finally:
                cluster.stop()
        finally:
            shutil.rmtree(folder)

    def start(self) -> None:
        """It takes connections when this returns."""
        self._run("pg_ctl", "-l", self._folder / "log", "-w", "-o", f"-k {self._folder} -h '' -F", "start")
        self._up = True

    def stop(self) -> None:
        """As if it had crashed; whoever is connected loses his connection. A second time changes nothing."""
        if self._up:
            self._run("pg_ctl", "-m", "immediate", "stop")
        self._up = False

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [_program(program), "-D", self._folder / "db", *arguments],
            user=self._user if os.getuid() == 0 else None,
            cwd="/tmp",
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a cluster that nobody stops."""
    with Postgresql.running() as cluster:
        yield cluster.url


def _user() -> str:
    """Who may run it: root must not."""
    return "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name


def _program(name: str) -> Path:
    """The newest version's; Debian keeps them out of PATH."""
    found = sorted(path for place in _PLACES for path in place.glob(f"*/bin/{name}"))
    return found[-1] if found else Path(shutil.which(name) or name)
