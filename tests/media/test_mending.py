"""Recordings whose parts become one file: whenever a crash comes, another try gives the same."""

import os
import shutil
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from media.aio.mending import join
from media.aio.recording import header

PARTS = [bytes([n]) * 4 * 800 for n in (1, 2, 3)]
"""A tenth of a second each."""


class Crash(BaseException):
    """The process is gone."""


def parts(folder: Path) -> list[Path]:
    """As a crash has left them: the last has a header of no length."""
    paths = [folder / f"call{n}.wav.part" for n in ("", ".2", ".3")]
    for path, data in zip(paths, PARTS, strict=True):
        path.write_bytes(header(0) + data)
    return paths


def left(paths: list[Path]) -> list[Path]:
    """Those that are there, as they are found: up to the first that is not."""
    there = [path.exists() for path in paths]
    return paths[: there.index(False)] if False in there else paths


def crashing_at(monkeypatch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """The process ends before its so many-th change of the disk; how many there were is answered."""
    done = 0

    def spy(where: Any, name: str) -> None:
        real = getattr(where, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            if done == step:
                raise Crash
            return real(*arguments, **options)

        monkeypatch.setattr(where, name, counted)

    for where, name in ((shutil, "copyfileobj"), (os, "fsync"), (Path, "replace"), (Path, "unlink")):
        spy(where, name)
    return lambda: done


def test_a_crash_at_any_step_changes_nothing_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, crashed = 0, True
    while crashed:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        paths = parts(folder)
        with monkeypatch.context() as patch:
            crashing_at(patch, step)
            with suppress(Crash):
                join(paths[0], paths[1:])
                crashed = False
        first, *others = left(paths)
        assert join(first, others) == pytest.approx(0.3)
        assert [path.name for path in folder.iterdir()] == ["call.wav.part"], step
        with wave.open(str(first)) as file:
            assert file.readframes(file.getnframes()) == b"".join(PARTS), step
    assert step > 10


def test_one_part_is_only_mended(tmp_path: Path) -> None:
    first, *_ = parts(tmp_path)
    assert join(first, []) == pytest.approx(0.1)
