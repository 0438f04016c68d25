"""The router's journal on disk: one write for each wake-up, fsync on another thread, snapshots in between.

    recovery = recover(directory)                # switch.persistence.recovery
    journal = Journal(directory, recovery.router, on_problem)
    commands = router.step(event, now_us)        # for each event of a wake-up
    journal.record(event, commands)
    journal.write()                              # once, before any command is carried out

kill -9 loses nothing that `write` returned from; a power cut loses at most the last `fsync_every_s`. A disk
that takes nothing is reported, once, and the switch goes on: the records wait in memory and follow when
there is room, and past `MAX_WAITING_BYTES` a snapshot takes their place.
"""

import contextlib
import enum
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from acd.commands import Command
from acd.events import Event
from acd.journal import Header, encode, encode_header
from acd.router import Router
from switch.persistence.recovery import SEGMENT, SNAPSHOT, encode_snapshot, files, lock, sequence_of

SEGMENT_BYTES = 1024 * 1024  # some 14,000 steps: replayed in a third of a second
FSYNC_EVERY_S = 0.1
MAX_WAITING_BYTES = 64 * 1024 * 1024
SNAPSHOTS_KEPT = 2  # whatever their age: should the newer be unreadable, the older is there


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of the past is kept for who asks why (`switch.why`): what is older than `age_s` goes, and the
    oldest beyond `size_bytes` in all. What a restart needs is kept in any case."""

    age_s: float = 24 * 3600.0
    size_bytes: int = 1_000_000_000


class ProblemKind(enum.StrEnum):
    """What can go wrong with the journal."""

    WRITE = "journal write"
    SYNC = "journal sync"
    SNAPSHOT = "journal snapshot"


@dataclass(frozen=True, slots=True)
class JournalProblem:
    """One line for the log and the alarms: told when it begins, and when it is over."""

    kind: ProblemKind
    message: str
    over: bool = False


class Journal:
    """Writes what the router's steps leave behind. Not for use from several threads.

    Opening it starts a segment and a snapshot; raises `OSError` where the directory takes neither and
    `JournalLocked` where another switch is at work.
    """

    def __init__(
        self,
        directory: Path,
        router: Router,
        on_problem: Callable[[JournalProblem], None],
        *,
        segment_bytes: int = SEGMENT_BYTES,
        fsync_every_s: float = FSYNC_EVERY_S,
        retention: Retention | None = None,
    ) -> None:
        self._directory = directory
        self._router = router
        self._on_problem = on_problem
        self._segment_bytes = segment_bytes
        self._lock = lock(directory)
        self._waiting = bytearray()
        self._skipped = False  # records were dropped: only a snapshot continues
        self._failing = False
        self._keeper = _Keeper(directory, fsync_every_s, retention or Retention())
        try:
            self._start_segment()
        except OSError:
            os.close(self._lock)
            raise
        self._keeper.start()

    @property
    def retention(self) -> Retention:
        """How much of the past is kept."""
        return self._keeper.retention

    def keep(self, retention: Retention) -> None:
        """Keep so much of the past from now on."""
        self._keeper.retention = retention

    def record(self, event: Event, commands: Sequence[Command]) -> None:
        """Add the router's last step to what the next `write` writes."""
        router = self._router
        self._waiting += encode(router.sequence, router.now_us, event, commands)

    def write(self) -> bool:
        """Hand everything recorded to the kernel; False if it was not taken and waits in memory."""
        self._pass_on_problems()
        if not self._waiting and not self._skipped:
            return True
        try:
            self._write_out()
        except OSError as error:
            self._failed(error)
            return False
        if self._failing:
            self._failing = False
            self._on_problem(JournalProblem(ProblemKind.WRITE, "the journal is written again", over=True))
        return True

    def start_anew(self) -> None:
        """A step of the router has failed, and what it left is not what its recorded steps make of it: what
        follows goes on from a snapshot.
        """
        if not self.write():
            self._skipped = True
            return
        try:
            self._start_segment()
        except OSError as error:
            self._skipped = True
            self._failed(error)

    def finish(self) -> None:
        """The orderly end: close with a snapshot of the router at rest, from which the next start goes on."""
        self._close((self._router.sequence, self._router.snapshot()))

    def close(self) -> None:
        """Write and sync what is left; blocking, for the end only."""
        self._close(None)

    def _close(self, last: tuple[int, bytes] | None) -> None:
        self.write()
        self._keeper.stop(last)
        self._pass_on_problems()
        os.close(self._lock)

    def _write_out(self) -> None:
        if self._skipped:
            self._waiting.clear()
            self._start_segment()
            self._skipped = False
        while self._waiting:
            written = os.write(self._file, self._waiting)
            # What a full disk took of a frame stays; the rest follows it when there is room.
            del self._waiting[:written]
            self._written += written
        self._keeper.wrote()
        if self._written >= self._segment_bytes:
            self._start_segment()

    def _start_segment(self) -> None:
        """Open the next segment. The snapshot that makes the older ones superfluous follows on the thread."""
        sequence = self._router.sequence
        path = self._directory / f"{sequence + 1:020d}{SEGMENT}"
        header = encode_header(Header(self._router.pool, sequence + 1))
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            if os.write(file, header) != len(header):
                raise OSError(f"{path.name}: no room for its header")
        except OSError:
            os.close(file)
            path.unlink()
            raise
        self._file = file
        self._written = len(header)
        self._keeper.follow(file, sequence, self._router.snapshot())

    def _failed(self, error: OSError) -> None:
        if len(self._waiting) > MAX_WAITING_BYTES:
            self._waiting.clear()
            self._skipped = True
        if not self._failing:
            self._failing = True
            message = f"the journal cannot be written: {error}; calls go on, a crash now would lose events"
            self._on_problem(JournalProblem(ProblemKind.WRITE, message))

    def _pass_on_problems(self) -> None:
        while not self._keeper.problems.empty():
            self._on_problem(self._keeper.problems.get_nowait())


