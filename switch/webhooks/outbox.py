"""What one webhook is still to be told, on disk: first in, first out, and still there after kill -9.

A folder of segments, each named by the number of its first event, and a cursor: the number of the event that
was taken last. Short synchronous file operations; one owner.
"""

import os
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

SEGMENT_BYTES: Final = 1_000_000
MOST_BYTES: Final = 64_000_000
"""Beyond it the oldest segment gives way."""
_READ: Final = 256 * 1024
_CURSOR: Final = "cursor"
_SUFFIX: Final = ".jsonl"


class _Waiting(msgspec.Struct, frozen=True):
    """What has to be known of an event that waits."""

    seq: int
    type: str


def _read(line: bytes) -> _Waiting | None:
    """None for one that is damaged."""
    try:
        return msgspec.json.decode(line, type=_Waiting)
    except msgspec.DecodeError:
        return None


class Line(NamedTuple):
    """One event."""

    seq: int
    type: str
    json: bytes


class _Segment:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.first = int(path.stem)
        self.size = path.stat().st_size if path.exists() else 0
        self.offset = 0
        """Where what was not taken begins."""
        self.count = 0
        """Events that were not taken."""


class Outbox:
    """Of one webhook."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError. What cannot be read of a former run is passed over."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.damaged = 0
        """Lines that were passed over, until somebody has told of them."""
        self._folder = folder
        self._file: int | None = None
        self._cursor = os.open(folder / _CURSOR, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            told = os.pread(self._cursor, 32, 0).strip()
            self.taken = int(told) if told.isdigit() else 0
            """The number of the event that was taken last, 0 before the first."""
            self._segments = [_Segment(path) for path in sorted(folder.glob(f"[0-9]*{_SUFFIX}"))]
            for segment in list(self._segments):
                self._open(segment)
        except OSError:
            os.close(self._cursor)
            raise

    @property
    def count(self) -> int:
        """How many events wait."""
        return sum(segment.count for segment in self._segments)

    @property
    def size(self) -> int:
        """How much they are, in bytes."""
        return sum(segment.size - segment.offset for segment in self._segments)

    def append(self, seq: int, json: bytes) -> int:
        """One event more; how many of the oldest gave way for it. Raises OSError, and it is not in it."""
        segment = self._segments[-1] if self._segments else None
        if segment is None or self._file is None or segment.size >= SEGMENT_BYTES:
            segment = self._begin(seq)
        assert self._file is not None
        line = json + b"\n"
        try:
            if os.write(self._file, line) != len(line):
                raise OSError("no room on the disk")
        except OSError:
            os.ftruncate(self._file, segment.size)
            raise
        segment.size += len(line)
        segment.count += 1
        dropped = 0
        while self.size > MOST_BYTES and len(self._segments) > 1:
            dropped += self._segments[0].count
            self._remove(self._segments[0])
        return dropped

    def first(self) -> Line | None:
        """The oldest event; None where none waits."""
        while self._segments and not self._segments[0].count:
            self._remove(self._segments[0])
        if not self._segments:
            return None
        segment = self._segments[0]
        with segment.path.open("rb") as file:
            file.seek(segment.offset)
            while raw := file.readline():
                if (waiting := _read(raw)) is not None:
                    return Line(waiting.seq, waiting.type, raw.rstrip(b"\n"))
                segment.offset += len(raw)
        self.damaged += segment.count  # while we ran: somebody has cut the file
        self._remove(segment)
        return self.first()

    def done(self, line: Line) -> None:
        """It was taken; it may have given way meanwhile."""
        self.taken = line.seq
        os.pwrite(self._cursor, b"%020d\n" % line.seq, 0)
        segment = self._segments[0] if self._segments else None
        if segment is not None and segment.count and self.first() == line:
            segment.offset += len(line.json) + 1
            segment.count -= 1
            if not segment.count:
                self._remove(segment)

    def close(self) -> None:
        """Close the files; what is in them waits for the next start."""
        os.close(self._cursor)
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _begin(self, seq: int) -> _Segment:
        path = self._folder / f"{seq:020d}{_SUFFIX}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self._file is not None:
            os.close(self._file)
        self._file = file
        self._segments.append(_Segment(path))
        return self._segments[-1]

    def _open(self, segment: _Segment) -> None:
        """Of a former run: without what a crash left of its last line, from the first that was not taken."""
        with segment.path.open("r+b") as file:
            whole = 0
            while line := file.readline():
                if not line.endswith(b"\n"):
                    file.truncate(whole)
                    break
                whole += len(line)
                if (waiting := _read(line)) is None:
                    self.damaged += 1
                elif waiting.seq <= self.taken:
                    segment.offset = whole
                else:
                    segment.count += 1
            segment.size = whole
        if not segment.count:
            self._remove(segment)

    def _remove(self, segment: _Segment) -> None:
        if segment is self._segments[-1] and self._file is not None:
            os.close(self._file)
            self._file = None
        self._segments.remove(segment)
        segment.path.unlink()
