"""The journal's past, read while the switch goes on writing: a router as it was at any step that is kept."""

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from acd.journal import JournalError, Record, decode
from acd.router import Router
from acd.state import SnapshotError
from switch.persistence.recovery import SEGMENT, SNAPSHOT, files, read_snapshot, sequence_of


class NotKept(LookupError):
    """The journal does not reach back to that step any more, or has a gap before it."""


class Past:
    """Steps as they were. Goes forward only as far as it must; asking in order costs least."""

    def __init__(self, directory: Path) -> None:
        self._snapshots = files(directory, SNAPSHOT)
        self._segments = files(directory, SEGMENT)
        self._router: Router | None = None

    @property
    def first(self) -> int:
        """The first step that can be looked at."""
        snapshot = sequence_of(self._snapshots[0]) + 1 if self._snapshots else 1
        segment = sequence_of(self._segments[0]) if self._segments else 1
        return max(snapshot, segment) if segment > 1 else 1

    def before(self, position: int) -> tuple[Router, Record]:
        """The router before a step, and the step's record. Raises `NotKept`."""
        router = self._nearest(position - 1)
        for record in self.records(router.sequence + 1):
            if record.sequence != router.sequence + 1:
                break
            if record.sequence == position:
                return router, record
            router.step(record.event, record.now_us)
        raise NotKept(f"step {position} is not in the journal any more")

    def oldest(self) -> Router:
        """The router before the first step that is kept."""
        return (self.at(sequence_of(self._snapshots[0])) if self._snapshots else None) or Router()

    def at(self, sequence: int) -> Router | None:
        """The router of the snapshot after that step; None if it cannot be read."""
        path = next(path for path in self._snapshots if sequence_of(path) == sequence)
        try:
            return read_snapshot(path.read_bytes())
        except (SnapshotError, OSError):
            return None

    def marks(self, sequence: int) -> frozenset[int]:
        """The steps after that one of which there is a snapshot."""
        return frozenset(at for path in self._snapshots if (at := sequence_of(path)) > sequence)

    def records(self, sequence: int) -> Iterator[Record]:
        """The records from that step on, to the end of what is written or readable."""
        following = [sequence_of(path) for path in self._segments]
        for path in self._segments[max(0, bisect_right(following, sequence) - 1) :]:
            try:
                records = decode(path.read_bytes()).records
            except (JournalError, OSError):
                return
            yield from (record for record in records if record.sequence >= sequence)

    def _nearest(self, sequence: int) -> Router:
        """A router at that step or as shortly before it as can be."""
        at = bisect_right([sequence_of(path) for path in self._snapshots], sequence)
        here = self._router.sequence if self._router is not None else -1
        for path in reversed(self._snapshots[:at]):
            if self._router is not None and sequence_of(path) <= here <= sequence:
                return self._router
            try:
                self._router = read_snapshot(path.read_bytes())
            except (SnapshotError, OSError):
                continue
            return self._router
        if self._router is None or here > sequence:
            self._router = Router()
        return self._router
