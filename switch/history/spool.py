"""A file of lines that waits for the database: first in, first out, and still there after a crash."""

import os
from collections.abc import Sequence
from pathlib import Path

_READ = 256 * 1024


class Spool:
    """Lines of bytes without newlines in them. Short synchronous file operations; one owner."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._end = _without_torn_line(self._file)
        self._start = 0

    def __bool__(self) -> bool:
        return self._start < self._end

    @property
    def size_bytes(self) -> int:
        """Of the lines that wait."""
        return self._end - self._start

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._path

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines at the end. Raises OSError; then none of them is in it."""
        block = b"".join(line + b"\n" for line in lines)
        try:
            if os.write(self._file, block) != len(block):
                raise OSError("the spool's disk is full")
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(block)

    def prepend(self, lines: Sequence[bytes]) -> None:
        """Put lines before the first. Raises OSError; then the spool is what it was."""
        fresh = self._path.with_suffix(".new")
        file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        block = b"".join(line + b"\n" for line in lines)
        block += os.pread(self._file, self._end - self._start, self._start)
        try:
            if os.write(file, block) != len(block):
                raise OSError("the spool's disk is full")
            fresh.replace(self._path)
        except OSError:
            os.close(file)
            fresh.unlink(missing_ok=True)
            raise
        os.close(self._file)
        self._file, self._start, self._end = file, 0, len(block)

    def first(self, count: int) -> list[bytes]:
        """Up to `count` of the oldest lines; they stay until `drop`."""
        size = _READ
        block = b""
        while b"\n" not in block and len(block) < self._end - self._start:
            block = os.pread(self._file, min(size, self._end - self._start), self._start)
            size *= 2
        return block[: block.rfind(b"\n")].split(b"\n")[:count] if block else []

    def drop(self, lines: Sequence[bytes]) -> None:
        """Forget the oldest lines, which `first` gave. An emptied spool takes no room."""
        self._start += sum(len(line) + 1 for line in lines)
        if self._start >= self._end:
            os.ftruncate(self._file, 0)
            self._start = self._end = 0

    def close(self) -> None:
        """Close the file; what is in it waits for the next start."""
        os.close(self._file)


def _without_torn_line(file: int) -> int:
    """Cut off what a crash left of a last line; the length that remains."""
    end = os.fstat(file).st_size
    position = end
    while position > 0:
        start = max(0, position - _READ)
        newline = os.pread(file, position - start, start).rfind(b"\n")
        if newline >= 0:
            os.ftruncate(file, start + newline + 1)
            return start + newline + 1
        position = start
    os.ftruncate(file, 0)
    return 0
