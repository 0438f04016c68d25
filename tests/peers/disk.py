"""A disk that is soon full."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MB = 1024 * 1024


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own at `folder`, as large as that (root only)."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def filled(folder: Path, but: int = 0) -> Iterator[None]:
    """With so many octets left on its disk, though others write meanwhile."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        for step in (MB, os.statvfs(folder).f_frsize):
            while _free(folder) >= but + step and _grown(file.fileno(), step):
                pass
    try:
        yield
    finally:
        filler.unlink()


def _free(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def _grown(file: int, step: int) -> bool:
    """Whether there was room for so many octets more."""
    try:
        os.posix_fallocate(file, os.fstat(file).st_size, step)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True
