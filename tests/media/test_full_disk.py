"""A disk that fills while it is recorded to: whole frames stay, the call goes on."""

import asyncio
import os
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

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
