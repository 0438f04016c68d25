"""The disk under recordings: one that fills leaves whole frames; all is synced time and again."""

import asyncio
import os
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from media.aio import recorder
from media.aio.recorder import sync
from media.events import RecordingStopped
from tests.media.hearing import heard_anywhere, listen
from tests.media.stage import Stage
from tests.media.test_engine_recorder import bridged, channels, talk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 60 kB: two seconds of a recording do not fit."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60k", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        pytest.skip("no file systems are mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


async def test_what_fits_is_a_wav_of_whole_frames(stage: Stage, small_disk: Path) -> None:
    caller, agent, left, _ = await bridged(stage)
    left.record(small_disk / "call.wav")
    talking = asyncio.create_task(talk(caller, 440, 3.0))
    stopped = await stage.event(RecordingStopped)
    assert stopped.error == "No space left on device"
    await talking
    assert len(await agent.receive_many(150)) == 150
    part = small_disk / "call.wav.part"
    with wave.open(str(part)) as file:
        assert file.getnframes() == stopped.frames * 160
    assert part.stat().st_size == 44 + stopped.frames * 640
    assert stopped.frames > 50, "more than the chunks that fit whole"
    assert heard_anywhere(listen(channels(part)[0])) == {440}


async def test_what_is_recorded_is_brought_to_the_disk_time_and_again(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[set[Path]] = []
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()

    def note(folders: set[Path]) -> None:
        sync(folders)
        synced.append(folders)
        if len(synced) == 2:
            loop.call_soon_threadsafe(enough.set)

    monkeypatch.setattr(recorder, "SYNC_EVERY_S", 0.02)
    monkeypatch.setattr(recorder, "sync", note)
    port = await stage.leg(stage.peer())
    recording = port.record(tmp_path / "today" / "call.wav")
    async with asyncio.timeout(10):
        await enough.wait()
    assert synced[:2] == [{tmp_path / "today"}] * 2
    recording.stop()
    await stage.event(RecordingStopped)


def test_a_folder_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    sync([tmp_path / "gone", tmp_path, tmp_path])