class _Keeper:
    """The thread beside the loop: syncs, writes snapshots, closes and deletes what is no longer needed."""

    def __init__(self, directory: Path, every_s: float, retention: Retention) -> None:
        self.retention = retention
        self.problems: SimpleQueue[JournalProblem] = SimpleQueue()
        self._directory = directory
        self._every_s = every_s
        self._failing: set[ProblemKind] = set()
        self._files: SimpleQueue[tuple[int, int, bytes]] = SimpleQueue()
        self._file: int | None = None
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, last: tuple[int, bytes] | None) -> None:
        """Sync, close, end; with the last snapshot, if there is one."""
        self._stop.set()
        self._thread.join()
        if self._file is not None:
            os.close(self._file)
        if last is not None:
            self._save_or_report(*last)

    def wrote(self) -> None:
        """There is something to sync."""
        self._dirty.set()

    def follow(self, file: int, sequence: int, snapshot: bytes) -> None:
        """From now on `file` is written; the one before is synced, closed and covered by this snapshot."""
        self._files.put((file, sequence, snapshot))

    def turn(self) -> None:
        """One turn of the thread: what was handed over, then a sync if anything was written."""
        with contextlib.suppress(Empty):
            while True:
                self._change(*self._files.get_nowait())
        self._sync()

    def _run(self) -> None:
        while True:
            stopping = self._stop.wait(self._every_s)
            self.turn()
            if stopping:
                return

    def _change(self, file: int, sequence: int, snapshot: bytes) -> None:
        if self._file is not None:
            self._dirty.set()
            self._sync()
            os.close(self._file)
        self._file = file
        self._dirty.set()
        self._save_or_report(sequence, snapshot)

    def _save_or_report(self, sequence: int, snapshot: bytes) -> None:
        try:
            self._save(sequence, snapshot)
        except OSError as error:
            self._failed(ProblemKind.SNAPSHOT, f"the router's snapshot cannot be written: {error}")
        else:
            self._worked(ProblemKind.SNAPSHOT, "the router's snapshot is written again")

    def _sync(self) -> None:
        if self._file is None or not self._dirty.is_set():
            return
        self._dirty.clear()
        try:
            os.fdatasync(self._file)
        except OSError as error:
            self._failed(ProblemKind.SYNC, f"the journal cannot be synced: {error}")
        else:
            self._worked(ProblemKind.SYNC, "the journal is synced again")

    def _save(self, sequence: int, snapshot: bytes) -> None:
        path = self._directory / f"{sequence:020d}{SNAPSHOT}"
        part = path.with_suffix(".part")
        with open(part, "wb", opener=lambda name, flags: os.open(name, flags, 0o640)) as file:
            file.write(encode_snapshot(snapshot))
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        directory = os.open(self._directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        self._delete_superfluous()

    def _delete_superfluous(self) -> None:
        """Of what no restart needs, delete what is too old or too much: snapshots with what follows them."""
        needed = sequence_of(files(self._directory, SNAPSHOT)[-SNAPSHOTS_KEPT:][0])
        room = self.retention.size_bytes
        oldest = time.time() - self.retention.age_s
        paths = [*files(self._directory, SNAPSHOT), *files(self._directory, SEGMENT)]
        going = False
        for first, path in sorted(((_first_step(path), path) for path in paths), reverse=True):
            about = path.stat()
            room -= about.st_size
            if path.suffix == SEGMENT and first <= needed and (room < 0 or about.st_mtime < oldest):
                going = True
            if going:
                path.unlink()

    def _failed(self, kind: ProblemKind, message: str) -> None:
        if kind not in self._failing:
            self._failing.add(kind)
            self.problems.put(JournalProblem(kind, message))

    def _worked(self, kind: ProblemKind, message: str) -> None:
        if kind in self._failing:
            self._failing.discard(kind)
            self.problems.put(JournalProblem(kind, message, over=True))


def _first_step(path: Path) -> int:
    """The first step that needs the file: a snapshot goes with the segment after it."""
    return sequence_of(path) + (path.suffix == SNAPSHOT)
