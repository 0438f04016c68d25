"""A file of lines that grows, until it is written anew with the lines that still count.

The loop hands lines to the kernel at the end of the turn in which they were added. Writing anew is a thread's
work: it fills a file beside this one and syncs it; then the loop adds what came meanwhile and puts it in the
place of the old one. Whenever a crash comes, a whole file is there.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import structlog

REWRITE_AFTER: Final = 20_000
"""Lines after which the file is written anew, unless a fourth of them counted when it last was."""
_AGAIN_AFTER: Final = 1_000
"""Lines after which it is tried again where that could not be."""
_AT_ONCE: Final = 50
"""Lines that are written anew between two moments at which the loop may go on: half a millisecond."""
MOST_WAITING: Final = 16 * 1024 * 1024
"""Octets that wait while the disk takes none. Past that they go: what counts is written anew instead."""


class LineFile:
    """Lines of JSON, appended; `counting` gives those that still count."""

    def __init__(
        self, path: Path, loop: asyncio.AbstractEventLoop, counting: Callable[[], Sequence[msgspec.Struct]]
    ) -> None:
        """Writes the file anew at once. OSError if that cannot be."""
        self._path = path
        self._fresh = path.with_suffix(".new")
        self._loop = loop
        self._counting = counting
        self._log = structlog.get_logger("logbook")
        self._waiting = bytearray()
        self._meanwhile: bytearray | None = None
        """What went into the old file while a new one is written; None while none is."""
        self._scheduled = self._failing = self._dropped = self._closed = False
        lines = counting()
        self._file = _written(self._fresh, lines)
        self._fresh.replace(path)
        _sync(path.parent)
        self._counts(len(lines))

    def add(self, line: msgspec.Struct) -> None:
        """It is in the file when this turn of the loop is over; not where the file is closed."""
        self._waiting += msgspec.json.encode(line) + b"\n"
        self._lines += 1
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.flush)

    def touch(self) -> None:
        """The file is as new as can be. What the disk did not take is tried again."""
        if self._waiting:
            self.flush()
        os.utime(self._file)

    def flush(self) -> None:
        """Write what waits. A full disk must not end calls: what it does not take is only needed after a
        crash, and follows when there is room.
        """
        self._scheduled = False
        if self._closed:  # the descriptor may be another file's by now
            return
        try:
            while self._waiting:
                written = os.write(self._file, self._waiting)
                if self._meanwhile is not None:
                    self._meanwhile += self._waiting[:written]
                del self._waiting[:written]  # of a line that it took a part of, the rest follows
        except OSError as error:
            self._failed(error)
            return
        self._failing = False
        if self._lines > self._rewrite_at and self._meanwhile is None:
            self._rewrite()

    def close(self) -> None:
        """Write what waits and close the file; one that is being written is not used."""
        self.flush()
        self._closed = True
        os.close(self._file)

    def _counts(self, lines: int) -> None:
        self._lines = lines
        self._rewrite_at = 0 if self._dropped else max(REWRITE_AFTER, 4 * lines)

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            self._failing = True
            self._log.error("cannot note what is open", error=str(error), path=str(self._path))
        if len(self._waiting) > MOST_WAITING:
            self._waiting = bytearray(b"\n")  # a line that it took a part of is passed over by who reads
            self._dropped = True
            self._rewrite_at = 0

    def _rewrite(self) -> None:
        lines = self._counting()
        self._meanwhile = bytearray()
        self._dropped = False
        writing = self._loop.run_in_executor(None, _written, self._fresh, lines)
        writing.add_done_callback(partial(self._rewritten, len(lines)))

    def _rewritten(self, lines: int, writing: asyncio.Future[int]) -> None:
        """The new file is there, but for what came meanwhile."""
        meanwhile, self._meanwhile = self._meanwhile or bytearray(), None
        if writing.cancelled():
            return
        try:
            fresh = writing.result()
        except OSError as error:
            self._keep(error)
            return
        if self._closed:
            os.close(fresh)
            return
        try:
            _write(fresh, meanwhile)
            self._fresh.replace(self._path)
        except OSError as error:
            os.close(fresh)
            self._keep(error)
            return
        old, self._file = self._file, fresh
        self._counts(lines + meanwhile.count(b"\n"))
        self._loop.run_in_executor(None, _leave, old, self._path.parent)

    def _keep(self, error: OSError) -> None:
        """There is no new file: go on with the old one, and try again some lines later."""
        self._rewrite_at = self._lines + _AGAIN_AFTER
        self._log.error("cannot write the logbook anew", error=str(error), path=str(self._fresh))


def _written(path: Path, lines: Sequence[msgspec.Struct]) -> int:
    """A new file with these lines, on the disk: its descriptor."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_APPEND
    descriptor = os.open(path, flags, 0o600)
    try:
        for first in range(0, len(lines), _AT_ONCE):
            some = lines[first : first + _AT_ONCE]
            _write(descriptor, bytearray().join(msgspec.json.encode(line) + b"\n" for line in some))
        os.fsync(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _write(descriptor: int, data: bytearray) -> None:
    """All of it: a disk that is nearly full takes a part."""
    while data:
        del data[: os.write(descriptor, data)]


def _leave(old: int, folder: Path) -> None:
    os.close(old)
    _sync(folder)


def _sync(folder: Path) -> None:
    """The names in it, too, are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
