"""The journal on a real disk: what a crash, a full disk and a long life leave behind."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from acd.events import CallQueued, Configured, DeadlinePassed, PhoneRegistered
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
from switch.persistence.journal import Journal, JournalProblem, ProblemKind, Retention
from switch.persistence.recovery import SEGMENT, SNAPSHOT, JournalLocked, files, recover

START_US = 1_795_000_000_000_000


class Life:
    """One life of a switch: recovery, then events until it ends or is killed."""

    def __init__(
        self, directory: Path, segment_bytes: int = 1 << 20, retention: Retention | None = None
    ) -> None:
        self.recovery = recover(directory)
        self.router = self.recovery.router
        self.problems: list[JournalProblem] = []
        self.journal = Journal(
            directory,
            self.router,
            self.problems.append,
            segment_bytes=segment_bytes,
            fsync_every_s=3600.0,
            retention=retention,
        )
        self.calls = 0

    def configure(self) -> None:
        self.step(Configured([QueueSettings("support", max_waiting=10**6)], [AgentSettings("ana")]))
        self.step(PhoneRegistered("ana", fresh=True))

    def queue(self, calls: int) -> None:
        for _ in range(calls):
            self.calls += 1
            name = f"call-{self.router.sequence}"
            self.step(CallQueued(name, "support", START_US))

    def turn(self) -> None:
        """What the thread does each 100 ms; here the test says when."""
        self.journal._keeper.turn()

    def step(self, event: Configured | PhoneRegistered | CallQueued | DeadlinePassed) -> None:
        commands = self.router.step(event, self.router.now_us + 1_000 or START_US)
        self.journal.record(event, commands)
        self.journal.write()

    def kill(self) -> None:
        """What is left of kill -9: the files, and no lock. (The thread ends too: a test leaks nothing.)"""
        self.journal._waiting.clear()
        self.journal.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_the_offers_since_the_snapshot_are_found_again(directory: Path) -> None:
    life = Life(directory)
    life.configure()
    life.queue(3)
    life.kill()
    after = recover(directory)
    assert [(offer.agent, offer.seal) for offer in after.offers] == [("ana", after.router.seal)]
    assert [offer.decision is not None for offer in after.offers] == [True]


def test_so_are_those_shortly_before_the_snapshot(directory: Path) -> None:
    life = Life(directory, segment_bytes=400)
    life.configure()
    life.queue(30)
    life.turn()
    life.queue(1)
    life.kill()
    after = recover(directory)
    assert after.snapshot_sequence > 3, "the offer was made before"
    assert [(offer.agent, offer.seal) for offer in after.offers] == [("ana", after.router.seal)]
    files(directory, SEGMENT)[0].unlink()
    assert recover(directory).offers == [], "they cannot be read any more"


def test_of_a_long_journal_only_the_end_is_read_again(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(directory, segment_bytes=400)
    life.configure()
    for _ in range(20):
        life.queue(5)
        life.turn()
    life.kill()
    segments = len(files(directory, SEGMENT))
    monkeypatch.setattr("switch.persistence.recovery._HEARD_AFTER_US", 10_000)
    read: list[str] = []
    well = Path.read_bytes

    def noted(path: Path) -> bytes:
        read.append(path.suffix)
        return well(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    assert recover(directory).problems == []
    assert segments > 10
    assert read.count(SEGMENT) < 8


def test_a_new_directory_gives_a_new_router(directory: Path) -> None:
    life = Life(directory)
    assert life.router.sequence == 0
    assert life.recovery.problems == []
    life.kill()


def test_a_killed_switch_finds_everything_it_wrote(directory: Path) -> None:
    life = Life(directory)
    life.configure()
    life.queue(20)
    digest, sequence = life.router.state_hash(), life.router.sequence
    life.kill()
    after = Life(directory)
    assert after.recovery.problems == []
    assert (after.router.state_hash(), after.router.sequence) == (digest, sequence)
    assert after.recovery.replayed == sequence
    after.kill()


def test_kill_9_loses_nothing_that_was_written(directory: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from tests.switch.persistence.test_journal import Life
life = Life(Path({str(directory)!r}))
life.configure()
life.queue(200)
print(life.router.sequence, life.router.state_hash(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[3]
    killed = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    after = recover(directory)
    assert f"{after.router.sequence} {after.router.state_hash()}" == killed.stdout.strip()
    assert after.problems == []


@pytest.mark.parametrize("torn", [1, 7, 8, 9, 30])
def test_a_torn_tail_is_cut_and_reported(directory: Path, torn: int) -> None:
    life = Life(directory)
    life.configure()
    life.queue(5)
    sequence = life.router.sequence
    life.kill()
    segment = files(directory, SEGMENT)[-1]
    os.truncate(segment, segment.stat().st_size - torn)
    after = Life(directory)
    assert after.router.sequence == sequence - 1
    assert len(after.recovery.problems) == 1
    assert "cut off" in after.recovery.problems[0]
    after.queue(3)
    after.kill()
    again = Life(directory)
    assert again.recovery.problems == []
    assert again.router.state_hash() == after.router.state_hash()
    again.kill()


def test_a_flipped_bit_ends_the_reading_there(directory: Path) -> None:
    life = Life(directory)
    life.configure()
    life.queue(50)
    life.kill()
    segment = files(directory, SEGMENT)[-1]
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0x10
    segment.write_bytes(data)
    after = Life(directory)
    assert 10 < after.router.sequence < 50
    assert "cut off" in after.recovery.problems[0]
    after.kill()


def test_segments_rotate_and_old_ones_go(directory: Path) -> None:
    life = Life(directory, segment_bytes=2_000, retention=Retention(size_bytes=0))
    life.configure()
    for _ in range(30):
        life.queue(10)
        newest = life.router.sequence
        life.turn()
    assert life.problems == []
    digest = life.router.state_hash()
    life.kill()
    assert len(files(directory, SNAPSHOT)) == 2
    assert len(files(directory, SEGMENT)) <= 3
    after = Life(directory)
    assert after.recovery.problems == []
    assert after.router.state_hash() == digest
    assert after.router.sequence == newest
    assert after.recovery.replayed < 100
    after.kill()


def grown(directory: Path, retention: Retention) -> list[int]:
    """A journal of thirty segments; of those kept, the first step that each snapshot leads to."""
    life = Life(directory, segment_bytes=2_000)
    life.configure()
    for _ in range(30):
        life.queue(30)
        life.turn()
    for hours, path in enumerate(reversed(files(directory, SEGMENT))):
        os.utime(path, (0, START_US / 1e6 - 3600 * hours))
    life.journal.keep(retention)
    life.queue(30)
    life.turn()
    life.kill()
    return [int(path.stem) for path in files(directory, SNAPSHOT)]


def test_the_past_is_kept_by_age(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switch.persistence.journal.time.time", lambda: START_US / 1e6)
    kept = grown(directory, Retention(age_s=86_400.0))
    assert len(kept) == len(files(directory, SEGMENT)) == 26  # 24 hours, the one that began now, the next
    monkeypatch.setattr("switch.persistence.journal.time.time", lambda: START_US / 1e6 + 86_400.0)
    life = Life(directory)
    life.turn()
    life.kill()
    assert len(files(directory, SNAPSHOT)) <= len(files(directory, SEGMENT)) <= 3


def test_the_past_is_kept_by_size(directory: Path) -> None:
    limit = 900_000
    kept = grown(directory, Retention(age_s=1e12, size_bytes=limit))
    sizes = [path.stat().st_size for path in directory.iterdir()]
    assert limit / 2 < sum(sizes) < limit + max(sizes)  # the last one kept may lie across the limit
    assert 2 < len(kept) < 25
    assert Life(directory).recovery.problems == []


def test_an_unreadable_snapshot_falls_back_to_the_one_before(directory: Path) -> None:
    life = Life(directory, segment_bytes=2_000)
    life.configure()
    for _ in range(10):
        life.queue(10)
        life.turn()
    digest = life.router.state_hash()
    life.kill()
    newest = files(directory, SNAPSHOT)[-1]
    newest.write_bytes(newest.read_bytes()[:-5])
    after = Life(directory)
    assert after.router.state_hash() == digest
    assert after.recovery.problems == [f"{newest.name}: not a whole snapshot; an older one is used"]
    after.kill()


def test_a_missing_segment_is_a_gap_that_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switch.persistence.journal.SNAPSHOTS_KEPT", 99)
    for _ in range(3):
        life = Life(directory)
        life.queue(10)
        life.kill()
    for snapshot in files(directory, SNAPSHOT):
        snapshot.unlink()
    first, second, third = files(directory, SEGMENT)
    second.unlink()
    after = Life(directory)
    assert after.router.sequence == 10
    assert "steps 11 to 20 are missing" in after.recovery.problems[0]
    assert third.with_suffix(SEGMENT + ".damaged").exists()
    assert first.exists()
    after.kill()


def test_a_full_disk_is_reported_once_and_nothing_is_lost(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(directory)
    life.configure()
    full = True
    write = os.write

    def sometimes(file: int, data: bytes) -> int:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[:40])  # and then it takes only a little at a time

    with monkeypatch.context() as patch:
        patch.setattr("switch.persistence.journal.os.write", sometimes)
        life.queue(20)
        assert [problem.kind for problem in life.problems] == [ProblemKind.WRITE]
        assert "No space left" in life.problems[0].message
        full = False
        life.queue(1)
    assert [(problem.kind, problem.over) for problem in life.problems][1:] == [(ProblemKind.WRITE, True)]
    digest = life.router.state_hash()
    life.kill()
    after = Life(directory)
    assert after.recovery.problems == []
    assert after.router.state_hash() == digest
    after.kill()


def test_a_disk_full_for_long_is_followed_by_a_snapshot(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switch.persistence.journal.MAX_WAITING_BYTES", 1_000)
    life = Life(directory)
    life.configure()
    with monkeypatch.context() as patch:
        patch.setattr("switch.persistence.journal.os.write", _no_room)
        life.queue(100)
        assert len(life.journal._waiting) < 2_000
    life.queue(5)
    digest = life.router.state_hash()
    life.kill()
    after = Life(directory)
    assert after.router.state_hash() == digest
    after.kill()


def test_a_failing_sync_and_snapshot_are_reported(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(directory)
    monkeypatch.setattr("switch.persistence.journal.os.fdatasync", _no_sync)
    monkeypatch.setattr("switch.persistence.journal.os.fsync", _no_sync)
    life.queue(1)
    life.turn()
    life.queue(1)
    life.turn()
    life.queue(1)
    told = [(problem.kind, problem.over) for problem in life.problems]
    assert sorted(told) == [(ProblemKind.SNAPSHOT, False), (ProblemKind.SYNC, False)], "once each"
    monkeypatch.undo()
    life.queue(1)
    life.turn()
    life.queue(1)
    assert (life.problems[-1].kind, life.problems[-1].over) == (ProblemKind.SYNC, True)
    life.kill()


def test_two_switches_cannot_use_one_journal(directory: Path) -> None:
    life = Life(directory)
    life.configure()
    before = files(directory, SEGMENT)[-1].read_bytes()
    with pytest.raises(JournalLocked, match="another switch"):
        recover(directory)
    with pytest.raises(JournalLocked, match="another switch"):
        Journal(directory, life.router, life.problems.append)
    assert files(directory, SEGMENT)[-1].read_bytes() == before
    life.kill()


def test_another_pools_segments_are_set_aside(directory: Path) -> None:
    east = recover(directory, "east").router
    journal = Journal(directory, east, lambda problem: None)
    journal.record(DeadlinePassed(pool="east"), east.step(DeadlinePassed(pool="east"), START_US))
    journal.close()
    main = recover(directory, "main")
    assert main.router.sequence == 0
    assert any("pool east" in problem for problem in main.problems)


def test_a_router_that_decides_otherwise_goes_on_from_the_facts(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(directory)
    life.configure()
    life.queue(3)
    life.kill()
    for snapshot in files(directory, SNAPSHOT):
        snapshot.unlink()
    step = Router.step
    monkeypatch.setattr(Router, "step", lambda self, event, now_us: step(self, event, now_us)[1:])
    after = recover(directory)
    assert after.router.sequence == life.router.sequence
    assert after.router.state_hash() == life.router.state_hash()
    assert all("now gives" in problem for problem in after.problems)


def _no_room(file: int, data: bytes) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def _no_sync(file: int) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_a_directory_that_takes_nothing_is_an_error_at_start(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("switch.persistence.journal.os.write", _no_room)
        with pytest.raises(OSError, match="No space left"):
            Life(directory)
    life = Life(directory)
    assert files(directory, SEGMENT) == [directory / "00000000000000000001.journal"]
    life.kill()


def test_nobody_else_reads_who_called(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        life = Life(tmp_path)
        life.configure()
        life.queue(3)
        life.turn()
        life.kill()
    finally:
        os.umask(before)
    kept = [*files(tmp_path, SEGMENT), *files(tmp_path, SNAPSHOT)]
    assert {path.suffix for path in kept} == {SEGMENT, SNAPSHOT}
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o640}
