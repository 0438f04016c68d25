"""What the journal's directory holds at start: the newest snapshot, and the events since.

    <sequence, 20 digits>.snapshot   the router after that step
    <sequence, 20 digits>.journal    a segment; that step is its first record

A tail that a crash tore off is cut; whatever else is damaged is set aside, never deleted, and named.
"""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from acd.commands import Command, Offer
from acd.journal import JournalError, Record, ReplayDiverged, decode, frame, replay, unframe
from acd.router import Router
from acd.state import SnapshotError

SNAPSHOT_MAGIC = b"centrS01"
SNAPSHOT = ".snapshot"
SEGMENT = ".journal"
DAMAGED = ".damaged"
_HEARD_AFTER_US = 5_000_000
"""By then the history has written down what it was told."""


class JournalLocked(OSError):
    """Another switch writes this journal."""


@dataclass(slots=True)
class Recovery:
    """The router as it was, and how it was found: `replayed` steps after the snapshot at `snapshot_sequence`
    (0: none). `problems` are lines for the log; empty after an orderly end and after most crashes. `offers`
    were made in those steps, and shortly before: of the last ones the ledger in the history may know nothing
    yet."""

    router: Router
    snapshot_sequence: int = 0
    replayed: int = 0
    problems: list[str] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)

    def heard(self, commands: Sequence[Command]) -> None:
        """What a replayed step gave."""
        self.offers += [command for command in commands if isinstance(command, Offer)]


def recover(directory: Path, pool: str = "main") -> Recovery:
    """Read the directory (made if missing); blocking, for the start only.

    Raises `JournalLocked` where another switch is at work: what looks torn there is being written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    held = lock(directory)
    try:
        return _recover(directory, pool)
    finally:
        os.close(held)


def lock(directory: Path) -> int:
    """Hold the directory until the descriptor is closed or the process ends; raises `JournalLocked`."""
    file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        raise JournalLocked(f"{directory}: another switch writes this journal") from error
    return file


def files(directory: Path, suffix: str) -> list[Path]:
    """The directory's snapshots or segments, oldest first."""
    return sorted(path for path in directory.glob(f"*{suffix}") if path.stem.isdecimal())


def sequence_of(path: Path) -> int:
    """The sequence in a file's name."""
    return int(path.stem)


def encode_snapshot(snapshot: bytes) -> bytes:
    """The bytes of a snapshot file."""
    return SNAPSHOT_MAGIC + frame(snapshot)


def _recover(directory: Path, pool: str) -> Recovery:
    recovery = _from_snapshot(directory, pool)
    snapshot_us = recovery.router.now_us
    paths = files(directory, SEGMENT)
    for place, path in enumerate(paths):
        following = paths[place + 1 :]
        if following and sequence_of(following[0]) <= recovery.router.sequence + 1:
            continue  # the snapshot covers it whole
        records = _read(path, recovery, last=not following)
        if records is None or not _replay(records, recovery, path):
            for damaged in following:
                _set_aside(damaged, recovery, "it follows a gap")
            break
    recovery.replayed = recovery.router.sequence - recovery.snapshot_sequence
    since_us = recovery.router.now_us - _HEARD_AFTER_US
    if recovery.replayed and since_us < snapshot_us:
        recovery.offers[:0] = _offers_before(directory, recovery.snapshot_sequence, since_us, pool)
    return recovery


def _offers_before(directory: Path, sequence: int, since_us: int, pool: str) -> list[Offer]:
    """Those between the last snapshot before that time and the one after that step; none where the journal
    cannot be read."""
    try:
        earlier = Recovery(_router_at(directory, sequence, since_us, pool))
        paths = [path for path in files(directory, SEGMENT) if sequence_of(path) <= sequence]
        for path, following in zip_longest(paths, paths[1:]):
            if following is None or sequence_of(following) > earlier.router.sequence + 1:
                records = [one for one in decode(path.read_bytes()).records if one.sequence <= sequence]
                replay(earlier.router, records, earlier.heard)
    except (SnapshotError, JournalError, ReplayDiverged):
        return []
    return earlier.offers


def _router_at(directory: Path, sequence: int, at_us: int, pool: str) -> Router:
    """Of the last snapshot before that time and step; a new one where there is none."""
    for path in reversed(files(directory, SNAPSHOT)):
        if sequence_of(path) < sequence and (router := read_snapshot(path.read_bytes())).now_us < at_us:
            return router
    return Router(pool)


def _from_snapshot(directory: Path, pool: str) -> Recovery:
    problems: list[str] = []
    for path in reversed(files(directory, SNAPSHOT)):
        try:
            router = read_snapshot(path.read_bytes())
        except SnapshotError as error:
            problems.append(f"{path.name}: {error}; an older one is used")
            continue
        if router.pool == pool:
            return Recovery(router, router.sequence, problems=problems)
        problems.append(f"{path.name}: is of pool {router.pool}, not {pool}; passed over")
    return Recovery(Router(pool), problems=problems)


def read_snapshot(data: bytes) -> Router:
    """The router of a snapshot file. Raises `SnapshotError`."""
    payload = None
    if data.startswith(SNAPSHOT_MAGIC):
        payload, _, _ = unframe(data, len(SNAPSHOT_MAGIC))
    if payload is None:
        raise SnapshotError("not a whole snapshot")
    return Router.restore(payload)


def _read(path: Path, recovery: Recovery, last: bool) -> list[Record] | None:
    """The records of a segment; None if it cannot be read at all."""
    data = path.read_bytes()
    try:
        segment = decode(data)
    except JournalError as error:
        _set_aside(path, recovery, str(error))
        return None
    if segment.header.pool != recovery.router.pool:
        _set_aside(path, recovery, f"it is of pool {segment.header.pool}")
        return None
    if segment.damage is not None:
        lost = len(data) - segment.clean_bytes
        recovery.problems.append(f"{path.name}: {segment.damage}; its last {lost} bytes are cut off")
        if not last:
            path.with_suffix(SEGMENT + DAMAGED).write_bytes(data)
        os.truncate(path, segment.clean_bytes)
    return segment.records


def _replay(records: list[Record], recovery: Recovery, path: Path) -> bool:
    """Step the records; False at a gap, beyond which nothing means anything."""
    router = recovery.router
    while True:
        before = router.sequence
        try:
            replay(router, records, recovery.heard)
        except ReplayDiverged as difference:
            recovery.offers.clear()  # the ledger has them as they were decided then
            if router.sequence == before:
                _set_aside(path, recovery, str(difference))
                return False
            # An upgrade may decide otherwise than its predecessor; the facts are what counts now.
            recovery.problems.append(f"{path.name}: {difference}")
            continue
        return True


def _set_aside(path: Path, recovery: Recovery, why: str) -> None:
    path.rename(path.with_suffix(path.suffix + DAMAGED))
    recovery.problems.append(f"{path.name}: {why}; kept as {path.name}{DAMAGED}")
