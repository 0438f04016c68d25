"""Too little room on a disk is an alarm of that disk: of data_dir's, and of the recordings' own."""

import os
from pathlib import Path

import pytest

from switch import room
from switch.events.types import Alarm
from switch.host import LEAST_FREE_BYTES, Disk
from switch.room import Room
from tests.peers.disk import filled, mounted
from tests.switch.stage import Stage


def standing(stage: Stage) -> list[tuple[str, str, str]]:
    return [(row.alarm.value, row.subject, row.detail) for row in stage.exchange.alarms.standing()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
async def test_recordings_on_a_disk_of_their_own(stage: Stage) -> None:
    looking, data_dir = Room(stage.exchange), stage.exchange.config.server.data_dir
    with mounted(data_dir / "recordings", f"{LEAST_FREE_BYTES + 2**20}") as recordings:
        looking.look()
        assert standing(stage) == []
        with filled(recordings):
            for _ in range(2):
                looking.look()
            said = f"{recordings} has 0 MB left: make room, or calls cannot be recorded"
            assert standing(stage) == [(Alarm.DISK_FULL.value, str(recordings), said)]
        looking.look()
        assert standing(stage) == []


async def test_recordings_on_the_same_disk_are_told_of_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir = stage.exchange.config.server.data_dir
    Path(data_dir / "recordings").mkdir(exist_ok=True)
    monkeypatch.setattr(room, "disk", lambda folder: Disk(LEAST_FREE_BYTES - 1, 2**30))
    Room(stage.exchange).look()
    said = f"{data_dir} has 63 MB left: make room, or the journal cannot be written"
    assert standing(stage) == [(Alarm.DISK_FULL.value, str(data_dir), said)]
