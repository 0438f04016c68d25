"""Until when the mails of one scheduled report have been delivered: a file that a restart finds again.

Whoever delivers holds its lock, looks again, and marks what he has delivered before he lets go: so the child
of a switch that was killed and the child of the next one never deliver the same period twice.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec


class Mark(msgspec.Struct, frozen=True):
    """Every mail that was due up to `through` is delivered, or given up."""

    through: datetime


def read_mark(path: Path) -> datetime | None:
    """The mark; None where there is none yet. Raises ValueError for what we have not written."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Mark).through
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path} is not as it was written: {error}; remove it to begin from now") from error


def write_mark(path: Path, through: datetime) -> None:
    """It is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(msgspec.json.encode(Mark(through)))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While nobody else delivers this report. Raises BlockingIOError where somebody does."""
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)
