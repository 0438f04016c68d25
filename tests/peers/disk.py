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
    """With so many octets left on its disk."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        while not _filled(file.fileno(), but):
            pass
    try:
        yield
    finally:
        filler.unlink()


def _filled(file: int, but: int) -> bool:
    """Whether all was still there when it was to be taken: others write meanwhile."""
    room = os.fstatvfs(file)
    try:
        os.posix_fallocate(file, 0, room.f_bavail * room.f_frsize - but)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True
