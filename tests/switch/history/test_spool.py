"""The spool: lines in, the same lines out, in order, whatever happened in between."""

import errno
import os
from pathlib import Path

import pytest

from switch.history.spool import Spool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.spool"


def test_first_in_first_out(path: Path) -> None:
    spool = Spool(path)
    spool.append([b"1", b"2", b"3"])
    spool.append([b"4"])
    assert spool.first(2) == [b"1", b"2"]
    assert spool.first(2) == [b"1", b"2"]
    spool.drop([b"1", b"2"])
    assert spool.first(9) == [b"3", b"4"]
    spool.drop([b"3", b"4"])
    assert not spool
    assert spool.first(9) == []
    assert path.stat().st_size == 0
    spool.append([b"5"])
    assert spool.first(9) == [b"5"]


def test_it_outlives_its_owner(path: Path) -> None:
    spool = Spool(path)
    spool.append([b"1", b"2"])
    spool.close()
    assert Spool(path).first(9) == [b"1", b"2"]


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        (b"", []),
        (b"torn", []),
        (b"1\n2\n", [b"1", b"2"]),
        (b"1\n2\ntorn", [b"1", b"2"]),
        (b"1\n" + b"x" * 1_000_000, [b"1"]),
        (b"x" * 1_000_000, []),
    ],
)
def test_a_torn_last_line_is_cut_off(path: Path, left: bytes, kept: list[bytes]) -> None:
    path.write_bytes(left)
    spool = Spool(path)
    assert spool.first(9) == kept
    spool.append([b"new"])
    assert spool.first(9) == [*kept, b"new"]


def test_long_lines(path: Path) -> None:
    spool = Spool(path)
    lines = [b"a" * 300_000, b"b" * 1_000_000, b"c"]
    spool.append(lines)
    found = []
    while spool:
        some = spool.first(9)
        found += some
        spool.drop(some)
    assert found == lines


def test_what_must_come_before_the_rest(path: Path) -> None:
    spool = Spool(path)
    spool.append([b"gone", b"2"])
    spool.drop([b"gone"])
    spool.prepend([b"0", b"1"])
    spool.append([b"3"])
    assert spool.first(9) == [b"0", b"1", b"2", b"3"]
    spool.close()
    assert Spool(path).first(9) == [b"0", b"1", b"2", b"3"]


def test_a_full_disk_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(path)
    spool.append([b"1"])
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, block: write(file, block[:3]))
    with pytest.raises(OSError, match="full"):
        spool.append([b"long enough"])
    with pytest.raises(OSError, match="full"):
        spool.prepend([b"long enough"])
    monkeypatch.undo()
    spool.append([b"2"])
    assert spool.first(9) == [b"1", b"2"]


def test_only_its_owner_may_read_it(path: Path) -> None:
    Spool(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_takes_nothing_costs_neither_descriptors_nor_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(path)
    spool.append([b"2"])
    open_before = len(os.listdir("/proc/self/fd"))

    def full(file: int, block: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        for _ in range(3):
            with pytest.raises(OSError, match="No space"):
                spool.prepend([b"1"])
    assert len(os.listdir("/proc/self/fd")) == open_before
    assert list(path.parent.iterdir()) == [path]
    assert spool.first(9) == [b"2"]
