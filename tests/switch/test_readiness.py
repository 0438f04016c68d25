"""When the switch takes calls, and what it says when it does not."""

import pytest

from switch import readiness
from switch.host import LEAST_FREE_BYTES, Disk, disk, look
from tests.switch.stage import Stage


async def test_ready_without_its_database(stage: Stage) -> None:
    assert readiness.readiness(stage.exchange, started=True, calls=0).detail == "ready"


async def test_every_reason_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "disk", lambda folder: Disk(LEAST_FREE_BYTES - 1, 2**30))
    stage.exchange.draining = True
    said = readiness.readiness(stage.exchange, started=True, calls=3)
    assert not said.ready
    assert said.detail.startswith("draining, 3 calls left; ")
    assert said.detail.endswith("has 63 MB left: the journal may soon not be written")


async def test_a_folder_that_is_gone_is_a_reason(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "disk", lambda folder: disk(folder / "gone"))
    said = readiness.readiness(stage.exchange, started=True, calls=0)
    assert not said.ready
    assert said.detail.endswith(": No such file or directory")


async def test_the_machine_is_what_its_tools_say(stage: Stage) -> None:
    folder = stage.exchange.config.server.data_dir
    seen = look(folder)
    assert seen.disk.size == disk(folder).size >= seen.disk.free > 0
    assert seen.resident_bytes > 10_000_000
    assert look(folder).cpu_s >= seen.cpu_s > 0
